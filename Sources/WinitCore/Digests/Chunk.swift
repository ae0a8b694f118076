// Chunks: the unit in which tensors are made, hashed, stored and checked.

/// The size of a chunk in bytes; a tensor's last chunk may be shorter. Part of the law.
public let chunkSize = 1 << 20

/// A chunk of a tensor: bytes [index × 2²⁰, (index + 1) × 2²⁰) of its canonical bytes.
package struct Chunk: Sendable, Hashable {
  package let index: Int
  package let byteRange: Range<Int>

  package var byteCount: Int { byteRange.count }

  /// The elements that lie in the chunk; every element size divides the chunk size, so none is split.
  package func elements(_ dtype: DType) -> Range<Int> {
    byteRange.lowerBound / dtype.byteCount..<byteRange.upperBound / dtype.byteCount
  }

  package init(_ index: Int, ofBytes total: Int) {
    self.index = index
    self.byteRange = index * chunkSize..<index * chunkSize + min(chunkSize, total - index * chunkSize)
  }

  /// How many chunks a tensor of that many bytes has.
  package static func count(ofBytes total: Int) -> Int {
    total / chunkSize + (total % chunkSize == 0 ? 0 : 1)
  }
}

extension Recipe {
  package var chunkCount: Int { Chunk.count(ofBytes: byteCount) }

  package func chunk(_ index: Int) -> Chunk { Chunk(index, ofBytes: byteCount) }
}
