// Chunks that are verified against their recorded digests before anything uses a byte of them.

import WinitCore
import WinitJSON
import WinitStorage

/// Reads chunks from the first of several sources that gives the recorded bytes.
struct VerifiedReader: Sendable {
  /// The tensors, whose records hold the expected digests.
  let tensors: [TensorRecord]
  private let sources: [any ChunkSource]

  /// Reads the stored bytes of recorded tensors, and regenerates the chunks that are not stored or are damaged.
  init(_ store: Store, _ tensors: [TensorRecord]) {
    self.tensors = tensors
    sources = [StoredChunks(store: store, tensors: tensors), RegeneratedChunks(recipes: tensors.map(\.recipe))]
  }

  /// Checks, before any work, that the memory suffices for the tensors that must be regenerated.
  ///
  /// - Throws: `InsufficientMemory`.
  func checkMemory() throws { try checkMemory(Set(tensors.indices)) }

  /// Checks that the memory suffices for those of some tensors that must be regenerated.
  func checkMemory(_ indices: Set<Int>) throws {
    try Recipe.checkMemory(
      indices.sorted().lazy.map { tensors[$0] }.filter { !$0.isStored && $0.recipe.isRegenerable }
        .map { ($0.name, $0.recipe) })
  }

  func digest(of id: ChunkID) -> SHA256Digest { tensors[id.tensor].chunkDigests[id.chunk.index] }

  /// Reads chunks, each into a buffer of its size.
  ///
  /// - Returns: for each chunk, whether a source before the one that gave the bytes has damaged bytes.
  /// - Throws: `RegistryError.mismatch` if no source has the recorded bytes of a chunk.
  func read(_ chunks: [ChunkID], into buffers: [UnsafeMutableRawBufferPointer]) throws -> [Bool] {
    let outcomes = try readIfAvailable(chunks, into: buffers)
    let isDamaged = outcomes.compactMap(\.self)
    if isDamaged.count == outcomes.count { return isDamaged }
    let first = outcomes.firstIndex(of: nil) ?? 0
    let (tensor, index) = (tensors[chunks[first].tensor], chunks[first].chunk.index)
    throw RegistryError.mismatch(
      tensor.recipe.isRegenerable
        ? "chunk \(index) of tensor \(quoted: tensor.name) does not regenerate to its recorded digest. Nothing was written"
        : "chunk \(index) of tensor \(quoted: tensor.name) is damaged, and the bytes of a literal cannot be regenerated. Nothing was written"
    )
  }

  /// Reads chunks, each into a buffer of its size.
  ///
  /// - Returns: for each chunk, whether a source before the one that gave the bytes has damaged bytes; nil if no source
  ///   has the recorded bytes of the chunk.
  func readIfAvailable(_ chunks: [ChunkID], into buffers: [UnsafeMutableRawBufferPointer]) throws -> [Bool?] {
    var isDamaged = [Bool?](repeating: false, count: chunks.count)
    var missing = Array(chunks.indices)
    for source in sources where !missing.isEmpty {
      let outcomes = try source.read(missing.map { chunks[$0] }, into: missing.map { buffers[$0] })
      missing = zip(missing, outcomes).compactMap { i, outcome in
        if outcome == .read(digest(of: chunks[i])) { return nil }
        if outcome != .absent { isDamaged[i] = true }
        return i
      }
    }
    for i in missing { isDamaged[i] = nil as Bool? }
    return isDamaged
  }
}
