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
  package init() {}

  package func write(_ bytes: UnsafeRawBufferPointer) throws {
    try writeAll(bytes, to: STDOUT_FILENO, path: "standard output")
  }
}

/// Writes all bytes to a descriptor.
///
/// - Parameter path: the path in the error, if a write fails.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws {
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
