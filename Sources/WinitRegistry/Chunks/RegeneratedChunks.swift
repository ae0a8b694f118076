// Source: recipes, whose chunks are regenerated.

import WinitCore

/// The chunks that recipes regenerate. The chunks of a literal, which no recipe regenerates, are absent.
struct RegeneratedChunks: ChunkSource {
  let recipes: [Recipe]

  func read(_ chunks: [ChunkID], into buffers: [UnsafeMutableRawBufferPointer]) throws -> [ChunkRead] {
    try outcomes(chunks) { indices in
      try SHA256Digest.each(filling: indices.map { recipeChunk(chunks[$0]) }, into: indices.map { buffers[$0] })
    }
  }

  /// Returns the outcomes for chunks without keeping their bytes.
  func digests(_ chunks: [ChunkID]) throws -> [ChunkRead] {
    try outcomes(chunks) { indices in try SHA256Digest.each(of: indices.map { recipeChunk(chunks[$0]) }) }
  }

  private func outcomes(_ chunks: [ChunkID], _ digests: ([Int]) throws -> [SHA256Digest]) rethrows -> [ChunkRead] {
    var outcomes = [ChunkRead](repeating: .absent, count: chunks.count)
    let regenerable = chunks.indices.filter { recipes[chunks[$0].tensor].isRegenerable }
    for (i, digest) in zip(regenerable, try digests(regenerable)) { outcomes[i] = .read(digest) }
    return outcomes
  }

  private func recipeChunk(_ id: ChunkID) -> RecipeChunk { RecipeChunk(recipes[id.tensor], id.chunk) }
}
