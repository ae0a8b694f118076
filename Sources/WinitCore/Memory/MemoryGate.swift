// The admission of computations that need much memory.

import Foundation

/// Admits computations of whole tensors while their memory is available, so that several threads do not take more
/// memory together than there is.
// Sendable: `reserved` is used only while the condition is locked.
final class MemoryGate: @unchecked Sendable {
  static let shared = MemoryGate()

  /// Smaller computations are not counted. Measuring the memory takes a tenth of a millisecond.
  static let smallest = 16 << 20
  /// The time for which other threads may still use a tensor that the cache has dropped.
  private static let grace = Duration.seconds(3)

  private let condition = NSCondition()
  /// The memory of the computations in progress.
  private var reserved = 0

  /// Runs a computation as soon as its memory is available.
  ///
  /// - Throws: `InsufficientMemory` if it is not available although no other computation is in progress.
  func admit<Result>(_ needed: Int, _ body: () throws -> Result) throws -> Result {
    guard needed >= Self.smallest else { return try body() }
    try reserve(needed)
    defer {
      condition.withLock {
        reserved -= needed
        condition.broadcast()
      }
    }
    return try body()
  }

  private func reserve(_ needed: Int) throws {
    try condition.withLock {
      var deadline = ContinuousClock.now + Self.grace
      while true {
        let available = AvailableMemory.now()
        // What others have reserved may be taken already, and then counts twice. It only makes this thread wait.
        if needed <= available.byteCount - reserved { break }
        if reserved > 0 { deadline = .now + Self.grace }
        guard .now < deadline else { throw InsufficientMemory(needed: needed, available: available) }
        _ = condition.wait(until: Date(timeIntervalSinceNow: 0.05))
      }
      reserved += needed
    }
  }
}
