// Source: a plan, whose tensors have recipes or given bytes.

import WinitCore
import WinitSpec

/// The chunks of a plan: filled from the recipe of the tensor, or, for a literal, read from the place that the plan
/// gives.
struct PlannedChunks: ChunkSource {
  let recipes: [Recipe]
  let literals: [LiteralBytes?]

  func isLiteral(_ id: ChunkID) -> Bool { literals[id.tensor] != nil }

  func read(_ chunks: [ChunkID], into buffers: [UnsafeMutableRawBufferPointer]) throws -> [ChunkRead] {
    var outcomes = RegeneratedChunks(recipes: recipes).read(chunks, into: buffers)
    let given = chunks.indices.filter { isLiteral(chunks[$0]) }
    for i in given {
      try literals[chunks[i].tensor]?.read(at: chunks[i].chunk.byteRange.lowerBound, into: buffers[i])
    }
    for (i, digest) in zip(given, SHA256Digest.each(of: given.map { UnsafeRawBufferPointer(buffers[$0]) })) {
      outcomes[i] = .read(digest)
    }
    return outcomes
  }
}
