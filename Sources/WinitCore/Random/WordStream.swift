// The random words of one tensor.

/// A sequence of 2⁶⁴ random 32-bit words with random access: word i is a pure function of seed, stream and i.
///
/// Philox takes the seed as its key, and the block index and the stream as its counter. This is the mapping of cuRAND's
/// Philox4_32_10 and of PyTorch's CUDA engine, where the stream is the subsequence and i is the offset.
package struct WordStream: Sendable, Hashable {
  /// The seed, which is the key of Philox.
  package let seed: UInt64
  /// The stream, which is the upper half of the counter.
  package let stream: UInt64

  /// Creates the sequence of a seed and a stream.
  package init(seed: UInt64, stream: UInt64) {
    self.seed = seed
    self.stream = stream
  }

  /// Returns the words 4b … 4b + 3.
  package func block(_ b: UInt64) -> SIMD4<UInt32> {
    Philox4x32.block(
      counter: SIMD4(b.low32, b.high32, stream.low32, stream.high32),
      key: SIMD2(seed.low32, seed.high32))
  }

  /// Returns word i.
  package func word(_ i: UInt64) -> UInt32 { block(i >> 2)[Int(i & 3)] }
}

extension UInt64 {
  var low32: UInt32 { UInt32(truncatingIfNeeded: self) }
  var high32: UInt32 { UInt32(truncatingIfNeeded: self >> 32) }
}
