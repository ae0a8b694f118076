// Chunks worked on in parallel, a bounded window of them at a time, handed on in order.

import InitLaw
import Store
import Synchronization

/// A chunk of one of several tensors.
struct ChunkTask: Sendable {
  let tensor: Int
  let chunk: Chunk
}

/// A window of memory through which chunks of any number of tensors pass: up to 16 MiB of them are worked on in
/// parallel, then consumed in order, and the memory is used again. So memory does not grow with the model.
final class ChunkWindows {
  /// A chunk whose work is done.
  struct Done<Result> {
    let task: ChunkTask
    let bytes: UnsafeRawBufferPointer
    let result: Result
  }

  private let memory: UnsafeMutableRawBufferPointer
  private let threads: Int

  init(threads: Int) {
    self.threads = threads
    memory = .allocate(byteCount: Store.transactionSize, alignment: 64)
  }

  deinit { memory.deallocate() }

  /// - Parameters:
  ///   - work: called on several threads at once, each time with a buffer of exactly the chunk's size.
  ///   - consume: called on this thread with each window in turn; the bytes are valid only inside.
  func run<Result: Sendable>(
    _ tasks: [ChunkTask], work: @Sendable (ChunkTask, UnsafeMutableRawBufferPointer) throws -> Result,
    consume: ([Done<Result>]) throws -> Void
  ) throws {
    var start = 0
    while start < tasks.count {
      var offsets: [Int] = []
      var used = 0
      while start + offsets.count < tasks.count {
        let size = tasks[start + offsets.count].chunk.byteCount
        guard used + size <= memory.count else { break }
        offsets.append(used)
        used += (size + 63) & ~63
      }
      let window = tasks[start..<start + offsets.count]
      try consume(try self.work(on: window, offsets, work))
      start += window.count
    }
  }

  private func work<Result: Sendable>(
    on window: ArraySlice<ChunkTask>, _ offsets: [Int],
    _ work: @Sendable (ChunkTask, UnsafeMutableRawBufferPointer) throws -> Result
  ) throws -> [Done<Result>] {
    // Each task has a part of the memory to itself.
    nonisolated(unsafe) let memory = memory
    @Sendable func buffer(_ i: Int) -> UnsafeMutableRawBufferPointer {
      let size = window[window.startIndex + i].chunk.byteCount
      return UnsafeMutableRawBufferPointer(rebasing: memory[offsets[i]..<offsets[i] + size])
    }
    let results = Mutex([Result?](repeating: nil, count: window.count))
    try concurrently(window.count, threads: threads) { i in
      let result = try work(window[window.startIndex + i], buffer(i))
      results.withLock { $0[i] = result }
    }
    return zip(window.indices, results.withLock { $0 }).compactMap { index, result in
      result.map {
        Done(
          task: window[index], bytes: UnsafeRawBufferPointer(buffer(index - window.startIndex)), result: $0)
      }
    }
  }
}

/// The chunks of tensors of these sizes, one tensor after another.
func allChunks(_ byteCounts: [Int]) -> [ChunkTask] {
  byteCounts.enumerated().flatMap { tensor, bytes in
    (0..<Chunk.count(ofBytes: bytes)).map { ChunkTask(tensor: tensor, chunk: Chunk($0, ofBytes: bytes)) }
  }
}
