// Chunks: the units in which a tensor is filled, hashed, stored and verified.

/// The size of a chunk in bytes, 1 MiB. The last chunk of a tensor may be shorter. The law defines this size.
package let chunkSize = 1 << 20

/// A chunk of a tensor: the bytes [index × 2²⁰, (index + 1) × 2²⁰) of the tensor's canonical bytes.
package struct Chunk: Sendable, Hashable {
  package let index: Int
  package let byteRange: Range<Int>

  package var byteCount: Int { byteRange.count }

  /// Returns the range of elements in the chunk. Only an element of 6 bits can lie in two chunks; it counts to both.
  package func elements(_ dtype: DType) -> Range<Int> { Chunk.elements(byteRange, dtype) }

  /// Returns the range of elements that have bits in a range of bytes of a tensor.
  package static func elements(_ byteRange: Range<Int>, _ dtype: DType) -> Range<Int> {
    guard !dtype.hasWholeBytes else {
      return byteRange.lowerBound / dtype.byteCount..<byteRange.upperBound / dtype.byteCount
    }
    // Groups of 8 elements have `bitCount` bytes, so that no product overflows.
    let bits = dtype.bitCount
    func element(_ byte: Int, roundedUp: Bool) -> Int {
      byte / bits * 8 + (byte % bits * 8 + (roundedUp ? bits - 1 : 0)) / bits
    }
    return element(byteRange.lowerBound, roundedUp: false)..<element(byteRange.upperBound, roundedUp: true)
  }

  /// Creates the chunk with an index of a tensor of `total` bytes.
  package init(_ index: Int, ofBytes total: Int) {
    self.index = index
    self.byteRange = index * chunkSize..<index * chunkSize + min(chunkSize, total - index * chunkSize)
  }

  /// Returns the number of chunks of a tensor of `total` bytes.
  package static func count(ofBytes total: Int) -> Int {
    total / chunkSize + (total % chunkSize == 0 ? 0 : 1)
  }
}

extension Recipe {
  /// The number of chunks of the tensor.
  package var chunkCount: Int { Chunk.count(ofBytes: byteCount) }

  /// Returns the chunk with an index.
  package func chunk(_ index: Int) -> Chunk { Chunk(index, ofBytes: byteCount) }
}
