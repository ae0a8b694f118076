// Decompression of zlib streams (RFC 1950), in which git stores its objects, with the system's zlib.

import CWinitZlib

/// A malformed stream, or one whose output is too long.
struct InflateError: Error {}

/// Returns the decompressed bytes of a zlib stream at the start of some bytes. Memory grows with what the stream
/// contains, not with the limit.
///
/// - Parameter limit: the maximum number of bytes.
package func inflated(_ bytes: ArraySlice<UInt8>, limit: Int) throws -> [UInt8] {
  var stream = z_stream()
  // zlib remembers the address of the stream, so all calls take the same pointer.
  return try withUnsafeMutablePointer(to: &stream) { stream in
    guard inflateInit_(stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { throw InflateError() }
    defer { inflateEnd(stream) }
    return try bytes.withUnsafeBufferPointer { try inflated($0, stream, limit) }
  }
}

private func inflated(
  _ input: UnsafeBufferPointer<UInt8>, _ stream: UnsafeMutablePointer<z_stream>, _ limit: Int
) throws -> [UInt8] {
  guard let available = UInt32(exactly: input.count) else { throw InflateError() }
  // zlib does not write to its input, whose type in C has no `const`.
  stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
  stream.pointee.avail_in = available
  var output: [UInt8] = []
  while true {
    // One byte more than the limit: the stream ends, or shows that it is too long.
    let space = min(limit - output.count + 1, 1 << 16)
    var status = Z_OK
    output += [UInt8](unsafeUninitializedCapacity: space) { part, count in
      stream.pointee.next_out = part.baseAddress
      stream.pointee.avail_out = UInt32(space)
      status = inflate(stream, Z_NO_FLUSH)
      count = space - Int(stream.pointee.avail_out)
    }
    guard output.count <= limit else { throw InflateError() }
    if status == Z_STREAM_END { return output }
    // A stream that is cut short makes no progress, which zlib reports.
    guard status == Z_OK else { throw InflateError() }
  }
}
