// A file that has no name yet.

import Foundation

/// A new file in the folder of a path, which is not visible until it is linked. File systems that cannot hold a file
/// without a name give it a temporary one. Without a link, the file is gone with its last reference, or with the
/// process.
final class TemporaryFile {
  let descriptor: Int32
  /// The temporary name; nil for a file without a name.
  private var name: String?

  /// Creates the file.
  ///
  /// - Throws: `FileError` with the path.
  init(for path: String) throws {
    if let unnamed = try Self.openUnnamed(path) {
      descriptor = unnamed
      // For the moment at which the file may get a temporary name before it replaces another.
      _ = flock(descriptor, LOCK_EX | LOCK_NB)
      return
    }
    (descriptor, name) = try Self.openNamed(path)
  }

  deinit {
    if let name { unlink(name) }
    close(descriptor)
  }

  /// Opens a file without a name. Returns nil if the file system does not support that.
  private static func openUnnamed(_ path: String) throws -> Int32? {
    #if os(Linux)
      // A file gets its name through this folder.
      guard access("/proc/self/fd", X_OK) == 0 else { return nil }
      let folder = folderPrefix(of: path)
      // Glibc's module lacks O_TMPFILE.
      let descriptor = open(folder.isEmpty ? "." : folder, 0o20_000_000 | O_DIRECTORY | O_RDWR | O_CLOEXEC, 0o666)
      if descriptor >= 0 { return descriptor }
      guard [EOPNOTSUPP, EISDIR, EINVAL, ENOENT, ENOSYS].contains(errno) else { throw FileError("write", path) }
    #endif
    return nil
  }

  /// Creates a file with a temporary name, and locks it.
  private static func openNamed(_ path: String) throws -> (Int32, String) {
    while true {
      let name = TemporaryName.make(for: path)
      let descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else {
        if errno == EEXIST { continue }
        throw FileError("write", path)
      }
      if TemporaryName.lock(descriptor, name) { return (descriptor, name) }
      // Another process is looking whether the owner of the file has ended; or the file system has no locks, and then
      // no other process can lock the file either.
      guard errno == EWOULDBLOCK || access(name, F_OK) != 0 else { return (descriptor, name) }
      close(descriptor)
      unlink(name)
    }
  }

  /// Gives the file its name. If a file is at the path, it is replaced, or the error is `EEXIST`.
  ///
  /// - Returns: 0, or -1 with errno set.
  func link(to path: String, replacing: Bool) -> Int32 {
    guard let temporary = name else {
      guard linkUnnamed(to: path) != 0 else { return 0 }
      guard errno == EEXIST, replacing else { return -1 }
      let temporary = TemporaryName.make(for: path)
      guard linkUnnamed(to: temporary) == 0 else { return -1 }
      name = temporary
      return link(to: path, replacing: true)
    }
    let result = replacing ? rename(temporary, path) : OutputPlace.link(temporary, path)
    if result == 0 { name = nil }
    return result
  }

  private func linkUnnamed(to path: String) -> Int32 {
    #if os(Linux)
      linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, path, AT_SYMLINK_FOLLOW)
    #else
      preconditionFailure("only Linux has files without a name")
    #endif
  }
}
