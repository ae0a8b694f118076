// A damaged file that a new file replaces, and that stays beside it.

import Foundation

/// A damaged SQLite file whose place a new file takes. The damaged file stays as `NAME.damaged-1`, or with the next free
/// number, and its journal as `NAME.damaged-1-journal`.
package struct ReplacedFile {
  /// The path, without symbolic links.
  package let path: String

  /// - Parameter path: the path of the damaged file. Symbolic links in it are followed, because SQLite follows them.
  package init(_ path: String) throws {
    guard let resolved = realpath(path, nil) else { throw FileError("open", path) }
    defer { free(resolved) }
    self.path = String(cString: resolved)
  }

  /// Checks that this user may write the file, and create files beside it.
  ///
  /// - Parameter name: the path for errors.
  package func checkAccess(as name: String) throws {
    guard access(path, W_OK) == 0 else { throw FileError("write", name) }
    guard access(folder.isEmpty ? "." : folder, W_OK) == 0 else { throw FileError("create a file beside", name) }
  }

  private var folder: String { folderPrefix(of: path) }

  /// The space that is free in the folder, in bytes; nil if the system does not say.
  package var freeSpace: Int? {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { return nil }
    let (bytes, overflow) = Int(status.f_bavail).multipliedReportingOverflow(by: Int(status.f_frsize))
    return overflow ? nil : bytes
  }

  /// Puts a new file in the place of the damaged one. At every moment the path names one of the two, and the damaged
  /// file has a name.
  ///
  /// - Parameters:
  ///   - temporary: the new file, which is flushed to the disk.
  ///   - copy: writes a copy of the damaged file to a path, for a file system without hard links.
  /// - Returns: the path of the damaged file.
  package func replace(with temporary: String, copy: (String) throws -> Void) throws -> String {
    let kept = try keep(copy)
    var moved: [String] = []
    do {
      // Before the new file has its name: SQLite would take the journal for that of the new file.
      for ending in ReplacedFile.companions where ReplacedFile.hasContent(path + ending) {
        guard rename(path + ending, kept + ending) == 0 else { throw FileError("rename", path + ending) }
        moved.append(ending)
      }
      try syncFolder(of: path)
      guard rename(temporary, path) == 0 else { throw FileError("write", path) }
    } catch {
      for ending in moved { rename(kept + ending, path + ending) }
      unlink(kept)
      throw error
    }
    try syncFolder(of: path)
    return kept
  }

  /// The endings of the files that SQLite keeps beside a database.
  private static let companions = ["-journal", "-wal", "-shm"]

  /// Returns whether there is a file with content, or something that is not a file.
  private static func hasContent(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && (status.st_size > 0 || (status.st_mode & S_IFMT) != S_IFREG)
  }

  /// Gives the damaged file a second name, which is free.
  private func keep(_ copy: (String) throws -> Void) throws -> String {
    for number in 1... {
      let name = "\(path).damaged-\(number)"
      var (own, other) = (stat(), stat())
      let isTaken = ReplacedFile.companions.contains {
        lstat(name + $0, &other) == 0 && ReplacedFile.hasContent(path + $0)
      }
      if lstat(name, &other) == 0 {
        // A killed repair has given this name to the file.
        let isSame = stat(path, &own) == 0 && own.st_ino == other.st_ino && own.st_dev == other.st_dev
        if isSame, !isTaken { return name }
        continue
      }
      if ReplacedFile.companions.contains(where: { lstat(name + $0, &other) == 0 }) { continue }
      if link(path, name) == 0 { return name }
      if errno == EEXIST { continue }
      guard [EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS, EMLINK].contains(errno) else { throw FileError("write", name) }
      try copy(name)
      return name
    }
    throw FileError("write", path, code: EEXIST)
  }
}
