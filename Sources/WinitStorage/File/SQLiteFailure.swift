// The texts of SQLite's result codes: what happened to the registry, and what to do.

import Foundation
package import GRDB
import WinitFiles

/// A result code of SQLite, with the path of the registry, which tells what the code alone does not.
package struct SQLiteFailure {
  let code: ResultCode
  let path: String
  /// The text of SQLite.
  let message: String?

  package init(code: ResultCode, path: String, message: String?) {
    (self.code, self.path, self.message) = (code, path, message)
  }

  /// What happened, then how to correct it. Most of SQLite's own texts name neither a cause nor a file.
  ///
  /// https://www.sqlite.org/rescode.html describes the codes.
  package var text: String {
    if Self.dependsOnPermission.contains(code) || Self.dependsOnPermission.contains(code.primaryResultCode),
      code != .SQLITE_READONLY_DBMOVED, let missing = MissingPermission.ofWriter(registry: path)
    {
      return "\(missing)"
    }
    return specificText ?? generalText
  }

  /// The codes that a missing permission can cause: SQLite opens a file that cannot be written for reading, and reports
  /// a failed write later.
  private static let dependsOnPermission: [ResultCode] = [
    .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH, .SQLITE_IOERR_WRITE, .SQLITE_IOERR_DELETE,
    .SQLITE_IOERR_TRUNCATE, .SQLITE_IOERR_ACCESS, .SQLITE_IOERR_LOCK, .SQLITE_IOERR_RDLOCK,
  ]

  /// The text of a code that says more than its class does.
  private var specificText: String? {
    switch code {
    case .SQLITE_READONLY_DBMOVED, .SQLITE_IOERR_VNODE: movedText
    case .SQLITE_READONLY_ROLLBACK:
      "an interrupted write must be rolled back first, which needs the permission to write the registry"
    case .SQLITE_READONLY_RECOVERY, .SQLITE_READONLY_CANTLOCK, .SQLITE_READONLY_CANTINIT, .SQLITE_BUSY_RECOVERY,
      .SQLITE_CANTOPEN_DIRTYWAL, .SQLITE_PROTOCOL:
      "another program has put the registry into WAL mode, and its -wal file cannot be used now. Close that program, or run `PRAGMA journal_mode = TRUNCATE` with it"
    case .SQLITE_READONLY_DIRECTORY: "the journal cannot be created in the folder of the registry"
    case .SQLITE_CANTOPEN_ISDIR: "the registry or its journal is a folder"
    case .SQLITE_CANTOPEN_SYMLINK: "the path is a symbolic link that is not followed. Name the file itself"
    case .SQLITE_CANTOPEN_FULLPATH, .SQLITE_CANTOPEN_CONVPATH, .SQLITE_IOERR_CONVPATH:
      "the system cannot resolve the path, which may be too long"
    case .SQLITE_CANTOPEN_NOTEMPDIR, .SQLITE_IOERR_GETTEMPPATH:
      "there is no folder for temporary files. Set $TMPDIR to a folder that can be written"
    case .SQLITE_IOERR_NOMEM: memoryText
    case .SQLITE_IOERR_SHORT_READ: "the file became shorter while it was read"
    case .SQLITE_IOERR_READ: "the disk failed to read the registry or its journal"
    case .SQLITE_IOERR_WRITE: "the disk failed to write the registry or its journal"
    case .SQLITE_IOERR_FSYNC, .SQLITE_IOERR_DIR_FSYNC: "the disk failed to flush what was written"
    case .SQLITE_IOERR_TRUNCATE: "the disk failed to change the size of the registry or its journal"
    case .SQLITE_IOERR_FSTAT, .SQLITE_IOERR_SEEK, .SQLITE_IOERR_CLOSE, .SQLITE_IOERR_DIR_CLOSE, .SQLITE_IOERR_ACCESS:
      "the system failed to examine the registry or its journal"
    case .SQLITE_IOERR_DELETE, .SQLITE_IOERR_DELETE_NOENT: "the system failed to remove the journal"
    case .SQLITE_IOERR_LOCK, .SQLITE_IOERR_RDLOCK, .SQLITE_IOERR_UNLOCK, .SQLITE_IOERR_CHECKRESERVEDLOCK,
      .SQLITE_IOERR_BLOCKED:
      "the file system failed to lock the registry. Put the registry on a local disk"
    case .SQLITE_IOERR_DATA, .SQLITE_IOERR_CORRUPTFS: "the file system found that what it read is damaged"
    case .SQLITE_IOERR_AUTH: "the file system refused the access"
    default: nil
    }
  }

  /// The text of the class of a code.
  private var generalText: String {
    switch code.primaryResultCode {
    case .SQLITE_READONLY: "the registry cannot be changed, because the file or its folder is read-only"
    case .SQLITE_CANTOPEN: cannotOpenText
    case .SQLITE_PERM, .SQLITE_AUTH: "the system denied the access to the registry or its journal"
    case .SQLITE_NOMEM: memoryText
    case .SQLITE_NOLFS: "the file system does not hold files of this size"
    case .SQLITE_LOCKED, .SQLITE_ABORT, .SQLITE_INTERRUPT, .SQLITE_SCHEMA:
      "the operation was stopped by another one on the same file (\(sqliteText)). Run the command again"
    case .SQLITE_CONSTRAINT: "the schema of a registry forbids the change: \(sqliteText)"
    case .SQLITE_IOERR: "the system failed to read or write the registry or its journal (\(sqliteText))"
    default: "SQLite failed: \(sqliteText)"
    }
  }

  private var sqliteText: String { message ?? "no reason is known" }

  private let memoryText = "there is not enough memory"

  /// SQLite refuses to write if the path no longer leads to the file that it has open: the journal, which is found by
  /// its path, would belong to another file.
  private var movedText: String {
    var status = stat()
    let what =
      lstat(path, &status) == 0
      ? "another file took the place of the registry while the command used it"
      : "the registry was moved, renamed or deleted while the command used it"
    return "\(what), so nothing more can be recorded. Run the command again with the present path of the registry"
  }

  private var cannotOpenText: String {
    var status = stat()
    if stat(path, &status) != 0 {
      return errno == ENOENT ? movedText : "the registry cannot be opened: \(String(cString: strerror(errno)))"
    }
    if stat(path + "-journal", &status) == 0, (status.st_mode & S_IFMT) != S_IFREG {
      return "\(path)-journal is not a regular file. Move it away"
    }
    // The limits of open files, in the process or in the system, are left.
    return "the registry or its journal cannot be opened. The process may have too many open files (`ulimit -n`)"
  }
}
