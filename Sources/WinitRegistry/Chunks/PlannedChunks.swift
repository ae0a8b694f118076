// Source: a plan, whose tensors have recipes or given bytes.

import WinitCore
import WinitSpec

/// The chunks of a plan: filled from the recipe of the tensor, or, for a literal, read from the place that the plan
/// gives. Elements that a recipe cannot compute are an error.
struct PlannedChunks: ChunkSource {
  let recipes: [Recipe]
  let literals: [LiteralBytes?]
  /// The names of the tensors, for errors.
  let names: [TensorName]

  /// The chunks of the tensors whose laws can fail.
  var fallible: PlannedChunks {
    let indices = recipes.indices.filter { recipes[$0].law.canFail }
    return PlannedChunks(
      recipes: indices.map { recipes[$0] }, literals: indices.map { literals[$0] }, names: indices.map { names[$0] })
  }

  func isLiteral(_ id: ChunkID) -> Bool { literals[id.tensor] != nil }

  func read(_ chunks: [ChunkID], into buffers: [UnsafeMutableRawBufferPointer]) throws -> [ChunkRead] {
    var outcomes = try RegeneratedChunks(recipes: recipes).read(chunks, into: buffers)
    let given = chunks.indices.filter { isLiteral(chunks[$0]) }
    for i in given {
      try literals[chunks[i].tensor]?.read(at: chunks[i].chunk.byteRange.lowerBound, into: buffers[i])
    }
    for i in chunks.indices { try check(chunks[i], UnsafeRawBufferPointer(buffers[i])) }
    for (i, digest) in zip(given, SHA256Digest.each(of: given.map { UnsafeRawBufferPointer(buffers[$0]) })) {
      outcomes[i] = .read(digest)
    }
    return outcomes
  }

  /// Returns the digests of chunks without literals, and does not keep the bytes.
  func digests(_ chunks: [ChunkID]) throws -> [ChunkRead] {
    var outcomes = [ChunkRead](repeating: .absent, count: chunks.count)
    let checked = chunks.indices.filter { recipes[chunks[$0].tensor].law.canFail }
    let others = chunks.indices.filter { !recipes[chunks[$0].tensor].law.canFail }
    for (i, read) in zip(others, try RegeneratedChunks(recipes: recipes).digests(others.map { chunks[$0] })) {
      outcomes[i] = read
    }
    for i in checked {
      let recipe = recipes[chunks[i].tensor]
      let bytes = try recipe.bytes(chunks[i].chunk.elements(recipe.dtype))
      outcomes[i] = try bytes.withUnsafeBytes {
        try check(chunks[i], $0)
        return .read(SHA256Digest.each(of: [$0])[0])
      }
    }
    return outcomes
  }

  /// Checks the elements of a chunk.
  ///
  /// - Throws: `TensorFailure` for an element without a finite value.
  private func check(_ id: ChunkID, _ bytes: UnsafeRawBufferPointer) throws {
    let recipe = recipes[id.tensor]
    guard let failure = recipe.failure(id.chunk.elements(recipe.dtype), bytes) else { return }
    throw TensorFailure(names[id.tensor], at: failure.coordinates, failure.error)
  }
}
