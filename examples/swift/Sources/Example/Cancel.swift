// Calls a blocking method from async code, and cancels the call.

import Dispatch
import WinitRegistry

/// Runs tasks on threads of Dispatch. A blocking call in such a task does not occupy a thread of the pool that all other
/// tasks share.
final class BlockingExecutor: TaskExecutor {
  static let shared = BlockingExecutor()
  private let queue = DispatchQueue(label: "blocking calls", attributes: .concurrent)

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}

/// Creates a recipe-only run. If the task is canceled, the create stops and rolls back what it did.
func create(
  _ name: String, spec: ModelSpec, seed: UInt64, in registry: Registry, onProgress: @escaping @Sendable (Int) -> Void
) -> Task<Run, any Error> {
  Task(executorPreference: BlockingExecutor.shared) {
    var options = CreateOptions()
    options.recipeOnly = true
    return try registry.create(name, spec: spec, seed: seed, options: options) { done, total in
      onProgress(100 * done / max(total, 1))
      try Task.checkCancellation()
    }.run
  }
}

/// Starts to create a run of 4 GiB, and cancels the create at the first report of its progress.
func cancelCreate(in registry: Registry) async throws {
  let spec = try ModelSpec(parsing: "tensors: {w: {shape: [32768, 32768], init: normal}}")
  let before = try registry.runCount()
  let (progress, continuation) = AsyncStream<Int>.makeStream()
  let task = create("large", spec: spec, seed: 1, in: registry) { continuation.yield($0) }
  for await percent in progress {
    print("create of large: \(percent) %, canceled")
    break
  }
  task.cancel()
  var isCanceled = false
  do { _ = try await task.value } catch is CancellationError { isCanceled = true }
  try check("a canceled create throws CancellationError", isCanceled)
  try check("a canceled create leaves no run", try registry.runCount() == before)
  try check("a canceled create leaves no bytes", try registry.garbage().byteCount == 0)
}
