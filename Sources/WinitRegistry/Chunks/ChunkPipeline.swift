// The pipeline: several threads work on batches of chunks, and the results are consumed in order.

import Dispatch
import Foundation
import WinitCore

/// An ordered pipeline with bounded memory. Worker threads work on batches in parallel, and the calling thread consumes
/// finished batches in order. The batches in progress share a fixed number of buffers, so the memory does not grow with
/// the model.
final class ChunkPipeline<Item: PipelineItem> {
  /// The memory for the bytes of the items while a batch is in progress.
  enum Memory {
    /// No memory: the work does not keep the bytes.
    case none
    /// Memory of the pipeline.
    case pooled
    /// Memory of the caller. The closure returns the buffer of an item, which must stay valid until `run` returns.
    case external((Item) -> UnsafeMutableRawBufferPointer)
  }

  /// An item with its bytes and the result of the work.
  struct Done<Result> {
    let item: Item
    let bytes: UnsafeRawBufferPointer
    let result: Result
  }

  private let threads: Int
  private let memory: Memory
  private let pool: [UnsafeMutableRawBufferPointer]
  private let batchesUnderWay: Int
  private let usesCallingThread: Bool

  /// Creates a pipeline.
  ///
  /// - Parameters:
  ///   - threads: the number of workers; nil for one per processor.
  ///   - usesCallingThread: whether the calling thread works itself, because starting a worker would take as much time
  ///     as the work.
  init(threads: Int?, memory: Memory, usesCallingThread: Bool = false) {
    self.threads = usesCallingThread ? 1 : max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount)
    self.memory = memory
    self.usesCallingThread = usesCallingThread
    guard case .pooled = memory else {
      batchesUnderWay = 2 * self.threads + 1
      pool = []
      return
    }
    // One batch for each worker, and one that is consumed. The disk does not keep more than seven workers busy.
    batchesUnderWay = min(self.threads, 7) + 1
    pool = (0..<batchesUnderWay).map { _ in
      .allocate(byteCount: BatchMemory.byteCount, alignment: BatchMemory.alignment)
    }
  }

  deinit { for piece in pool { piece.deallocate() } }

  /// Returns whether starting a worker would take as much time as filling and hashing these tensors, or chunks of them:
  /// two chunks take a millisecond where each element depends on its word alone.
  static func isFasterWithoutWorkers(byteCount: Int, recipes: some Sequence<Recipe>) -> Bool {
    byteCount <= 2 * chunkSize && recipes.allSatisfy(\.law.isElementwise)
  }

  /// Works on items in parallel, and consumes the results in order.
  ///
  /// - Parameters:
  ///   - totalBytes: the size of all items, in bytes.
  ///   - progress: told about the work on a tensor that takes long, ten times a second. An error that its handler
  ///     throws ends the work at once.
  ///   - work: called on several threads at once, each time with a batch and a buffer for each of its items (no buffers
  ///     if the memory is `none`). Returns a result for each item.
  ///   - consume: called on the calling thread with each batch, in order. The bytes are valid only inside the call.
  func run<Items: Sequence<Item>, Result: Sendable>(
    _ items: Items, totalBytes: Int, progress: ProgressReporter? = nil,
    work: @escaping @Sendable ([Item], [UnsafeMutableRawBufferPointer]) throws -> [Result],
    consume: ([Done<Result>]) throws -> Void
  ) throws {
    try runInGroups(items, totalBytes: totalBytes, progress: progress, work: work) { next in
      while let batch = try next() { try consume(batch) }
    }
  }

  /// Works on items in parallel, and consumes the results in order, in groups of batches that are finished.
  ///
  /// - Parameter consume: called on the calling thread for each group, with a function that returns the next batch. The
  ///   first call of this function waits for the batch; later calls return nil if the next batch is not finished yet, or
  ///   if there is none. The bytes of a batch are valid until the next call of the function, or until `consume` returns.
  ///   `consume` takes at least one batch, and may leave the others for the next group.
  func runInGroups<Items: Sequence<Item>, Result: Sendable>(
    _ items: Items, totalBytes: Int, progress: ProgressReporter? = nil,
    work: @escaping @Sendable ([Item], [UnsafeMutableRawBufferPointer]) throws -> [Result],
    consume: (_ next: () throws -> [Done<Result>]?) throws -> Void
  ) throws {
    // A smaller amount is not worth clearing a large page.
    if totalBytes >= chunkSize { for piece in pool { BatchMemory.useLargePages(piece) } }
    var batcher = Batcher(items, totalBytes: totalBytes, threads: threads)
    let monitor = FillMonitor(OperationContext.current.cancellation)
    let queue = BatchQueue<Item, Result>(work, monitor, usesCallingThread: usesCallingThread)
    let workers = DispatchGroup()
    // Wait for the workers before returning: they still use the memory.
    defer {
      monitor.cancel()
      queue.close()
      workers.wait()
    }
    var underWay: [Batch<Item, Result>] = []
    var number = 0
    func start() {
      while underWay.count < batchesUnderWay, let items = batcher.take() {
        let batch = Batch<Item, Result>(items, buffers(for: items, number: number))
        // Each worker has a serial queue of its own: a worker that waits on a shared queue would occupy a thread that
        // other work needs.
        if !usesCallingThread, number < threads {
          DispatchQueue(label: "winit-registry.worker").async(group: workers) { queue.workLoop() }
        }
        number += 1
        underWay.append(batch)
        queue.add(batch)
      }
    }
    var isConsumed = false
    /// Gives the memory of a batch that was consumed to the next one.
    func release() {
      guard isConsumed else { return }
      isConsumed = false
      underWay.removeFirst()
      start()
    }
    start()
    while !underWay.isEmpty {
      var isFirst = true
      try consume {
        release()
        guard let batch = underWay.first, isFirst || queue.isFinished(batch) else { return nil }
        isFirst = false
        let results = try queue.results(of: batch) { try progress?.wait(partialBytes: monitor.partialBytes) }
        isConsumed = true
        return batch.items.indices.map { i in
          let bytes = batch.buffers.isEmpty ? nil : batch.buffers[i]
          return Done(
            item: batch.items[i],
            bytes: UnsafeRawBufferPointer(start: bytes?.baseAddress, count: bytes?.count ?? 0),
            result: results[i])
        }
      }
      release()
    }
  }

  private func buffers(for items: [Item], number: Int) -> [UnsafeMutableRawBufferPointer] {
    switch memory {
    case .none: return []
    case .external(let buffer): return items.map(buffer)
    case .pooled:
      let piece = pool[number % pool.count]
      var offset = 0
      return items.map { item in
        defer { offset += BatchMemory.space(for: item) }
        return UnsafeMutableRawBufferPointer(rebasing: piece[offset..<offset + item.byteCount])
      }
    }
  }
}

/// The items of a batch, the memory that the work on them uses, and the outcome of the work.
private final class Batch<Item, Outcome> {
  let items: [Item]
  let buffers: [UnsafeMutableRawBufferPointer]
  var outcome: Result<[Outcome], any Error>?

  init(_ items: [Item], _ buffers: [UnsafeMutableRawBufferPointer]) {
    self.items = items
    self.buffers = buffers
  }
}

/// The batches that wait for a worker.
// Sendable: `waiting`, `isClosed` and the outcome of each batch are used only while the condition is locked. The memory
// of a batch is used by the worker that has taken it, and then by the thread that waited for its outcome.
private final class BatchQueue<Item: Sendable, Outcome: Sendable>: @unchecked Sendable {
  typealias Work = @Sendable ([Item], [UnsafeMutableRawBufferPointer]) throws -> [Outcome]

  private let condition = NSCondition()
  private var waiting: [Batch<Item, Outcome>] = []
  private var isClosed = false
  private var hasWorker = false
  /// Whether the thread that waits for the results works itself.
  private var usesCallingThread: Bool
  private let work: Work
  private let monitor: FillMonitor

  init(_ work: @escaping Work, _ monitor: FillMonitor, usesCallingThread: Bool) {
    self.work = work
    self.monitor = monitor
    self.usesCallingThread = usesCallingThread
  }

  func add(_ batch: Batch<Item, Outcome>) {
    condition.withLock {
      waiting.append(batch)
      condition.broadcast()
    }
  }

  /// Discards the waiting batches, and lets each worker end after its current batch.
  func close() {
    condition.withLock {
      isClosed = true
      waiting = []
      condition.broadcast()
    }
  }

  /// Works on batches until the queue is closed.
  func workLoop() {
    condition.withLock { hasWorker = true }
    while let batch = take() { perform(batch) }
  }

  private func take() -> Batch<Item, Outcome>? {
    condition.withLock {
      while waiting.isEmpty, !isClosed { condition.wait() }
      return waiting.isEmpty ? nil : waiting.removeFirst()
    }
  }

  private func perform(_ batch: Batch<Item, Outcome>) {
    let outcome = FillMonitor.$current.withValue(monitor) {
      Result {
        let results = try work(batch.items, batch.buffers)
        // The bytes of a fill that was cancelled are undefined.
        if monitor.isCancelled { throw CancellationError() }
        return results
      }
    }
    condition.withLock {
      batch.outcome = outcome
      condition.broadcast()
    }
  }

  func isFinished(_ batch: Batch<Item, Outcome>) -> Bool { condition.withLock { batch.outcome != nil } }

  /// Waits for a batch and returns its results. If there is no worker, because the work is quick or because the
  /// system has no more threads, the calling thread works on the batch.
  ///
  /// - Parameter whileWaiting: called every tenth of a second.
  func results(of batch: Batch<Item, Outcome>, whileWaiting: () throws -> Void) throws -> [Outcome] {
    if condition.withLock({ usesCallingThread }), takeIfNoWorker(batch) { perform(batch) }
    while true {
      let outcome = condition.withLock {
        let deadline = Date.now.addingTimeInterval(0.1)
        while batch.outcome == nil, condition.wait(until: deadline) {}
        return batch.outcome
      }
      if case .success(let results)? = outcome { return results }
      // The error of a request to stop is thrown in place of that of a fill that it has cancelled.
      try monitor.checkOperation()
      if let outcome { return try outcome.get() }
      try whileWaiting()
      if takeIfNoWorker(batch) { perform(batch) }
    }
  }

  private func takeIfNoWorker(_ batch: Batch<Item, Outcome>) -> Bool {
    condition.withLock {
      guard !hasWorker, let index = waiting.firstIndex(where: { $0 === batch }) else { return false }
      waiting.remove(at: index)
      usesCallingThread = true
      return true
    }
  }
}
