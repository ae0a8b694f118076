// What can go wrong with a registry file.

import GRDB
public import InitLaw

/// What can go wrong with a registry file.
public enum StoreError: Error, Sendable, CustomStringConvertible {
  /// There is no file, and only `create` makes one.
  case noRegistry(path: String)
  /// The folder in which a registry is to be made is not there.
  case noFolder(path: String)
  /// The file is something else.
  case notARegistry(path: String, why: String)
  /// The file was written by a later version.
  case newerVersion(path: String, schema: Int, known: Int)
  /// The schema in the file is not the one its version number promises.
  case changedMigration(path: String, name: String)
  /// A row or the file's structure makes no sense.
  case damaged(path: String, what: String)
  /// Chunks that a run needs are not in the file (any more); they must be added again.
  case missingChunks(Set<Digest>)
  /// SQLite reports an error.
  case sqlite(path: String, code: Int32, message: String)

  /// What is wrong and what to do, for a person.
  public var description: String {
    switch self {
    case .noRegistry(let path):
      "there is no registry at \(path); `create` makes one"
    case .noFolder(let path): "cannot make a registry at \(path): there is no such folder"
    case .notARegistry(let path, let why): "\(path) is not a registry: \(why)"
    case .newerVersion(let path, let schema, let known):
      "\(path) was written by a newer version of winit-registry (schema \(schema); this one knows \(known)); update winit-registry"
    case .changedMigration(let path, let name):
      "\(path) was made with a different \(name) than this version's; use the version that made it"
    case .damaged(let path, let what): "\(path) is damaged: \(what)"
    case .missingChunks(let digests): "\(digests.count) chunks are missing"
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
    case .SQLITE_CORRUPT: self = .damaged(path: path, what: error.message ?? "SQLite reports corruption")
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
