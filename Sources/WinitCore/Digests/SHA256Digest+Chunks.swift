// Digests of many chunks at once. The chunks of a recipe are filled and hashed piece by piece, so that the bytes are
// still in the cache when they are hashed.

/// A chunk of a tensor, with the recipe that fills the chunk.
package struct RecipeChunk: Sendable {
  package let recipe: Recipe
  package let chunk: Chunk

  package init(_ recipe: Recipe, _ chunk: Chunk) {
    self.recipe = recipe
    self.chunk = chunk
  }

  /// Fills a range of the bytes of the chunk.
  fileprivate func fill(_ bytes: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    let size = recipe.dtype.byteCount
    let first = chunk.byteRange.lowerBound / size
    try recipe.fill(first + bytes.lowerBound / size..<first + bytes.upperBound / size, into: buffer)
  }
}

extension SHA256Digest {
  /// Returns the digests of buffers. Buffers of exactly `chunkSize` bytes are hashed in parallel lanes.
  package static func each(of buffers: [UnsafeRawBufferPointer]) -> [SHA256Digest] {
    makeDigests(buffers.map(\.count)) { index, _, bytes in
      UnsafeRawBufferPointer(rebasing: buffers[index][bytes])
    }
  }

  /// Fills chunks in temporary memory, and returns their digests.
  ///
  /// - Throws: `InsufficientMemory` if there is no memory for a whole tensor.
  package static func each(of chunks: [RecipeChunk]) throws -> [SHA256Digest] {
    try withUnsafeTemporaryAllocation(byteCount: MessageGroup.maximumCapacity * pieceStride, alignment: 64) { scratch in
      try makeDigests(chunks.map(\.chunk.byteCount)) { index, place, bytes in
        let start = place * pieceStride
        let memory = UnsafeMutableRawBufferPointer(rebasing: scratch[start..<start + bytes.count])
        try chunks[index].fill(bytes, into: memory)
        return UnsafeRawBufferPointer(memory)
      }
    }
  }

  /// Fills each chunk into a buffer of its size, and returns the digests of the chunks.
  ///
  /// - Throws: `InsufficientMemory` if there is no memory for a whole tensor.
  package static func each(
    filling chunks: [RecipeChunk], into buffers: [UnsafeMutableRawBufferPointer]
  ) throws -> [SHA256Digest] {
    try makeDigests(chunks.map(\.chunk.byteCount)) { index, _, bytes in
      let memory = UnsafeMutableRawBufferPointer(rebasing: buffers[index][bytes])
      try chunks[index].fill(bytes, into: memory)
      return UnsafeRawBufferPointer(memory)
    }
  }
}

/// The number of bytes of a chunk that are filled before they are hashed.
private let pieceSize = 1 << 14
/// The distance between the pieces of a group in memory. A power of two would put all of them into the same few cache
/// sets.
private let pieceStride = pieceSize + 64

/// Hashes messages of the given sizes.
///
/// - Parameter piece: provides a range of bytes of the message with an index, at most `pieceSize` bytes. `place` counts
///   the messages that are hashed at the same time, from 0, and is below `MessageGroup.maximumCapacity`. The returned
///   memory is read before `piece` is called for the same place again.
private func makeDigests(
  _ sizes: [Int], _ piece: (_ index: Int, _ place: Int, Range<Int>) throws -> UnsafeRawBufferPointer
) rethrows -> [SHA256Digest] {
  var digests = [SHA256Digest?](repeating: nil, count: sizes.count)
  var full = sizes.indices.filter { sizes[$0] == chunkSize }[...]
  while var group = MessageGroup(ofFirst: full.count) {
    let members = full.prefix(group.capacity)
    full = full.dropFirst(members.count)
    for start in stride(from: 0, to: chunkSize, by: pieceSize) {
      group.update(
        try members.enumerated().map { place, index in try piece(index, place, start..<start + pieceSize) })
    }
    for (index, digest) in zip(members, group.finish(count: members.count)) { digests[index] = digest }
  }
  for index in sizes.indices where digests[index] == nil {
    var hasher = SHA256Hasher()
    for start in stride(from: 0, to: sizes[index], by: pieceSize) {
      hasher.update(try piece(index, 0, start..<min(start + pieceSize, sizes[index])))
    }
    digests[index] = hasher.finish()
  }
  return digests.compactMap(\.self)
}
