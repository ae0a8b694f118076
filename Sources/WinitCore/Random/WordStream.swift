// The words of one tensor: Philox keyed by the seed, counted by block and stream.

/// An endless sequence of 32-bit words with random access: word i is a pure function of (seed, stream, i).
///
/// The mapping is that of cuRAND's Philox4_32_10 and PyTorch's CUDA engine: seed, subsequence = stream,
/// offset = i.
public struct WordStream: Sendable, Hashable {
  /// The seed, which is the key.
  public let seed: UInt64
  /// The stream, the upper half of the counter.
  public let stream: UInt64

  /// The words of a seed and a stream.
  public init(seed: UInt64, stream: UInt64) {
    self.seed = seed
    self.stream = stream
  }

  /// Words 4b … 4b + 3.
  @inlinable
  public func block(_ b: UInt64) -> SIMD4<UInt32> {
    Philox4x32.block(
      counter: SIMD4(b.low32, b.high32, stream.low32, stream.high32),
      key: SIMD2(seed.low32, seed.high32))
  }

  /// Word i.
  @inlinable
  public func word(_ i: UInt64) -> UInt32 { block(i >> 2)[Int(i & 3)] }
}

extension UInt64 {
  @inlinable var low32: UInt32 { UInt32(truncatingIfNeeded: self) }
  @inlinable var high32: UInt32 { UInt32(truncatingIfNeeded: self >> 32) }
}
