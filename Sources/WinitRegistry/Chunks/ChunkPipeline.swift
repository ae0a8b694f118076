// Batches of chunks worked on by several threads and handed on in order.

import Dispatch
import Foundation
import WinitCore

/// Workers take batches of chunks as they come; the thread that runs the pipeline hands on what is done, in order, while
/// they go on. Each batch under way has a piece of memory that is used again, so memory does not grow with the model.
final class ChunkPipeline {
  /// A chunk whose work is done.
  struct Done<Result> {
    let task: ChunkID
    let bytes: UnsafeRawBufferPointer
    let result: Result
  }

  private let threads: Int
  private let memory: [UnsafeMutableRawBufferPointer]
  private let batchesUnderWay: Int

  /// - Parameters:
  ///   - threads: nil for one per processor.
  ///   - keepingBytes: whether the work needs memory for its chunks.
  init(threads: Int?, keepingBytes: Bool) {
    self.threads = max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount)
    // With memory: what the workers work on and what is handed on; the disk keeps no more than a few workers busy.
    batchesUnderWay = keepingBytes ? min(self.threads, 7) + 1 : 2 * self.threads + 1
    memory = (0..<(keepingBytes ? batchesUnderWay : 0)).map { _ in
      .allocate(byteCount: Batcher<[ChunkID]>.byteCount, alignment: 64)
    }
  }

  deinit { for piece in memory { piece.deallocate() } }

  /// - Parameters:
  ///   - tasks: chunks, and their size in all.
  ///   - work: called on several threads at once, each time with a buffer for each chunk, of its size, or with none. Gives a
  ///     result for each chunk.
  ///   - consume: called on this thread with each batch in turn; the bytes are valid only inside.
  func run<Result: Sendable, Tasks: Sequence<ChunkID>>(
    _ tasks: Tasks, totalBytes: Int,
    work: @escaping @Sendable ([ChunkID], [UnsafeMutableRawBufferPointer]) throws -> [Result],
    consume: ([Done<Result>]) throws -> Void
  ) throws {
    var batches = Batcher(tasks, totalBytes: totalBytes, threads: threads)
    let queue = BatchQueue<Result>(work)
    let workers = DispatchGroup()
    // Nobody leaves before the workers have: what they do uses the memory.
    defer {
      queue.close()
      workers.wait()
    }
    var underWay: [Batch<Result>] = []
    var number = 0
    func start() {
      while underWay.count < batchesUnderWay, let tasks = batches.take() {
        let batch = Batch<Result>(tasks, in: memory.isEmpty ? nil : memory[number % memory.count])
        // A serial queue for each worker, because one that waits would keep a shared thread from others.
        if number < threads {
          DispatchQueue(label: "winit-registry.worker").async(group: workers) { queue.workLoop() }
        }
        number += 1
        underWay.append(batch)
        queue.add(batch)
      }
    }
    start()
    while let batch = underWay.first {
      let results = try queue.results(of: batch)
      try consume(
        batch.tasks.indices.map { i in
          let bytes = batch.buffers.isEmpty ? nil : batch.buffers[i]
          return Done(
            task: batch.tasks[i],
            bytes: UnsafeRawBufferPointer(start: bytes?.baseAddress, count: bytes?.count ?? 0),
            result: results[i])
        })
      underWay.removeFirst()
      start()
    }
  }
}

/// Some chunks, the memory they are worked on in, and what became of it.
private final class Batch<Outcome> {
  let tasks: [ChunkID]
  let buffers: [UnsafeMutableRawBufferPointer]
  var outcome: Result<[Outcome], any Error>?

  init(_ tasks: [ChunkID], in memory: UnsafeMutableRawBufferPointer?) {
    self.tasks = tasks
    var offset = 0
    buffers =
      memory.map { memory in
        tasks.map { task in
          defer { offset += Batcher<[ChunkID]>.space(for: task) }
          return UnsafeMutableRawBufferPointer(rebasing: memory[offset..<offset + task.chunk.byteCount])
        }
      } ?? []
  }
}

/// The batches that wait for a worker.
// Sendable: `waiting`, `isClosed` and each batch's outcome are touched only with the condition locked, and a batch's
// memory only by who has taken it, then by who waited for its outcome.
private final class BatchQueue<Outcome: Sendable>: @unchecked Sendable {
  private let condition = NSCondition()
  private var waiting: [Batch<Outcome>] = []
  private var isClosed = false
  private let work: @Sendable ([ChunkID], [UnsafeMutableRawBufferPointer]) throws -> [Outcome]

  init(_ work: @escaping @Sendable ([ChunkID], [UnsafeMutableRawBufferPointer]) throws -> [Outcome]) {
    self.work = work
  }

  func add(_ batch: Batch<Outcome>) {
    condition.withLock {
      waiting.append(batch)
      condition.broadcast()
    }
  }

  /// Lets the workers go once what they have taken is done.
  func close() {
    condition.withLock {
      isClosed = true
      waiting = []
      condition.broadcast()
    }
  }

  /// Works on batches until there are no more to come.
  func workLoop() {
    while let batch = take() { perform(batch) }
  }

  private func take() -> Batch<Outcome>? {
    condition.withLock {
      while waiting.isEmpty, !isClosed { condition.wait() }
      return waiting.isEmpty ? nil : waiting.removeFirst()
    }
  }

  private func perform(_ batch: Batch<Outcome>) {
    let outcome = Result { try work(batch.tasks, batch.buffers) }
    condition.withLock {
      batch.outcome = outcome
      condition.broadcast()
    }
  }

  /// Waits until a batch is done. One that no worker has taken, because there are no threads to be had, is done here.
  func results(of batch: Batch<Outcome>) throws -> [Outcome] {
    let isTakenHere = condition.withLock {
      guard let index = waiting.firstIndex(where: { $0 === batch }) else { return false }
      waiting.remove(at: index)
      return true
    }
    if isTakenHere { perform(batch) }
    return try condition.withLock {
      while batch.outcome == nil { condition.wait() }
      return try batch.outcome?.get() ?? []
    }
  }
}
