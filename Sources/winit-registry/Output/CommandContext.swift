// What surrounds every operation of the command: signals, and waits for locks.

import Synchronization
import WinitCore

/// The context of the operations of this process.
enum CommandContext {
  private static let timeout = Mutex(OperationContext.defaultLockTimeout)

  /// The value of --lock-timeout.
  static var lockTimeout: Duration {
    get { timeout.withLock(\.self) }
    set { timeout.withLock { $0 = newValue } }
  }

  /// The context, after the options have been parsed.
  static var operation: OperationContext {
    OperationContext(cancellation: Interruption.cancellation, lockTimeout: lockTimeout) { message in
      if !StatusLine.isSilent { printError(message) }
    }
  }
}
