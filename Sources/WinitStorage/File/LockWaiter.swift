// How a connection waits for the locks of other processes, and how its statements are stopped.

import CWinitStorage
import Foundation
import GRDB
import Synchronization
import WinitCore

/// Waits for locks on behalf of a connection: for a limited time by the clock, until the operation is asked to stop.
/// After a second it tells the context which process holds the lock.
final class LockWaiter: Sendable {
  private struct State {
    /// The address of the connection that waits, which only its own thread uses.
    var connection = 0
    /// The time of the last poll of the wait in progress.
    var lastPoll = ContinuousClock.now
    var waited = Duration.zero
    var isAnnounced = false
    /// The process that was announced last, and when.
    var announcement: (holder: LockHolder, time: ContinuousClock.Instant)?
    /// The message that ended the last wait without the lock.
    var failure: (waited: Duration, holder: LockHolder)?
  }

  private let path: String
  private let context: OperationContext
  private let state = Mutex(State())
  /// The number of bodies in progress that must not be stopped.
  private let shields = Atomic(0)
  /// How often SQLite has called during the statement in progress, each time after 500 steps of its virtual machine.
  private let steps = Atomic(0)
  /// Whether the last failure is the end of a statement that took too many steps.
  private let hasEndedStatement = Atomic(false)

  /// The calls that any statement may take, some seconds. A scan of a sound file takes a few steps for each byte.
  private static let freeCalls = 1 << 19
  /// The bytes of the file for each further call, which is 50 steps for each byte.
  private static let bytesOfCall = 10

  /// The time after which a wait is announced.
  private static let announcementDelay = Duration.seconds(1)
  /// The time after which the same process is announced again.
  private static let announcementPause = Duration.seconds(60)
  /// The maximum time of a wait while the work of a stopped operation is rolled back.
  private static let rollbackTimeout = Duration.seconds(1)

  init(_ path: String) {
    self.path = path
    context = .current
  }

  /// Whether the operation was asked to stop.
  var isCancelled: Bool { context.cancellation.isRequested }

  /// Whether the statements of the connection should end now.
  private var shouldStop: Bool { context.cancellation.isRequested && shields.load(ordering: .relaxed) == 0 }

  /// - Throws: the error of the request, if the operation was asked to stop.
  func check() throws { if shouldStop { try context.cancellation.check() } }

  /// Runs a body that is not stopped, such as a rollback.
  func shielded<T>(_ body: () throws -> T) rethrows -> T {
    shields.add(1, ordering: .relaxed)
    defer { shields.subtract(1, ordering: .relaxed) }
    return try body()
  }

  /// Runs a body that contains one long call of SQLite, which a request to stop ends.
  func interruptible<T>(_ queue: DatabaseQueue, _ body: () throws -> T) throws -> T {
    try context.cancellation.interrupting(by: { queue.interrupt() }, body)
  }

  /// Counts the calls of SQLite in a statement. Returns whether the statement takes more steps than one over all rows of
  /// a sound file.
  private func isEndless() -> Bool {
    let calls = steps.add(1, ordering: .relaxed).newValue
    guard calls > Self.freeCalls, calls.isMultiple(of: 1024), shields.load(ordering: .relaxed) == 0 else {
      return false
    }
    var status = stat()
    let byteCount = stat(path, &status) == 0 ? Int(status.st_size) : 0
    guard calls - Self.freeCalls > byteCount / Self.bytesOfCall else { return false }
    hasEndedStatement.store(true, ordering: .relaxed)
    return true
  }

  /// Lets the request to stop end the statements of a connection, and ends those that take too many steps: the pages of
  /// a file from elsewhere can lead to the same rows again and again. The waiter must live as long as the connection.
  func watch(_ db: Database) {
    let connection = db.sqliteConnection
    let address = Int(bitPattern: connection)
    state.withLock { $0.connection = address }
    winit_sqlite_watch(
      UnsafeMutableRawPointer(connection),
      { context in
        guard let context else { return 0 }
        let waiter = Unmanaged<LockWaiter>.fromOpaque(context).takeUnretainedValue()
        return waiter.shouldStop || waiter.isEndless() ? 1 : 0
      },
      { _, context, _, _ in
        guard let context else { return 0 }
        Unmanaged<LockWaiter>.fromOpaque(context).takeUnretainedValue().steps.store(0, ordering: .relaxed)
        return 0
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  /// Waits a millisecond for a lock. Does not back off, because the pauses between the transactions of a writer are
  /// short.
  ///
  /// - Parameter tries: how often the lock was tried before.
  /// - Returns: whether to try again.
  func wait(tries: Int) -> Bool {
    if shouldStop { return false }
    let holdsLock = state.withLock { state in
      if tries == 0 { (state.waited, state.lastPoll, state.isAnnounced) = (.zero, .now, false) }
      return UnsafeMutableRawPointer(bitPattern: state.connection).map { winit_sqlite_holds_lock($0) != 0 } ?? true
    }
    if !holdsLock { TransactionGate.shared.stepAside() }
    usleep(1000)
    let (waited, mustAnnounce) = state.withLock { state in
      // A process that was stopped meanwhile has not waited.
      state.waited += min(ContinuousClock.now - state.lastPoll, .seconds(1))
      state.lastPoll = .now
      let isDue = state.waited >= Self.announcementDelay && !state.isAnnounced
      if isDue { state.isAnnounced = true }
      return (state.waited, isDue)
    }
    if mustAnnounce { announce() }
    let isRollback = context.cancellation.isRequested
    let timeout = isRollback ? min(context.lockTimeout, Self.rollbackTimeout) : context.lockTimeout
    if waited < timeout { return true }
    let holder = LockHolder(of: path)
    state.withLock { $0.failure = (waited, holder) }
    return false
  }

  private func announce() {
    let holder = LockHolder(of: path)
    let isNew = state.withLock { state in
      if let last = state.announcement, last.holder == holder, .now - last.time < Self.announcementPause {
        return false
      }
      state.announcement = (holder, .now)
      return true
    }
    if isNew { context.onLockWait("waiting for \(path), which is locked by \(holder.text)") }
  }

  /// Returns the error for an error of SQLite: a statement that was stopped, a lock that was not released in time, or
  /// another failure.
  func translated(_ error: DatabaseError) -> any Error {
    let failure = state.withLock { state in
      defer { state.failure = nil }
      return state.failure
    }
    let isEndless = hasEndedStatement.exchange(false, ordering: .relaxed)
    switch error.resultCode {
    case .SQLITE_INTERRUPT where isEndless:
      return StoreError.damaged(
        path: path, what: "a search in it does not end, because its pages lead to the same rows again and again")
    case .SQLITE_INTERRUPT, .SQLITE_BUSY, .SQLITE_LOCKED:
      do { try check() } catch { return error }
    default: break
    }
    if error.resultCode == .SQLITE_BUSY, let failure {
      return StoreError.locked(path: path, waited: failure.waited, holder: failure.holder.text)
    }
    return StoreError(error, path: path)
  }
}
