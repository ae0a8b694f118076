// The request to stop an operation.

import Synchronization

/// A request to stop an operation, which any thread may make, also the thread that handles signals.
package final class Cancellation: Sendable {
  private struct State {
    var error: (any Error)?
    var interrupts: [Int: @Sendable () -> Void] = [:]
    var next = 0
  }

  private let requested = Atomic(false)
  private let state = Mutex(State())

  package init() {}

  /// Whether the operation was asked to stop.
  package var isRequested: Bool { requested.load(ordering: .relaxed) }

  /// Asks the operation to stop, and calls the interrupts of the calls that are in progress.
  ///
  /// - Parameter error: the error with which the operation ends. The first request decides it.
  package func request(_ error: any Error) {
    let interrupts = state.withLock { state in
      state.error = state.error ?? error
      requested.store(true, ordering: .relaxed)
      return Array(state.interrupts.values)
    }
    for interrupt in interrupts { interrupt() }
  }

  /// - Throws: the error of the request, if the operation was asked to stop.
  package func check() throws {
    guard isRequested, let error = state.withLock({ $0.error }) else { return }
    throw error
  }

  /// Runs a body that cannot ask whether it should stop.
  ///
  /// - Parameter interrupt: makes the body end; called on the thread of the request.
  package func interrupting<T>(by interrupt: @escaping @Sendable () -> Void, _ body: () throws -> T) throws -> T {
    let number = state.withLock { state in
      state.next += 1
      state.interrupts[state.next] = interrupt
      return state.next
    }
    defer { state.withLock { $0.interrupts[number] = nil } }
    try check()
    return try body()
  }
}
