// The place of a file that is to appear whole or not at all.

import Foundation

/// A path that something new is to take, made under a temporary name beside it.
package struct OutputPlace: Sendable {
  package let path: String
  /// Where it is made.
  package let temporary: String
  private let replaces: Bool

  /// - Parameters:
  ///   - replacing: whether a file at the path may be replaced; otherwise one there is an error, now and when it is
  ///     taken. A folder, a device or a pipe is never replaced, and a link is, rather than what it points to.
  ///   - protected: a file that is not replaced whatever is asked.
  package init(_ path: String, replacing: Bool, protected: String? = nil) throws {
    guard !path.isEmpty, !path.hasSuffix("/") else { throw FileError("write", "`\(path)`", code: EISDIR) }
    var status = stat()
    if lstat(path, &status) == 0 {
      let kind = status.st_mode & S_IFMT
      if kind == S_IFDIR { throw FileError("write", path, code: EISDIR) }
      if !replacing { throw FileError("write", path, code: EEXIST) }
      guard kind == S_IFREG || kind == S_IFLNK else { throw FileError("replace", path, code: EINVAL) }
      var other = stat()
      if let protected, stat(protected, &other) == 0, other.st_dev == status.st_dev,
        other.st_ino == status.st_ino
      {
        throw FileError("replace the registry itself,", path, code: EPERM)
      }
    }
    self.path = path
    replaces = replacing
    let folder = folderPrefix(of: path)
    let name = path.dropFirst(folder.count).prefix(60)
    temporary = "\(folder).\(name).\(UUID().uuidString.prefix(8)).tmp"
  }

  /// Gives what was made, and is on the disk, its name, durably.
  package func take() throws {
    // Without permission to replace, a link fails where a file has appeared meanwhile; a rename would not.
    if replaces {
      guard rename(temporary, path) == 0 else { throw FileError("write", path) }
    } else if link(temporary, path) == 0 {
      unlink(temporary)
    } else {
      // Some file systems have no links, and folders have none.
      guard [EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS, EMLINK].contains(errno) else {
        throw FileError("write", path)
      }
      guard access(path, F_OK) != 0 else { throw FileError("write", path, code: EEXIST) }
      guard rename(temporary, path) == 0 else { throw FileError("write", path) }
    }
    syncFolder(of: path)
  }

  /// Flushes a file made by others, as SQLite does its own, to the disk.
  package func flushFile() throws {
    let descriptor = open(temporary, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError("write", path) }
    defer { close(descriptor) }
    guard flush(descriptor) == 0 else { throw FileError("write", path) }
  }
}

/// Onto the disk itself: macOS's fsync alone leaves bytes in the drive's cache.
func flush(_ descriptor: Int32) -> Int32 {
  #if canImport(Darwin)
    if fcntl(descriptor, F_FULLFSYNC) == 0 { return 0 }
  #endif
  return fsync(descriptor)
}

/// Makes a new name in a folder durable. Some file systems refuse to sync a folder; then there is nothing to do.
func syncFolder(of path: String) {
  let folder = folderPrefix(of: path)
  let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return }
  fsync(descriptor)
  close(descriptor)
}
