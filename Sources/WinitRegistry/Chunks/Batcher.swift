// The chunks of a run, and how many of them are worked on together.

import WinitCore
import WinitStorage

/// A chunk of one of several tensors.
struct ChunkID: Sendable {
  let tensor: Int
  let chunk: Chunk
}

/// The chunks of tensors of these sizes, one tensor after another, made as they are asked for.
func allChunks(_ byteCounts: [Int]) -> some Sequence<ChunkID> {
  byteCounts.enumerated().lazy.flatMap { tensor, bytes in
    (0..<Chunk.count(ofBytes: bytes)).lazy.map { ChunkID(tensor: tensor, chunk: Chunk($0, ofBytes: bytes)) }
  }
}

/// Takes chunks in batches: sixteen of full size, which are hashed together, and what lies between them; fewer where
/// there would not be a batch for each thread.
struct Batcher<Tasks: Sequence<ChunkID>> {
  /// Room for sixteen full chunks and the small ones between them.
  static var byteCount: Int { Store.transactionSize }
  private static var most: (full: Int, all: Int) { (16, 1024) }

  private var rest: Tasks.Iterator
  private var next: ChunkID?
  private let full: Int

  init(_ tasks: Tasks, totalBytes: Int, threads: Int) {
    rest = tasks.makeIterator()
    next = rest.next()
    full = max(1, min(Self.most.full, totalBytes / chunkSize / threads))
  }

  /// The next batch; nil at the end.
  mutating func take() -> [ChunkID]? {
    var batch: [ChunkID] = []
    var (bytes, fullChunks) = (0, 0)
    while let task = next, batch.count < Self.most.all {
      bytes += Batcher.space(for: task)
      fullChunks += task.chunk.byteCount == chunkSize ? 1 : 0
      guard bytes <= Self.byteCount, fullChunks <= full else { break }
      batch.append(task)
      next = rest.next()
    }
    return batch.isEmpty ? nil : batch
  }

  /// A chunk's place in a batch's memory: rounded up so that the next one is aligned, and not a power of two, or sixteen
  /// hashed together would lie in the same few lines of the cache.
  static func space(for task: ChunkID) -> Int { (task.chunk.byteCount + 63) & ~63 + 64 }
}
