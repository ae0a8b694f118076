// The comparison of chunks with their recorded digests.

import WinitCore
import WinitStorage

/// The result of comparing a chunk of a source with its record.
enum ChunkResult: Sendable {
  case matches
  /// The source cannot read the chunk.
  case unreadable
  /// The bytes of the chunk do not have the recorded digest. The difference is nil if the recorded bytes are not
  /// available.
  case differs(ElementDifference?)
}

/// Compares the chunks of sources with the records of tensors.
struct ChunkVerifier: Sendable {
  let store: Store
  let tensors: [TensorRecord]

  /// Compares chunks that a source has read. If the bytes differ, and the recorded bytes are stored or regenerate, the
  /// result names the differing elements.
  ///
  /// - Returns: the result for each chunk; nil if the source does not have the chunk.
  func compare(
    _ chunks: [ChunkID], _ outcomes: [ChunkRead], _ buffers: [UnsafeMutableRawBufferPointer]
  ) throws -> [ChunkResult?] {
    try chunks.indices.map { i in
      let (tensor, chunk) = (tensors[chunks[i].tensor], chunks[i].chunk)
      switch outcomes[i] {
      case .absent: return nil
      case .unreadable: return .unreadable
      case .read(let digest):
        if digest == tensor.chunkDigests[chunk.index] { return .matches }
        return .differs(try difference(chunks[i], found: UnsafeRawBufferPointer(buffers[i])))
      }
    }
  }

  /// Compares the digests of regenerated chunks. If a digest differs and the stored bytes still have the recorded
  /// digest, the result names the differing elements.
  ///
  /// - Returns: the result for each chunk; nil if no recipe regenerates the chunk.
  func compareRegenerated(_ chunks: [ChunkID], _ outcomes: [ChunkRead]) throws -> [ChunkResult?] {
    try chunks.indices.map { i in
      guard case .read(let digest) = outcomes[i] else { return nil }
      let (tensor, chunk) = (tensors[chunks[i].tensor], chunks[i].chunk)
      if digest == tensor.chunkDigests[chunk.index] { return .matches }
      return .differs(try regeneratedDifference(tensor, chunk, chunks[i]))
    }
  }

  private func difference(_ id: ChunkID, found: UnsafeRawBufferPointer) throws -> ElementDifference? {
    let recipe = tensors[id.tensor].recipe
    return try recordedBytes(of: id)?.withUnsafeBytes {
      ElementDifference(expected: $0, found: found, at: id.chunk.byteRange.lowerBound, recipe.dtype, recipe.shape)
    }
  }

  /// Returns the bytes of a chunk that have the recorded digest; nil if they are neither stored nor regenerate.
  func recordedBytes(of id: ChunkID) throws -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: id.byteCount)
    let isRead = try bytes.withUnsafeMutableBytes { buffer in
      try VerifiedReader(store, tensors).readIfAvailable([id], into: [buffer])[0] != nil
    }
    return isRead ? bytes : nil
  }

  private func regeneratedDifference(_ tensor: TensorRecord, _ chunk: Chunk, _ id: ChunkID) throws -> ElementDifference?
  {
    var stored = [UInt8](repeating: 0, count: chunk.byteCount)
    let outcome = try stored.withUnsafeMutableBytes {
      try StoredChunks(store: store, tensors: tensors).read([id], into: [$0])
    }
    guard outcome == [.read(tensor.chunkDigests[chunk.index])] else { return nil }
    let recipe = tensor.recipe
    let regenerated = try recipe.bytes(chunk.elements(recipe.dtype))
    return stored.withUnsafeBytes { expected in
      regenerated.withUnsafeBytes {
        ElementDifference(
          expected: expected, found: $0, at: chunk.byteRange.lowerBound, recipe.dtype, recipe.shape)
      }
    }
  }
}

/// The chunks of one tensor that do not match, by index.
struct ChunkMismatches {
  private(set) var unreadable: [Int] = []
  private(set) var differing: [Int] = []
  private(set) var difference: ElementDifference?

  mutating func add(_ chunk: Int, _ result: ChunkResult) {
    switch result {
    case .matches: break
    case .unreadable: unreadable.append(chunk)
    case .differs(let found):
      differing.append(chunk)
      difference.add(found)
    }
  }
}
