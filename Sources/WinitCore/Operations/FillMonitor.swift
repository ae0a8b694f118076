// How other threads watch a fill that takes long, and stop it.

import Synchronization

/// Watches the fills of worker threads: reports how much of the tensors that can only be computed whole is done, and
/// lets these computations end early.
///
/// After a monitor was cancelled, fills throw `CancellationError`, and the bytes that they have written are undefined.
package final class FillMonitor: Sendable {
  /// The monitor of the fills on this thread; nil if the fills are not watched.
  @TaskLocal package static var current: FillMonitor?

  private let cancellation: Cancellation
  private let cancelled = Atomic(false)
  private let bytes = Atomic(0)

  /// Creates a monitor that is cancelled with the operation too.
  package init(_ cancellation: Cancellation) { self.cancellation = cancellation }

  /// - Throws: the error of the request to stop the operation, if there is one.
  package func checkOperation() throws { try cancellation.check() }

  package func cancel() { cancelled.store(true, ordering: .relaxed) }

  package var isCancelled: Bool { cancelled.load(ordering: .relaxed) || cancellation.isRequested }

  /// The bytes of the whole tensors in progress, each in proportion to the work on it that is done.
  package var partialBytes: Int { bytes.load(ordering: .relaxed) }

  /// Runs fills on this thread, which a request to stop the operation ends.
  ///
  /// - Throws: the error of the body or of the request.
  package static func watching<T>(_ body: () throws -> T) throws -> T {
    let cancellation = OperationContext.current.cancellation
    let result = Result { try $current.withValue(FillMonitor(cancellation), operation: body) }
    try cancellation.check()
    return try result.get()
  }

  fileprivate func add(_ count: Int) { bytes.add(count, ordering: .relaxed) }
}

/// The progress of one tensor that is computed whole. The threads of the computation share it.
final class PartialFill: Sendable {
  private let monitor: FillMonitor?
  private let byteCount: Int
  private let reported = Mutex(0)

  /// Begins the progress of a tensor of this size, on the thread that fills it.
  init(byteCount: Int) {
    monitor = FillMonitor.current
    self.byteCount = byteCount
  }

  // From here on, the chunks of the tensor are counted when they are filled.
  deinit { monitor?.add(-reported.withLock { $0 }) }

  /// - Throws: `CancellationError` if the result of the computation is not used.
  func check() throws { if monitor?.isCancelled ?? false { throw CancellationError() } }

  /// Reports the share of the work that is done, from 0 to 1. Progress never goes back: a smaller share than before
  /// changes nothing.
  func report(_ share: Double) {
    guard let monitor else { return }
    let now = Int(Double(byteCount) * min(max(share, 0), 1))
    reported.withLock { reported in
      guard now > reported else { return }
      monitor.add(now - reported)
      reported = now
    }
  }
}
