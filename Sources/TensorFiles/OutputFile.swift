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
  private var written = 0
  private var started = 0

  /// - Parameters:
  ///   - replacing: whether a file at the path may be replaced; otherwise one there is an error, now and at commit.
  ///     A folder, a device or a pipe is never replaced, and a link is, rather than what it points to.
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
    self.replaces = replacing
    let folder = folderPrefix(of: path)
    let name = path.dropFirst(folder.count).prefix(60)
    temporary = "\(folder).\(name).\(UUID().uuidString.prefix(8)).tmp"
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
    written += bytes.count
    if written - started >= 1 << 24 {
      startFlushing(descriptor, from: started, count: written - started)
      started = written
    }
  }

  /// Flushes to the disk, then renames.
  package func commit() throws {
    guard flush(descriptor) == 0 else { throw FileError("write", path) }
    // Without permission to replace, a link fails where a file has appeared meanwhile; a rename would not.
    if replaces {
      guard rename(temporary, path) == 0 else { throw FileError("write", path) }
    } else if link(temporary, path) == 0 {
      unlink(temporary)
    } else {
      // Some file systems have no links.
      guard [EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS, EMLINK].contains(errno) else {
        throw FileError("write", path)
      }
      guard access(path, F_OK) != 0 else { throw FileError("write", path, code: EEXIST) }
      guard rename(temporary, path) == 0 else { throw FileError("write", path) }
    }
    close(descriptor)
    descriptor = -1
    syncFolder(of: path)
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

/// Sets the disk going on what has been written, so that less is left to flush at the end. Only a hint: macOS has none
/// like it, and an error shows when it is flushed.
private func startFlushing(_ descriptor: Int32, from offset: Int, count: Int) {
  #if os(Linux)
    _ = posix_fadvise(descriptor, off_t(offset), off_t(count), POSIX_FADV_DONTNEED)
  #endif
}

/// Onto the disk itself: macOS's fsync alone leaves bytes in the drive's cache.
private func flush(_ descriptor: Int32) -> Int32 {
  #if canImport(Darwin)
    if fcntl(descriptor, F_FULLFSYNC) == 0 { return 0 }
  #endif
  return fsync(descriptor)
}

/// Makes a new name in a folder durable. Some file systems refuse to sync a folder; then there is nothing to do.
private func syncFolder(of path: String) {
  let folder = folderPrefix(of: path)
  let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return }
  fsync(descriptor)
  close(descriptor)
}
