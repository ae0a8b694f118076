// The digests of chunks, many at once; chunks of a recipe are filled and hashed a piece at a time, so that what is hashed
// is still in the cache.

/// A chunk of a tensor with the recipe that fills it.
package struct RecipeChunk: Sendable {
  package let recipe: Recipe
  package let chunk: Chunk

  package init(_ recipe: Recipe, _ chunk: Chunk) {
    self.recipe = recipe
    self.chunk = chunk
  }

  /// Fills a range of the chunk's bytes.
  fileprivate func fill(_ bytes: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) {
    let size = recipe.dtype.byteCount
    let first = chunk.byteRange.lowerBound / size
    recipe.fill(first + bytes.lowerBound / size..<first + bytes.upperBound / size, into: buffer)
  }
}

extension Digest {
  /// The digests of pieces of memory. Those of a full chunk's size are hashed side by side.
  package static func each(of buffers: [UnsafeRawBufferPointer]) -> [Digest] {
    makeDigests(buffers.map(\.count)) { index, _, bytes in
      UnsafeRawBufferPointer(rebasing: buffers[index][bytes])
    }
  }

  /// The digests of chunks, whose bytes are nowhere kept.
  package static func each(of chunks: [RecipeChunk]) -> [Digest] {
    withUnsafeTemporaryAllocation(byteCount: MessageGroup.capacity * groupStride, alignment: 64) { scratch in
      makeDigests(chunks.map(\.chunk.byteCount)) { index, place, bytes in
        let start = place * groupStride
        let memory = UnsafeMutableRawBufferPointer(rebasing: scratch[start..<start + bytes.count])
        chunks[index].fill(bytes, into: memory)
        return UnsafeRawBufferPointer(memory)
      }
    }
  }

  /// Fills chunks into buffers of their sizes.
  ///
  /// - Returns: their digests.
  package static func each(
    filling chunks: [RecipeChunk], into buffers: [UnsafeMutableRawBufferPointer]
  ) -> [Digest] {
    makeDigests(chunks.map(\.chunk.byteCount)) { index, _, bytes in
      let memory = UnsafeMutableRawBufferPointer(rebasing: buffers[index][bytes])
      chunks[index].fill(bytes, into: memory)
      return UnsafeRawBufferPointer(memory)
    }
  }
}

/// How many bytes of each of a group's chunks are made before they are hashed, and how many of a single one.
private let groupPiece = 1 << 14
/// The distance of a group's pieces: not a power of two, or all would lie in the same few lines of the cache.
private let groupStride = groupPiece + 64
private let singlePiece = 1 << 15

/// Hashes messages of some sizes. `piece` makes a range of a message's bytes, given its index and its place among those
/// under way; what it gives is read before it is called for that place again.
private func makeDigests(
  _ sizes: [Int], _ piece: (_ index: Int, _ place: Int, Range<Int>) -> UnsafeRawBufferPointer
) -> [Digest] {
  var digests = [Digest?](repeating: nil, count: sizes.count)
  var full = sizes.indices.filter { sizes[$0] == chunkSize }[...]
  while MessageGroup.isAvailable, full.count >= MessageGroup.least {
    let members = full.prefix(MessageGroup.capacity)
    full = full.dropFirst(members.count)
    var group = MessageGroup()
    for start in stride(from: 0, to: chunkSize, by: groupPiece) {
      group.update(
        members.enumerated().map { place, index in piece(index, place, start..<start + groupPiece) })
    }
    for (index, digest) in zip(members, group.finish(count: members.count)) { digests[index] = digest }
  }
  for index in sizes.indices where digests[index] == nil {
    var hasher = SHA256Hasher()
    for start in stride(from: 0, to: sizes[index], by: singlePiece) {
      hasher.update(piece(index, 0, start..<min(start + singlePiece, sizes[index])))
    }
    digests[index] = hasher.finish()
  }
  return digests.compactMap(\.self)
}
