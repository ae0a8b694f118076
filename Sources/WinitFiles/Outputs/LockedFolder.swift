// A temporary folder that only its process uses.

import Foundation

/// A new folder with a temporary name beside a path, which is locked while it is in use. The folder is removed with its
/// last reference; if the process is killed, the next command that writes to the same path removes it.
package final class LockedFolder {
  package let path: String
  private let descriptor: Int32
  private var isOwned = true

  /// Creates the folder, and removes what killed processes left for the same path.
  ///
  /// - Parameters:
  ///   - target: the path beside which the folder is created.
  ///   - isPrivate: whether only the owner may use the folder; otherwise the umask decides.
  /// - Throws: `FileError` with the target.
  package init(for target: String, isPrivate: Bool = true) throws {
    TemporaryName.removeLeftovers(for: target)
    while true {
      let path = TemporaryName.make(for: target)
      guard mkdir(path, isPrivate ? 0o700 : 0o777) == 0 else {
        if errno == EEXIST { continue }
        throw FileError("write", target)
      }
      let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      // Another process is looking whether the owner of the folder has ended; or the file system has no locks, and then
      // no other process can lock the folder either.
      if descriptor >= 0, TemporaryName.lock(descriptor, path) || (errno != EWOULDBLOCK && access(path, F_OK) == 0) {
        (self.path, self.descriptor) = (path, descriptor)
        return
      }
      let code = errno
      if descriptor >= 0 { close(descriptor) }
      rmdir(path)
      guard descriptor >= 0 || code == ENOENT else { throw FileError("write", target, code: code) }
    }
  }

  deinit {
    if isOwned { try? FileManager.default.removeItem(atPath: path) }
    close(descriptor)
  }

  /// Returns the path of a file of the folder.
  package func path(of name: String) -> String { path + "/" + name }

  /// Makes the names of the files durable.
  func flushNames() throws { try syncFolder(of: path + "/") }

  /// Renames the folder, which then belongs to the caller.
  ///
  /// - Returns: 0, or -1 with errno set.
  func rename(to target: String) -> Int32 {
    let result = Foundation.rename(path, target)
    if result == 0 { isOwned = false }
    return result
  }
}
