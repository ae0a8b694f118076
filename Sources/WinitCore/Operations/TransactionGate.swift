// Keeps the process from stopping inside a transaction.

import Foundation

/// Keeps transactions and stops of the process apart: a process that is stopped (Ctrl-Z) inside a transaction would keep
/// the registry locked.
// Sendable: the counts are used only while the condition is locked.
package final class TransactionGate: @unchecked Sendable {
  /// The gate of the process. A stop concerns all threads and all registries.
  package static let shared = TransactionGate()

  /// The number of transactions that this thread is inside of.
  @TaskLocal private static var depth = 0

  private let condition = NSCondition()
  private var openCount = 0
  private var unstoppableCount = 0
  private var isClosing = false

  package init() {}

  /// Runs a transaction. Waits while the process is about to stop.
  package func transaction<T>(_ body: () throws -> T) rethrows -> T {
    // A transaction inside another one never waits, because the stop waits for the outer one.
    if Self.depth > 0 { return try Self.$depth.withValue(Self.depth + 1) { try body() } }
    enter()
    defer { leave() }
    return try Self.$depth.withValue(1) { try body() }
  }

  /// Runs a long operation that keeps the registry locked, and uses transactions on other threads meanwhile. The process
  /// does not stop before its end.
  package func unstoppable<T>(_ body: () throws -> T) rethrows -> T {
    try transaction {
      condition.withLock { unstoppableCount += 1 }
      defer {
        condition.withLock {
          unstoppableCount -= 1
          condition.broadcast()
        }
      }
      return try body()
    }
  }

  /// Lets the process stop while the caller is inside `transaction` but holds no lock yet. Inside two transactions, the
  /// outer one may hold a lock.
  package func stepAside() {
    guard Self.depth == 1, condition.withLock({ isClosing }) else { return }
    leave()
    enter()
  }

  /// Runs a body at a time when no transaction is open; no transaction begins before its end.
  ///
  /// - Parameter delayed: called once if this takes longer than a second.
  package func betweenTransactions(delayed: () -> Void, _ body: () -> Void) {
    var isDelayed = false
    while !close() {
      if !isDelayed { delayed() }
      isDelayed = true
      usleep(10000)
    }
    body()
    reopen()
  }

  private func enter() {
    condition.withLock {
      while isClosing, unstoppableCount == 0 { condition.wait() }
      openCount += 1
    }
  }

  private func leave() {
    condition.withLock {
      openCount -= 1
      condition.broadcast()
    }
  }

  /// Keeps new transactions from beginning, and waits up to a second for those that are open.
  ///
  /// - Returns: whether none is open. If one is, others may begin again, because it may wait for one of them.
  private func close() -> Bool {
    let deadline = Date.now.addingTimeInterval(1)
    return condition.withLock {
      isClosing = true
      while openCount > 0 {
        if !condition.wait(until: deadline) {
          isClosing = false
          condition.broadcast()
          return false
        }
      }
      return true
    }
  }

  private func reopen() {
    condition.withLock {
      isClosing = false
      condition.broadcast()
    }
  }
}
