// Chunks held against their recorded digests, and what many of them come to.

import WinitCore
import WinitStorage

/// What became of a chunk.
enum ChunkResult: Sendable {
  case matches
  /// It cannot be read.
  case unreadable
  /// It has other bytes; the elements that differ, where the right ones are to be had.
  case differs(ElementDifference?)
}

extension RecordedTensor {
  /// The state of a chunk that was read with a digest, and where that differs from the recorded one, its bytes held
  /// against the chunk filled again, if that has it.
  func state(_ chunk: Chunk, _ digest: Digest, _ bytes: UnsafeRawBufferPointer) -> ChunkResult {
    let recorded = chunkDigests[chunk.index]
    if digest == recorded { return .matches }
    guard recipe.law.isRegenerable else { return .differs(nil) }
    let elements = chunk.elements(recipe.dtype)
    let expected = recipe.bytes(elements)
    guard Digest(hashing: expected.span.bytes) == recorded else { return .differs(nil) }
    return expected.withUnsafeBytes {
      .differs(ElementDifference(expected: $0, found: bytes, from: elements.lowerBound, of: recipe))
    }
  }

  func recipeChunk(_ chunk: Chunk) -> RecipeChunk { RecipeChunk(recipe, chunk) }
}

extension Store {
  /// Reads those stored chunks that are wanted and holds them against their digests; nil for others, and for what is
  /// not kept.
  func checkStored(
    _ tasks: [ChunkID], of tensors: [RecordedTensor], _ buffers: [UnsafeMutableRawBufferPointer],
    where wanted: [Bool]
  ) throws -> [ChunkResult?] {
    var states = [ChunkResult?](repeating: nil, count: tasks.count)
    let kept = tasks.indices.filter { wanted[$0] && tensors[tasks[$0].tensor].isStored }
    guard !kept.isEmpty else { return states }
    let isRead = try readChunks(
      kept.map { (tensors[tasks[$0].tensor], tasks[$0].chunk.index) }, into: kept.map { buffers[$0] })
    // What was stripped or collected meanwhile is not kept any more, and so not damaged.
    for (i, isRead) in zip(kept, isRead) where !isRead {
      if try isKept(tensors[tasks[i].tensor]) { states[i] = .unreadable }
    }
    let read = zip(kept, isRead).filter(\.1).map(\.0)
    let bytes = read.map { UnsafeRawBufferPointer(buffers[$0]) }
    for (i, (bytes, digest)) in zip(read, zip(bytes, Digest.each(of: bytes))) {
      states[i] = tensors[tasks[i].tensor].state(tasks[i].chunk, digest, bytes)
    }
    return states
  }

  /// Fills those chunks again that are wanted and holds them against their digests; nil for others.
  func checkRegenerated(
    _ tasks: [ChunkID], of tensors: [RecordedTensor], where wanted: [Bool]
  ) throws -> [ChunkResult?] {
    var states = [ChunkResult?](repeating: nil, count: tasks.count)
    let filled = tasks.indices.filter { wanted[$0] }
    let digests = Digest.each(of: filled.map { tensors[tasks[$0].tensor].recipeChunk(tasks[$0].chunk) })
    for (i, digest) in zip(filled, digests) {
      let (tensor, chunk) = (tensors[tasks[i].tensor], tasks[i].chunk)
      states[i] =
        digest == tensor.chunkDigests[chunk.index]
        ? .matches : .differs(try regeneratedDifference(chunk, of: tensor))
    }
    return states
  }

  /// What a chunk filled again has else than the stored bytes, if those have the recorded digest.
  private func regeneratedDifference(_ chunk: Chunk, of tensor: RecordedTensor) throws -> ElementDifference? {
    let elements = chunk.elements(tensor.recipe.dtype)
    var stored = [UInt8](repeating: 0, count: chunk.byteCount)
    let isRead =
      try tensor.isStored
      && stored.withUnsafeMutableBytes { try readChunks([(tensor, chunk.index)], into: [$0]) } == [true]
    guard isRead, Digest(hashing: stored.span.bytes) == tensor.chunkDigests[chunk.index] else { return nil }
    let filled = tensor.recipe.bytes(elements)
    return stored.withUnsafeBytes { expected in
      filled.withUnsafeBytes {
        ElementDifference(expected: expected, found: $0, from: elements.lowerBound, of: tensor.recipe)
      }
    }
  }
}

/// The chunks of one tensor that do not match.
struct ChunkMismatches {
  private(set) var unreadable: [Int] = []
  private(set) var differing: [Int] = []
  private(set) var difference: ElementDifference?

  mutating func add(_ chunk: Int, _ state: ChunkResult) {
    switch state {
    case .matches: break
    case .unreadable: unreadable.append(chunk)
    case .differs(let found):
      differing.append(chunk)
      difference.add(found)
    }
  }
}
