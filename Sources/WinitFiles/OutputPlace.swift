// The place of an output file that appears complete or not at all.

import Foundation

/// The path of a new file, and the temporary path in the same folder under which the file is written.
package struct OutputPlace: Sendable {
  package let path: String
  /// The path under which the file is written.
  package let temporary: String
  private let replaces: Bool

  /// Checks that a file can be written to a path.
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
  package init(_ path: String, replacing: Bool, protected: String? = nil, isDatabase: Bool = false) throws {
    guard !path.isEmpty, !path.hasSuffix("/") else { throw FileError("write", "`\(path)`", code: EISDIR) }
    let folder = folderPrefix(of: path)
    guard access(folder.isEmpty ? "." : folder, F_OK) == 0 else { throw FileError("write", path) }
    if isDatabase {
      for ending in OutputPlace.companions {
        var status = stat()
        if lstat(path + ending, &status) == 0, status.st_size > 0 || (status.st_mode & S_IFMT) != S_IFREG {
          throw FormatError(path + ending, .leftoverJournal)
        }
      }
    }
    for file in protected.map({ registry in ([""] + OutputPlace.companions).map { registry + $0 } }) ?? [] {
      guard !isSamePlace(path, file) else {
        throw FileError("replace the registry itself,", path, code: EPERM)
      }
    }
    var status = stat()
    if lstat(path, &status) == 0 {
      let kind = status.st_mode & S_IFMT
      if kind == S_IFDIR { throw FileError("write", path, code: EISDIR) }
      if !replacing { throw FileError("write", path, code: EEXIST) }
      guard kind == S_IFREG || kind == S_IFLNK else { throw FileError("replace", path, code: EINVAL) }
    }
    self.path = path
    replaces = replacing
    let name = path.dropFirst(folder.count).prefix(60)
    temporary = "\(folder).\(name).\(UUID().uuidString.prefix(8)).tmp"
  }

  /// The endings of the files that SQLite keeps beside a database.
  private static let companions = ["-journal", "-wal", "-shm"]

  /// Renames the temporary file to the path, and makes the name durable. The caller has flushed the file.
  package func take() throws {
    // If replacing is not allowed, use a link, which fails if a file has appeared in the meantime. A rename would not
    // fail.
    if replaces {
      guard rename(temporary, path) == 0 else { throw FileError("write", path) }
    } else if link(temporary, path) == 0 {
      unlink(temporary)
    } else {
      // Some file systems do not support links.
      guard [EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS, EMLINK].contains(errno) else {
        throw FileError("write", path)
      }
      guard access(path, F_OK) != 0 else { throw FileError("write", path, code: EEXIST) }
      guard rename(temporary, path) == 0 else { throw FileError("write", path) }
    }
    do { try syncFolder(of: path) } catch {
      // After an error the new file must not exist. A file that it replaced is lost.
      if !replaces { unlink(path) }
      throw error
    }
  }

  /// Flushes the temporary file to the disk, for a file that other code wrote, such as SQLite.
  ///
  /// - Returns: the size of the file in bytes.
  package func flushFile() throws -> Int {
    let descriptor = open(temporary, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError("write", path) }
    defer { close(descriptor) }
    var status = stat()
    guard flush(descriptor) == 0, fstat(descriptor, &status) == 0 else { throw FileError("write", path) }
    return Int(status.st_size)
  }
}
