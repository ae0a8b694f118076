// The bytes of a literal.

package import WinitFiles

/// The place of the bytes of a literal.
package enum LiteralBytes: Sendable {
  /// In the spec.
  case given([UInt8])
  /// In a checkpoint.
  case file(InputFile, offset: Int)

  /// Fills a buffer with the bytes from an offset on.
  package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    switch self {
    case .given(let bytes): buffer.copyBytes(from: bytes[offset..<offset + buffer.count])
    case .file(let file, let start): try file.read(at: start + offset, into: buffer)
    }
  }
}
