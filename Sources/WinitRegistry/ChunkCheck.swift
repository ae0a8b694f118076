// One chunk held against its recorded digest, and what many of them come to.

import InitLaw
import Store
import Tensors

/// What became of a chunk.
enum ChunkState: Sendable {
  case matches
  /// It cannot be read.
  case unreadable
  /// It has other bytes; the elements that differ, where the right ones are to be had.
  case differs(Difference?)
}

extension RecordedTensor {
  /// Holds bytes against a chunk's digest, and where that differs against the chunk filled again, if that has it.
  func compare(_ chunk: Chunk, _ bytes: UnsafeRawBufferPointer) -> ChunkState {
    let digest = chunkDigests[chunk.index]
    if Digest(hashing: bytes.bytes) == digest { return .matches }
    let elements = chunk.elements(recipe.dtype)
    let expected = recipe.bytes(elements)
    guard Digest(hashing: expected.span.bytes) == digest else { return .differs(nil) }
    return expected.withUnsafeBytes {
      .differs(Difference(expected: $0, found: bytes, from: elements.lowerBound, of: recipe))
    }
  }
}

extension Store {
  /// Reads a stored chunk and holds it against its digest.
  func checkStored(
    _ chunk: Chunk, of tensor: RecordedTensor, _ buffer: UnsafeMutableRawBufferPointer
  ) throws -> ChunkState {
    guard try readChunk(chunk.index, of: tensor, into: buffer) else { return .unreadable }
    return tensor.compare(chunk, UnsafeRawBufferPointer(buffer))
  }

  /// Fills a chunk again and holds it against its digest, and where that differs against the stored bytes, if they
  /// have it.
  func checkRegenerated(
    _ chunk: Chunk, of tensor: RecordedTensor, _ buffer: UnsafeMutableRawBufferPointer
  ) throws -> ChunkState {
    let elements = chunk.elements(tensor.recipe.dtype)
    let digest = tensor.chunkDigests[chunk.index]
    if tensor.recipe.digest(chunk) == digest { return .matches }
    tensor.recipe.fill(elements, into: buffer)
    let filled = UnsafeRawBufferPointer(buffer)
    var stored = [UInt8](repeating: 0, count: chunk.byteCount)
    let isRead =
      try tensor.isStored
      && stored.withUnsafeMutableBytes { try readChunk(chunk.index, of: tensor, into: $0) }
    guard isRead, Digest(hashing: stored.span.bytes) == digest else { return .differs(nil) }
    return stored.withUnsafeBytes {
      .differs(Difference(expected: $0, found: filled, from: elements.lowerBound, of: tensor.recipe))
    }
  }
}

/// The chunks of one tensor that do not match.
struct ChunkTally {
  private(set) var unreadable: [Int] = []
  private(set) var differing: [Int] = []
  private(set) var difference: Difference?

  mutating func add(_ chunk: Int, _ state: ChunkState) {
    switch state {
    case .matches: break
    case .unreadable: unreadable.append(chunk)
    case .differs(let found):
      differing.append(chunk)
      difference.add(found)
    }
  }
}
