// The errors of a registry file.

import GRDB
package import WinitCore
import WinitJSON

/// An error that a registry file, or a change of it, can cause.
package enum StoreError: Error, Sendable, CustomStringConvertible {
  /// There is no file.
  case noRegistry(path: String)
  /// The folder of a new registry does not exist.
  case noFolder(path: String)
  /// The system cannot create the file.
  case cannotMake(path: String, why: String)
  /// The system does not let the file be reached.
  case cannotReach(path: String, why: String)
  /// A registry that a group shares cannot be created in the folder.
  case folderNotShared(path: String, why: String)
  /// The registry exists and its group may not use it.
  case notShared(path: String, why: String)
  /// The file is on a network file system, whose locks may not work.
  case networkFileSystem(path: String, kind: String)
  /// The file is not a registry.
  case notARegistry(path: String, why: String)
  /// The file was written by a newer version.
  case newerVersion(path: String, schema: Int, known: Int)
  /// The file records a migration whose text differs from the migration of this version.
  case changedMigration(path: String, name: String)
  /// The tables, indices, triggers and views of the file are not those of a registry.
  case changedSchema(path: String, what: String)
  /// The file was written by an older version, and was opened for reading, so it cannot be migrated.
  case olderVersion(path: String, schema: Int)
  /// A file beside the registry is not its own, or cannot be used.
  case foreignCompanion(path: String, file: String, CompanionProblem)
  /// A writer was killed, and the file was opened for reading, so its journal cannot be rolled back.
  case needsRollback(path: String)
  /// A row has invalid values, or the structure of the file is damaged.
  case damaged(path: String, what: String)
  /// Chunks of a run are not in the file. They were not added, or were collected meanwhile; they must be added again.
  case missingChunks(Set<SHA256Digest>)
  /// The run was collected after it was read.
  case gone(path: String, reference: String)
  /// A run was stripped, but the space of its bytes could not be freed.
  case notFreed(reference: String, why: String)
  /// The new name of a rename is, or was, the name of other runs.
  case nameTaken(String)
  /// A run cannot be deleted, because it has aliases.
  case hasAliases(String, [String])
  /// The run does not have a tag that is to be removed.
  case noTag(reference: String, key: String, known: [String])
  /// Another process kept the file locked for longer than this process may wait.
  case locked(path: String, waited: Duration, holder: String)
  /// SQLite reported an error.
  case sqlite(path: String, code: Int32, message: String)

  /// Says what happened, then how to correct it.
  package var description: String {
    switch self {
    case .noRegistry(let path):
      "there is no registry at \(path)"
    case .noFolder(let path):
      "there is no registry at \(path), because the folder does not exist. Create the folder first"
    case .cannotMake(let path, let why): "cannot create a registry at \(path): \(why)"
    case .cannotReach(let path, let why): "cannot open \(path): \(why)"
    case .folderNotShared(let path, let why): "cannot create a registry that a group shares at \(path): \(why)"
    case .notShared(let path, let why): "\(path) exists, and its group does not share it: \(why)"
    case .networkFileSystem(let path, let kind):
      "\(path) is on a network file system (\(kind)), whose locks may not keep two writers apart. Put the registry on a local disk and copy runs as bundles, or set \(FileSystem.override)=allow if the locks work, or if one process at a time uses the registry"
    case .changedSchema(let path, let what):
      "\(path) does not have the schema of a registry: \(what). Nothing was read from the file"
    case .olderVersion(let path, let schema):
      "\(path) was written by an older version (schema \(schema)), and its schema must be updated first. Open it once as a registry, with the permission to write it"
    case .notARegistry(let path, let why): "\(path) is not a registry: \(why)"
    case .newerVersion(let path, let schema, let known):
      "\(path) was written by a newer version of winit-registry (schema \(schema); this version knows \(known)). Update winit-registry"
    case .changedMigration(let path, let name):
      "\(path) was created with a migration \(name) that differs from the migration of this version. Use the version that created the file"
    case .foreignCompanion(let path, _, .log):
      "another program has given \(path) a write-ahead log, which winit-registry does not use. Nothing was read or changed. End that program; a repair then folds the log into the file"
    case .foreignCompanion(let path, let file, let problem):
      "\(file) cannot be used with \(path): \(problem.text). Nothing was read or changed. If the registry is from elsewhere, delete both; if it is yours, move this file to another folder and check the registry"
    case .needsRollback(let path):
      "a program that wrote \(path) was killed, and its journal must be rolled back first. Open the file once as a registry, with the permission to write it and its folder"
    case .damaged(let path, let what): "\(path) is damaged: \(what)"
    case .missingChunks(let digests): "\(digests.count) chunks are missing"
    case .gone(let path, let reference):
      "\(reference) is no longer in \(path): the run was collected meanwhile"
    case .notFreed(let reference, let why):
      "\(reference) is recipe-only now, but the space of its bytes could not be freed: \(why). A garbage collection frees it"
    case .nameTaken(let name):
      "the name \(quoted: name) is taken. Names are never reused, so that `\(name):v1` keeps its meaning. Choose another name"
    case .hasAliases(let reference, let aliases):
      "\(reference) has the \(aliases.count == 1 ? "alias" : "aliases") \(aliases.map { "\(quoted: $0)" }.joined(separator: ", ")), so it cannot be deleted"
    case .noTag(let reference, let key, let known):
      "\(reference) has no tag \(quoted: key)"
        + (nearest(to: key, in: known).map { "; did you mean \(quoted: $0)?" } ?? "")
    case .locked(let path, let waited, let holder):
      "\(path) is locked by \(holder). Try again when that process has ended; this process waited for \(waitText(waited))"
    case .sqlite(let path, let code, let message): "\(path): \(message) (SQLite error \(code))"
    }
  }

  /// Returns a duration in seconds, with one decimal below ten.
  private func waitText(_ waited: Duration) -> String {
    let tenths = Int((waited / .milliseconds(100)).rounded())
    return tenths < 100 && tenths % 10 != 0 ? "\(tenths / 10).\(tenths % 10) s" : "\(tenths / 10) s"
  }

  /// Whether the disk has no space for the file or its journal.
  package var isDiskFull: Bool {
    guard case .sqlite(_, let code, _) = self else { return false }
    return ResultCode(rawValue: code).primaryResultCode == .SQLITE_FULL
  }

  /// Translates an error of SQLite.
  init(_ error: DatabaseError, path: String) {
    if let problem = CompanionProblem(resultCode: error.extendedResultCode.rawValue) {
      if problem == .notARegistry {
        self = .notARegistry(path: path, why: "it is a SQLite database of another application")
        return
      }
      self = .foreignCompanion(path: path, file: problem.path(beside: path), problem)
      return
    }
    if error.extendedResultCode == .SQLITE_READONLY_ROLLBACK {
      self = .needsRollback(path: path)
      return
    }
    switch error.resultCode {
    case .SQLITE_NOTADB: self = .notARegistry(path: path, why: "it is not a SQLite database")
    case .SQLITE_ERROR:
      self = .damaged(path: path, what: "SQLite cannot use the tables: \(error.message ?? "unknown error")")
    case .SQLITE_TOOBIG:
      self = .damaged(path: path, what: "a value has more than \(Store.maximumValueSize >> 20) MiB")
    case .SQLITE_FULL:
      self = .sqlite(path: path, code: error.extendedResultCode.rawValue, message: "the disk is full")
    case .SQLITE_CORRUPT, .SQLITE_FORMAT:
      self = .damaged(
        path: path, what: "its pages are inconsistent (\(error.message ?? "SQLite reports corruption"))")
    case .SQLITE_BUSY:
      self = .sqlite(
        path: path, code: error.extendedResultCode.rawValue,
        message: "another process has kept the file locked for too long")
    default:
      let failure = SQLiteFailure(code: error.extendedResultCode, path: path, message: error.message)
      self = .sqlite(path: path, code: error.extendedResultCode.rawValue, message: failure.text)
    }
  }
}
