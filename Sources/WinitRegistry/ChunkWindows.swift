// Chunks worked on in parallel, bounded windows of them at a time, handed on in order.

import Dispatch
import Foundation
import InitLaw
import Store
import Synchronization

/// A chunk of one of several tensors.
struct ChunkTask: Sendable {
  let tensor: Int
  let chunk: Chunk
}

/// The chunks of tensors of these sizes, one tensor after another, made as they are asked for.
func allChunks(_ byteCounts: [Int]) -> some Sequence<ChunkTask> {
  byteCounts.enumerated().lazy.flatMap { tensor, bytes in
    (0..<Chunk.count(ofBytes: bytes)).lazy.map { ChunkTask(tensor: tensor, chunk: Chunk($0, ofBytes: bytes)) }
  }
}

/// Two windows of memory through which chunks of any number of tensors pass: while up to 16 MiB of them are consumed in
/// order, the next 16 MiB are worked on in parallel, and the memory is used again. So neither waits for the other, and
/// memory does not grow with the model.
final class ChunkWindows {
  /// A chunk whose work is done.
  struct Done<Result> {
    let task: ChunkTask
    let bytes: UnsafeRawBufferPointer
    let result: Result
  }

  private let memory: [UnsafeMutableRawBufferPointer]
  private let threads: Int

  /// - Parameter threads: nil for one per processor.
  init(threads: Int?) {
    self.threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
    memory = (0..<2).map { _ in .allocate(byteCount: Store.transactionSize, alignment: 64) }
  }

  deinit { for window in memory { window.deallocate() } }

  /// - Parameters:
  ///   - work: called on several threads at once, each time with a buffer of exactly the chunk's size.
  ///   - consume: called on this thread with each window in turn; the bytes are valid only inside.
  func run<Result: Sendable>(
    _ tasks: some Sequence<ChunkTask>,
    work: @escaping @Sendable (ChunkTask, UnsafeMutableRawBufferPointer) throws -> Result,
    consume: ([Done<Result>]) throws -> Void
  ) throws {
    var rest = tasks.makeIterator()
    var waiting = rest.next()
    var turn = 0
    /// Takes the tasks of the next window and sets them going; nil where there are none.
    func start() -> WindowUnderWork<Result>? {
      var window: [ChunkTask] = []
      var used = 0
      while let task = waiting, used + task.chunk.byteCount <= memory[turn].count {
        window.append(task)
        used += ChunkWindows.space(for: task)
        waiting = rest.next()
      }
      guard !window.isEmpty else { return nil }
      let started = WindowUnderWork(window, in: memory[turn], threads: threads, work)
      turn = 1 - turn
      return started
    }
    var current = start()
    while let window = current {
      let done = try window.wait()
      current = start()
      // What is under way uses the memory; nobody leaves before it is done.
      do { try consume(done) } catch {
        _ = try? current?.wait()
        throw error
      }
    }
  }

  /// A chunk's size, rounded up so that the next one is aligned.
  fileprivate static func space(for task: ChunkTask) -> Int { (task.chunk.byteCount + 63) & ~63 }
}

/// The work on one window, going on while its maker does other things.
private final class WindowUnderWork<Result: Sendable>: Sendable {
  private let tasks: [ChunkTask]
  // Each task has a part of the memory to itself, and the maker looks at none of it before `wait` returns.
  private nonisolated(unsafe) let buffers: [UnsafeMutableRawBufferPointer]
  private let results: Mutex<[Result?]>
  private let failure = Mutex<(any Error)?>(nil)
  private let group = DispatchGroup()

  init(
    _ tasks: [ChunkTask], in memory: UnsafeMutableRawBufferPointer, threads: Int,
    _ work: @escaping @Sendable (ChunkTask, UnsafeMutableRawBufferPointer) throws -> Result
  ) {
    self.tasks = tasks
    var offset = 0
    buffers = tasks.map { task in
      defer { offset += ChunkWindows.space(for: task) }
      return UnsafeMutableRawBufferPointer(rebasing: memory[offset..<offset + task.chunk.byteCount])
    }
    results = Mutex([Result?](repeating: nil, count: tasks.count))
    DispatchQueue.global().async(group: group) {
      do {
        try concurrently(self.tasks.count, threads: threads) { i in
          let result = try work(self.tasks[i], self.buffers[i])
          self.results.withLock { $0[i] = result }
        }
      } catch { self.failure.withLock { $0 = error } }
    }
  }

  /// Waits until all of it is done, or throws what went wrong.
  func wait() throws -> [ChunkWindows.Done<Result>] {
    group.wait()
    if let error = failure.withLock({ $0 }) { throw error }
    return results.withLock { $0 }.enumerated().compactMap { i, result in
      result.map { ChunkWindows.Done(task: tasks[i], bytes: UnsafeRawBufferPointer(buffers[i]), result: $0) }
    }
  }
}
