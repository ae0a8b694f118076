// Flushes to the disk.

import Foundation

/// Flushes a file to the disk. On macOS, fsync alone leaves bytes in the cache of the drive.
///
/// - Returns: 0, or -1 with errno set.
func flush(_ descriptor: Int32) -> Int32 {
  #if canImport(Darwin)
    if fcntl(descriptor, F_FULLFSYNC) == 0 { return 0 }
  #endif
  return fsync(descriptor)
}

/// Flushes a file that other code wrote, such as SQLite, to the disk.
///
/// - Parameter name: the path for errors; nil for the path of the file.
/// - Returns: the size of the file in bytes.
@discardableResult
package func flushFile(_ path: String, as name: String? = nil) throws -> Int {
  let descriptor = open(path, O_RDWR | O_CLOEXEC)
  guard descriptor >= 0 else { throw FileError("write", name ?? path) }
  defer { close(descriptor) }
  var status = stat()
  guard flush(descriptor) == 0, fstat(descriptor, &status) == 0 else { throw FileError("write", name ?? path) }
  return Int(status.st_size)
}

/// Makes a new name durable by flushing its folder. Some file systems cannot flush a folder; there this does nothing.
func syncFolder(of path: String) throws {
  let folder = folderPrefix(of: path)
  let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return }
  defer { close(descriptor) }
  guard fsync(descriptor) != 0, ![EINVAL, ENOTSUP, EOPNOTSUPP, EBADF, EROFS].contains(errno) else { return }
  throw FileError("flush the folder of", path)
}

/// Starts writing to the disk, so that less is left to flush at the end. This is only a hint: macOS has no such call,
/// and errors appear at the flush.
func startFlushing(_ descriptor: Int32, from offset: Int, count: Int) {
  #if os(Linux)
    _ = posix_fadvise(descriptor, off_t(offset), off_t(count), POSIX_FADV_DONTNEED)
  #endif
}
