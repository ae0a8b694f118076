// A file that is there whole or not at all.

import Foundation

/// What bytes are written to, front to back.
package protocol ByteSink: AnyObject {
  func write(_ bytes: UnsafeRawBufferPointer) throws
}

extension ByteSink {
  package func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }
}

/// A new file under a temporary name beside its place. `commit` makes it durable and gives it its name; dropped
/// without one, it is removed.
package final class OutputFile: ByteSink {
  package let path: String
  private let temporary: String
  private let replaces: Bool
  private var descriptor: Int32

  /// - Parameter replacing: whether a file at the path may be replaced; otherwise one there is an error, now and
  ///   at commit.
  package init(_ path: String, replacing: Bool) throws {
    var status = stat()
    if lstat(path, &status) == 0 {
      if status.st_mode & S_IFMT == S_IFDIR { throw FileError("write", path, code: EISDIR) }
      if !replacing { throw FileError("write", path, code: EEXIST) }
    }
    self.path = path
    self.replaces = replacing
    let url = URL(filePath: path)
    temporary =
      url.deletingLastPathComponent()
      .appending(path: ".\(url.lastPathComponent.prefix(100)).\(UUID().uuidString.prefix(8)).tmp").path
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError("write", path) }
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporary)
  }

  package func write(_ bytes: UnsafeRawBufferPointer) throws {
    try writeAll(bytes, to: descriptor, path: path)
  }

  /// Flushes to the disk, then renames.
  package func commit() throws {
    guard fsync(descriptor) == 0 else { throw FileError("write", path) }
    // Without permission to replace, a link fails where a file has appeared meanwhile; a rename would not.
    if replaces {
      guard rename(temporary, path) == 0 else { throw FileError("write", path) }
    } else if link(temporary, path) == 0 {
      unlink(temporary)
    } else {
      guard [EPERM, ENOTSUP, EMLINK].contains(errno) else { throw FileError("write", path) }
      guard access(path, F_OK) != 0 else { throw FileError("write", path, code: EEXIST) }
      guard rename(temporary, path) == 0 else { throw FileError("write", path) }
    }
    close(descriptor)
    descriptor = -1
    syncDirectory(of: path)
  }
}

/// Standard output, for a pipe.
package final class StandardOutput: ByteSink {
  package init() {}

  package func write(_ bytes: UnsafeRawBufferPointer) throws {
    try writeAll(bytes, to: STDOUT_FILENO, path: "standard output")
  }
}

private func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws {
  var rest = bytes
  while !rest.isEmpty {
    let count = write(descriptor, rest.baseAddress, rest.count)
    if count < 0 {
      if errno == EINTR { continue }
      throw FileError("write", path)
    }
    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
  }
}

/// Makes a new name in a folder durable. Some file systems refuse to sync a folder; then there is nothing to do.
package func syncDirectory(of path: String) {
  let descriptor = open(URL(filePath: path).deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return }
  fsync(descriptor)
  close(descriptor)
}
