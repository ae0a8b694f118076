// The place of an output file that appears complete or not at all.

import Foundation

/// The path of a new file.
struct OutputPlace: Sendable {
  let path: String
  private let replaces: Bool

  /// Removes what killed processes left for a path, and checks that a file can be written to it.
  ///
  /// - Parameters:
  ///   - path: the path of the new file.
  ///   - replacing: true if the new file may replace a file at the path. Otherwise a file at the path is an error, both
  ///     here and in `take`. A folder, a device or a pipe is never replaced. A link is replaced itself, not the file to
  ///     which it points.
  ///   - protected: a registry in use, which is never replaced. Its journal files are never replaced either.
  ///   - isDatabase: true if the new file is an SQLite file. A journal of another database must not be beside it,
  ///     because SQLite would take the journal for its own.
  /// - Throws: `FileError`, or `FormatError` for a journal.
  init(_ path: String, replacing: Bool, protected: String? = nil, isDatabase: Bool = false) throws {
    guard !path.isEmpty, !path.hasSuffix("/") else { throw FileError("write", "`\(path)`", code: EISDIR) }
    let folder = folderPrefix(of: path)
    TemporaryName.removeLeftovers(for: path)
    guard access(folder.isEmpty ? "." : folder, F_OK) == 0 else { throw FileError("write", path) }
    if isDatabase {
      for ending in OutputPlace.companions {
        var status = stat()
        if lstat(path + ending, &status) == 0, status.st_size > 0 || (status.st_mode & S_IFMT) != S_IFREG {
          throw FormatError(path + ending, .leftoverJournal)
        }
      }
    }
    if let protected { try OutputPlace.check(path, protecting: protected) }
    var status = stat()
    if lstat(path, &status) == 0 {
      let kind = status.st_mode & S_IFMT
      if kind == S_IFDIR { throw FileError("write", path, code: EISDIR) }
      if !replacing { throw FileError("write", path, code: EEXIST) }
      guard kind == S_IFREG || kind == S_IFLNK else { throw FileError("replace", path, code: EINVAL) }
    }
    self.path = path
    replaces = replacing
  }

  /// The endings of the files that SQLite keeps beside a database.
  private static let companions = ["-journal", "-wal", "-shm"]

  /// Checks that a path is neither a registry nor one of the files that SQLite keeps beside it, under whatever name.
  ///
  /// - Throws: `FileError`.
  static func check(_ path: String, protecting registry: String) throws {
    // SQLite keeps its files beside the file to which a link leads.
    for name in [registry, resolved(registry)].compactMap(\.self) {
      for ending in [""] + companions where isSamePlace(path, name + ending) {
        throw FileError("replace the registry itself,", path, code: EPERM)
      }
    }
  }

  /// Gives a temporary file its name, and makes the name durable. The caller has flushed the file.
  func take(_ file: TemporaryFile) throws {
    guard file.link(to: path, replacing: replaces) == 0 else { throw FileError("write", path) }
    try flushName()
  }

  /// Moves a file of the same file system to the path, and makes the name durable. The caller has flushed the file.
  func take(_ temporary: String) throws {
    guard (replaces ? rename(temporary, path) : OutputPlace.link(temporary, path)) == 0 else {
      throw FileError("write", path)
    }
    try flushName()
  }

  private func flushName() throws {
    do { try syncFolder(of: path) } catch {
      // After an error the new file must not exist. A file that it replaced is lost.
      if !replaces { unlink(path) }
      throw error
    }
  }

  /// Moves a file to a path where nothing is.
  ///
  /// - Returns: 0, or -1 with errno set.
  static func link(_ temporary: String, _ path: String) -> Int32 {
    // A link fails if a file has appeared in the meantime. A rename would not fail.
    if Foundation.link(temporary, path) == 0 {
      unlink(temporary)
      return 0
    }
    // Some file systems do not support links.
    guard [EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS, EMLINK].contains(errno) else { return -1 }
    guard access(path, F_OK) != 0 else {
      errno = EEXIST
      return -1
    }
    return rename(temporary, path)
  }
}
