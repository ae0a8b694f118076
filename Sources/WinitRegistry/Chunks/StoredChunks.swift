// Source: the bytes that a registry stores.

import WinitCore
import WinitStorage

/// The stored chunks of recorded tensors. A tensor without stored bytes is absent.
struct StoredChunks: ChunkSource {
  let store: Store
  let tensors: [TensorRecord]

  func read(_ chunks: [ChunkID], into buffers: [UnsafeMutableRawBufferPointer]) throws -> [ChunkRead] {
    var outcomes = [ChunkRead](repeating: .absent, count: chunks.count)
    let stored = chunks.indices.filter { tensors[chunks[$0].tensor].isStored }
    guard !stored.isEmpty else { return outcomes }
    let isRead = try store.readChunks(
      stored.map { (tensors[chunks[$0].tensor], chunks[$0].chunk.index) }, into: stored.map { buffers[$0] })
    // A run that was stripped or collected since its record was read has no stored bytes, which is no damage.
    for (i, isRead) in zip(stored, isRead) where !isRead {
      outcomes[i] = try store.isStored(tensors[chunks[i].tensor]) ? .unreadable : .absent
    }
    let read = zip(stored, isRead).filter(\.1).map(\.0)
    for (i, digest) in zip(read, SHA256Digest.each(of: read.map { UnsafeRawBufferPointer(buffers[$0]) })) {
      outcomes[i] = .read(digest)
    }
    return outcomes
  }
}
