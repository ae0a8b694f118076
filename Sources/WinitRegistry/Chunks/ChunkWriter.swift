// Chunks on their way into a store, under a lease, until something refers to them or they are taken back.

import Foundation
import WinitCore
import WinitStorage

/// Work that adds chunks in bounded transactions and ends with one that refers to them.
final class ChunkWriter {
  let store: Store
  let lease = Lease()
  private let threads: Int?
  private let progress: ProgressHandler?
  private let total: Int
  private var done = 0
  /// Bytes added as new chunks.
  private(set) var storedBytes = 0

  private init(_ store: Store, total: Int, threads: Int?, progress: ProgressHandler?) {
    self.store = store
    self.total = total
    self.threads = threads
    self.progress = progress
  }

  /// Runs a body that adds chunks and commits; what it added is taken back if it fails.
  ///
  /// - Throws: what the body throws; `RegistryError.leftBehind` where not all could be taken back.
  static func run<Result>(
    _ store: Store, total: Int, threads: Int?, progress: ProgressHandler?,
    _ body: (ChunkWriter) throws -> Result
  ) throws -> Result {
    let writer = ChunkWriter(store, total: total, threads: threads, progress: progress)
    do { return try body(writer) } catch {
      let left = store.rollBack(writer.lease)
      throw left == 0 ? error : RegistryError.leftBehind(bytes: left, after: error)
    }
  }

  /// Makes chunks, in parallel, and adds them to the store a batch at a time.
  ///
  /// - Parameters:
  ///   - keepingBytes: false where digests alone are wanted.
  ///   - work: fills a buffer for each chunk, if there are any, and gives the chunks' digests.
  ///   - seen: called with each chunk and its digest.
  func add(
    _ tasks: some Sequence<ChunkID>, keepingBytes: Bool = true,
    work: @escaping @Sendable ([ChunkID], [UnsafeMutableRawBufferPointer]) throws -> [Digest],
    seen: (ChunkID, Digest) -> Void = { _, _ in }
  ) throws {
    let pipeline = ChunkPipeline(threads: threads, keepingBytes: keepingBytes)
    try pipeline.run(tasks, totalBytes: total, work: work) { batch in
      for chunk in batch {
        seen(chunk.task, chunk.result)
        done += chunk.task.chunk.byteCount
      }
      if keepingBytes {
        storedBytes += try store.addChunks(batch.map { ($0.result, $0.bytes) }, lease)
        yieldToOtherWriters()
      }
      try progress?(min(done, total), total)
    }
  }

  /// Makes visible what refers to the chunks. Those that are gone by then, because the lease was thought dead, are made
  /// again.
  func commit<Result>(_ body: () throws -> Result, again: (Set<Digest>) throws -> Void) throws -> Result {
    for _ in 0..<10 {
      do { return try body() } catch StoreError.missingChunks(let missing) { try again(missing) }
    }
    // Something takes them as fast as they are made, or makes others of them, as a file that changes does.
    return try body()
  }
}
