// The progress of an operation, which never goes back.

/// Tells a progress handler how many bytes are done: after each batch, and while a batch takes long.
final class ProgressReporter {
  private let handler: ProgressHandler?
  private let total: Int
  private var done: Int
  private var reported = 0

  /// Creates a reporter.
  ///
  /// - Parameter done: the bytes that are done already.
  init(_ handler: ProgressHandler?, total: Int, done: Int = 0) {
    (self.handler, self.total, self.done) = (handler, total, done)
  }

  /// Reports bytes that are done.
  func add(_ byteCount: Int) throws {
    done += byteCount
    try report(done)
  }

  /// Reports the work on tensors that are not done yet.
  func wait(partialBytes: Int) throws { try report(done + partialBytes) }

  private func report(_ bytes: Int) throws {
    reported = min(total, max(reported, bytes))
    try handler?(reported, total)
  }
}
