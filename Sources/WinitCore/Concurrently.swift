// A parallel loop.

import Dispatch
import Synchronization

/// Runs `body(0)`, `body(1)`, …, `body(count − 1)`, each exactly once, on up to `threads` threads.
///
/// Iterations start in ascending order, end in any order, and never wait for each other. The loop uses no more threads
/// than the machine has processors. After an error no further iteration starts.
///
/// - Throws: the error of the lowest iteration that failed.
package func concurrently<Failure: Error>(
  _ count: Int, threads: Int, _ body: @Sendable (Int) throws(Failure) -> Void
) throws(Failure) {
  guard threads > 1, count > 1 else {
    for i in 0..<count { try body(i) }
    return
  }
  let next = Atomic(0)
  let failure = Mutex<(index: Int, error: Failure)?>(nil)
  DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
    while failure.withLock({ $0 == nil }) {
      let i = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard i < count else { return }
      do throws(Failure) {
        try body(i)
      } catch {
        failure.withLock { if $0.map({ i < $0.index }) ?? true { $0 = (i, error) } }
      }
    }
  }
  if let failure = failure.withLock({ $0 }) { throw failure.error }
}
