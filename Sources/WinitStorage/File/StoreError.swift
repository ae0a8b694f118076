// What can go wrong with a registry file.

import GRDB
public import WinitCore

/// What can go wrong with a registry file.
public enum StoreError: Error, Sendable, CustomStringConvertible {
  /// There is no file, and only `create` makes one.
  case noRegistry(path: String)
  /// The folder in which a registry is to be made is not there.
  case noFolder(path: String)
  /// The file cannot be made.
  case cannotMake(path: String, why: String)
  /// The file lies on a file system whose locks are not to be trusted.
  case networkFileSystem(path: String, kind: String)
  /// The file is something else.
  case notARegistry(path: String, why: String)
  /// The file was written by a later version.
  case newerVersion(path: String, schema: Int, known: Int)
  /// The schema in the file is not the one its version number promises.
  case changedMigration(path: String, name: String)
  /// The file has other tables, indices, triggers or views than a registry.
  case changedSchema(path: String, what: String)
  /// The file was written by an earlier version, and is not to be changed.
  case olderVersion(path: String, schema: Int)
  /// A row or the file's structure makes no sense.
  case damaged(path: String, what: String)
  /// Chunks that a run needs are not in the file (any more); they must be added again.
  case missingChunks(Set<Digest>)
  /// The run has been collected meanwhile.
  case gone(path: String, reference: String)
  /// A run was stripped, and its bytes could not be given back.
  case notFreed(reference: String, why: String)
  /// Runs have, or had, the name that others are to get.
  case nameTaken(String)
  /// A run that is to be deleted has aliases.
  case hasAliases(String, [String])
  /// SQLite reports an error.
  case sqlite(path: String, code: Int32, message: String)

  /// What is wrong and what to do, for a person.
  public var description: String {
    switch self {
    case .noRegistry(let path):
      "there is no registry at \(path); `create` makes one"
    case .noFolder(let path): "cannot make a registry at \(path): there is no such folder"
    case .cannotMake(let path, let why): "cannot make a registry at \(path): \(why)"
    case .networkFileSystem(let path, let kind):
      "\(path) lies on a network file system (\(kind)), whose locks may not keep two writers apart; put the registry on a local disk and move runs by `export` and `import`, or set \(FileSystem.override)=allow if you know that the locks work, or that one process at a time uses it"
    case .changedSchema(let path, let what):
      "\(path) is not a registry as winit-registry makes them: \(what); nothing of it was used"
    case .olderVersion(let path, let schema):
      "\(path) was written by an older version (schema \(schema)); open it once as a registry, as with `list --registry`, to bring it up to date"
    case .notARegistry(let path, let why): "\(path) is not a registry: \(why)"
    case .newerVersion(let path, let schema, let known):
      "\(path) was written by a newer version of winit-registry (schema \(schema); this one knows \(known)); update winit-registry"
    case .changedMigration(let path, let name):
      "\(path) was made with a different \(name) than this version's; use the version that made it"
    case .damaged(let path, let what): "\(path) is damaged: \(what)"
    case .missingChunks(let digests): "\(digests.count) chunks are missing"
    case .gone(let path, let reference):
      "\(reference) is no longer in \(path): it was deleted and collected meanwhile"
    case .notFreed(let reference, let why):
      "\(reference) is its recipe now, but its bytes could not be given back: \(why); `gc --yes` frees them"
    case .nameTaken(let name):
      "the name `\(name)` is or was that of other runs, and `\(name):v1` must not come to mean another; take a name that was never used"
    case .hasAliases(let reference, let aliases):
      "\(reference) has the alias \(aliases.map { "`\($0)`" }.joined(separator: ", ")); move or remove it first (`alias`)"
    case .sqlite(let path, let code, let message): "\(path): \(message) (SQLite error \(code))"
    }
  }

  /// An error of SQLite's, as this type.
  init(_ error: DatabaseError, path: String) {
    switch error.resultCode {
    case .SQLITE_NOTADB: self = .notARegistry(path: path, why: "it is not a SQLite database")
    case .SQLITE_ERROR:
      self = .damaged(
        path: path, what: "its tables are not a registry's: \(error.message ?? "unknown error")")
    case .SQLITE_TOOBIG: self = .damaged(path: path, what: "it holds a value larger than any of a registry")
    case .SQLITE_READONLY:
      self = .sqlite(
        path: path, code: error.extendedResultCode.rawValue,
        message: "it cannot be changed: the file or its folder is read-only")
    case .SQLITE_FULL:
      self = .sqlite(path: path, code: error.extendedResultCode.rawValue, message: "the disk is full")
    case .SQLITE_CORRUPT, .SQLITE_FORMAT:
      self = .damaged(path: path, what: error.message ?? "SQLite reports corruption")
    case .SQLITE_BUSY:
      self = .sqlite(
        path: path, code: error.extendedResultCode.rawValue,
        message: "another process has held it locked for too long")
    default:
      self = .sqlite(
        path: path, code: error.extendedResultCode.rawValue, message: error.message ?? "unknown error")
    }
  }
}
