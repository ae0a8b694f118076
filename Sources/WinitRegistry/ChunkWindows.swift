// Chunks worked on in parallel, a bounded window of them at a time, handed on in order.

import Foundation
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

  /// - Parameter threads: nil for one per processor.
  init(threads: Int?) {
    self.threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
    memory = .allocate(byteCount: Store.transactionSize, alignment: 64)
  }

  deinit { memory.deallocate() }

  /// - Parameters:
  ///   - work: called on several threads at once, each time with a buffer of exactly the chunk's size.
  ///   - consume: called on this thread with each window in turn; the bytes are valid only inside.
  func run<Result: Sendable>(
    _ tasks: some Sequence<ChunkTask>,
    work: @Sendable (ChunkTask, UnsafeMutableRawBufferPointer) throws -> Result,
    consume: ([Done<Result>]) throws -> Void
  ) throws {
    var window: [ChunkTask] = []
    var offsets: [Int] = []
    var used = 0
    for task in tasks {
      if used + task.chunk.byteCount > memory.count {
        try consume(try self.work(on: window, offsets, work))
        (window, offsets, used) = ([], [], 0)
      }
      window.append(task)
      offsets.append(used)
      used += (task.chunk.byteCount + 63) & ~63
    }
    if !window.isEmpty { try consume(try self.work(on: window, offsets, work)) }
  }

  private func work<Result: Sendable>(
    on window: [ChunkTask], _ offsets: [Int],
    _ work: @Sendable (ChunkTask, UnsafeMutableRawBufferPointer) throws -> Result
  ) throws -> [Done<Result>] {
    // Each task has a part of the memory to itself.
    nonisolated(unsafe) let memory = memory
    @Sendable func buffer(_ i: Int) -> UnsafeMutableRawBufferPointer {
      let size = window[i].chunk.byteCount
      return UnsafeMutableRawBufferPointer(rebasing: memory[offsets[i]..<offsets[i] + size])
    }
    let results = Mutex([Result?](repeating: nil, count: window.count))
    try concurrently(window.count, threads: threads) { i in
      let result = try work(window[i], buffer(i))
      results.withLock { $0[i] = result }
    }
    return zip(window.indices, results.withLock { $0 }).compactMap { index, result in
      result.map {
        Done(
          task: window[index], bytes: UnsafeRawBufferPointer(buffer(index)), result: $0)
      }
    }
  }
}

/// The chunks of tensors of these sizes, one tensor after another, made as they are asked for.
func allChunks(_ byteCounts: [Int]) -> some Sequence<ChunkTask> {
  byteCounts.enumerated().lazy.flatMap { tensor, bytes in
    (0..<Chunk.count(ofBytes: bytes)).lazy.map { ChunkTask(tensor: tensor, chunk: Chunk($0, ofBytes: bytes)) }
  }
}
