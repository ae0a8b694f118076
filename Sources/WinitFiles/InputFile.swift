// Files that are read at any offset.

import Foundation

/// A regular file that is open for reading, from any thread.
package final class InputFile: Sendable {
  package let path: String
  /// The size of the file in bytes, when it was opened.
  package let size: Int
  private let descriptor: Int32

  /// Opens a file.
  ///
  /// - Throws: `FileError` if the file cannot be opened, or is a folder, a pipe or a device.
  package init(_ path: String) throws {
    self.path = path
    try Self.checkPath(path)
    // O_NONBLOCK: opening a pipe must not wait for a writer.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError("open", path) }
    var status = stat()
    do {
      guard fstat(descriptor, &status) == 0 else { throw FileError("read", path) }
      try Self.checkIsRegular(status, path)
    } catch {
      // `deinit` does not run after an error of the initializer.
      close(descriptor)
      throw error
    }
    size = Int(status.st_size)
  }

  /// Checks that there is a regular file at a path, without opening it. (Closing a file that SQLite has open would drop
  /// the locks of this process.)
  ///
  /// - Throws: `FileError` if there is no file, or if it is a folder, a pipe or a device.
  package static func check(_ path: String) throws {
    try checkPath(path)
    var status = stat()
    guard stat(path, &status) == 0 else { throw FileError("open", path) }
    try checkIsRegular(status, path)
  }

  /// The system ends a path at a zero byte.
  private static func checkPath(_ path: String) throws {
    guard !path.utf8.contains(0) else { throw FileError("open", path, code: ENOENT) }
  }

  private static func checkIsRegular(_ status: stat, _ path: String) throws {
    let kind = status.st_mode & S_IFMT
    if kind == S_IFDIR { throw FileError("read", path, code: EISDIR) }
    guard kind == S_IFREG else {
      throw FileError("read", path, code: EINVAL, reason: "a pipe or a device. Name a regular file")
    }
  }

  deinit { close(descriptor) }

  /// Fills a buffer with the bytes at an offset.
  ///
  /// - Throws: `FileError`, or `FormatError` if the file ends first.
  package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    var done = 0
    while done < buffer.count {
      let count = pread(
        descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done, off_t(offset + done))
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError("read", path)
      }
      guard count > 0 else {
        throw FormatError(path, .endsEarly(at: offset + done))
      }
      done += count
    }
  }

  /// Returns all bytes.
  ///
  /// - Throws: `FileError`, or `FormatError` if there are more than `limit` bytes.
  package func bytes(limit: Int) throws -> [UInt8] {
    guard size <= limit else { throw FormatError(path, .tooLarge(limit: limit)) }
    return try bytes(at: 0, count: size)
  }

  /// Returns `count` bytes at an offset.
  package func bytes(at offset: Int, count: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
      initialized = count
    }
  }
}
