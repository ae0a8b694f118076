import WinitCore

/// Returns SHA-256 of draw(0) ‖ draw(stride) ‖ … over all words, as little-endian binary32 numbers.
func sweepDigest(stride: UInt64, draw: (UInt32) -> Float) -> SHA256Digest {
  var hasher = SHA256Hasher()
  var block: [UInt32] = []
  block.reserveCapacity(1 << 16)
  for word in Swift.stride(from: 0, to: UInt64(1) << 32, by: Int(stride)) {
    block.append(draw(UInt32(word)).bitPattern.littleEndian)
    if block.count == 1 << 16 {
      block.withUnsafeBytes { hasher.update($0) }
      block.removeAll(keepingCapacity: true)
    }
  }
  block.withUnsafeBytes { hasher.update($0) }
  return hasher.finish()
}

/// Returns SHA-256 of the draws of all words in order, computed by a kernel, as little-endian binary32 numbers.
func sweepDigest(normal: Bool, kernel: SIMDKernel) -> SHA256Digest {
  var hasher = SHA256Hasher()
  let length = 1 << 16
  var drawn = [Float](repeating: .nan, count: length)
  for first in stride(from: 0, to: 1 << 32, by: length) {
    drawn.withUnsafeMutableBufferPointer { kernel.draw(normal: normal, from: UInt32(first), into: $0) }
    drawn.withUnsafeBytes { hasher.update($0) }
  }
  return hasher.finish()
}
