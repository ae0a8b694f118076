// Destinations of bytes.

import Foundation

/// A destination to which bytes are written in order.
package protocol ByteSink: AnyObject {
  /// Writes bytes after those of the previous call.
  func write(_ bytes: UnsafeRawBufferPointer) throws
}

extension ByteSink {
  /// Writes an array of bytes.
  package func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }
}

/// Standard output as a destination.
package final class StandardOutput: ByteSink {
  private let expected: Int?
  private var written = 0

  /// - Parameter byteCount: the number of bytes that will be written, for errors; nil if that is not known.
  package init(byteCount: Int? = nil) { expected = byteCount }

  package func write(_ bytes: UnsafeRawBufferPointer) throws {
    let count = writeAll(bytes, to: STDOUT_FILENO)
    written += count
    guard count == bytes.count else {
      throw FileError(
        writing: "standard output", to: STDOUT_FILENO, needed: expected.map { max(0, $0 - written) })
    }
  }
}

/// Writes all bytes to a descriptor.
///
/// - Parameter offset: the position in the file; nil for the current one.
/// - Returns: the number of bytes that were written. If it is not the number of all bytes, errno is set.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int? = nil) -> Int {
  var rest = bytes
  while !rest.isEmpty {
    let count =
      if let offset {
        pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + bytes.count - rest.count))
      } else { write(descriptor, rest.baseAddress, rest.count) }
    if count < 0 {
      if errno == EINTR { continue }
      return bytes.count - rest.count
    }
    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
  }
  return bytes.count
}
