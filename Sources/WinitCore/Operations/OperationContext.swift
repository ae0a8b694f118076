// What surrounds an operation: who may stop it, how long it waits for a lock, and who is told that it waits.

/// The context of an operation, which reaches every layer without a parameter. The command sets it once for the whole
/// process.
package struct OperationContext: Sendable {
  /// The context of the operation on this thread.
  @TaskLocal package static var current = OperationContext()

  /// The request to stop the operation.
  package var cancellation: Cancellation
  /// The maximum time of one wait for a lock of another process.
  package var lockTimeout: Duration
  /// Called on the thread that waits, with a message that names the process that holds the lock.
  package var onLockWait: @Sendable (String) -> Void

  package init(
    cancellation: Cancellation = Cancellation(), lockTimeout: Duration = defaultLockTimeout,
    onLockWait: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.cancellation = cancellation
    self.lockTimeout = lockTimeout
    self.onLockWait = onLockWait
  }

  package static let defaultLockTimeout = Duration.seconds(60)
}
