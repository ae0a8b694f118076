// A file to read from at any place, from any thread.

import Foundation

/// A regular file open for reading.
package final class InputFile: Sendable {
  package let path: String
  package let size: Int
  private let descriptor: Int32

  package init(_ path: String) throws {
    self.path = path
    // The system would read no further than a zero.
    guard !path.utf8.contains(0) else { throw FileError("open", path, code: ENOENT) }
    // Without waiting, should it be a pipe, for somebody to write to it.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError("open", path) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError("read", path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileError("read", path, code: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
    }
    size = Int(status.st_size)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Fills the buffer with the bytes at an offset; a file that ends before is an error.
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
        throw FormatError(path, "the file ends at byte \(offset + done), before what its header promises")
      }
      done += count
    }
  }

  package func bytes(at offset: Int, count: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
      initialized = count
    }
  }
}
