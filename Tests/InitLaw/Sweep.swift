import Crypto
import InitLaw

/// SHA-256 of draw(0) ‖ draw(stride) ‖ … over all words, as little-endian binary32.
func sweepDigest(stride: UInt64, draw: (UInt32) -> Float) -> InitLaw.Digest {
  var hash = SHA256()
  var block: [UInt32] = []
  block.reserveCapacity(1 << 16)
  for word in Swift.stride(from: 0, to: UInt64(1) << 32, by: Int(stride)) {
    block.append(draw(UInt32(word)).bitPattern.littleEndian)
    if block.count == 1 << 16 {
      block.withUnsafeBytes { hash.update(bufferPointer: $0) }
      block.removeAll(keepingCapacity: true)
    }
  }
  block.withUnsafeBytes { hash.update(bufferPointer: $0) }
  return InitLaw.Digest(bytes: Array(hash.finalize())) ?? InitLaw.Digest(of: [])
}

/// SHA-256 of a kernel's draws of all words in order, as little-endian binary32.
func sweepDigest(normal: Bool, kernel: Kernel) -> InitLaw.Digest {
  var hash = SHA256()
  let length = 1 << 16
  var drawn = [Float](repeating: .nan, count: length)
  for first in stride(from: 0, to: 1 << 32, by: length) {
    drawn.withUnsafeMutableBufferPointer { kernel.draw(normal: normal, from: UInt32(first), into: $0) }
    drawn.withUnsafeBytes { hash.update(bufferPointer: $0) }
  }
  return InitLaw.Digest(bytes: Array(hash.finalize())) ?? InitLaw.Digest(of: [])
}
