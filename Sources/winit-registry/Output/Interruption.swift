// Signals that stop an operation, which then rolls back, and signals that stop the process for a while.

import Dispatch
import Foundation
import Synchronization
import WinitCore

/// The user interrupted the command.
struct Interrupted: Error, CustomStringConvertible {
  var description: String { "interrupted; incomplete work was rolled back" }
}

/// Turns SIGINT, SIGTERM and SIGHUP into a request to stop the operation. A second signal ends the process at once,
/// without a rollback. Turns SIGTSTP (Ctrl-Z) into a stop between two transactions.
final class Interruption: Sendable {
  /// The handler of interruptions; handles signals from the first access on.
  static let shared = Interruption([SIGINT, SIGTERM, SIGHUP]) { _ in
    if cancellation.isRequested { _exit(130) }
    cancellation.request(Interrupted())
    if StatusLine.isTerminal, !StatusLine.isSilent {
      printError("\ninterrupted: rolling back. Press Ctrl-C again to quit without cleaning up.")
    }
  }

  /// The request to stop the operations of this process.
  static let cancellation = Cancellation()

  private static let stops = Interruption([SIGTSTP]) { _ in stop() }

  // Kept alive, and not used after `init`.
  private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

  private init(_ signals: [Int32], _ handler: @escaping @Sendable (Int32) -> Void) {
    // Dispatch gives a serial queue a thread even if all threads of the shared queues are busy.
    let queue = DispatchQueue(label: "winit-registry.interruption")
    sources = signals.compactMap { number in
      // A signal that was ignored at the start, as by nohup, stays ignored.
      if Interruption.isIgnored(number) { return nil }
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { handler(number) }
      source.resume()
      return source
    }
  }

  /// Lets Ctrl-Z stop the process between two transactions. SIGSTOP, which no process can handle, stops it anywhere.
  static func handleStops() { _ = stops }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    sigaction(number, nil, &action)
    #if canImport(Darwin)
      let handler = action.__sigaction_u.__sa_handler
    #else
      let handler = action.__sigaction_handler.sa_handler
    #endif
    return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  func check() throws { try Interruption.cancellation.check() }

  /// Stops the process until SIGCONT, at a time when it keeps no registry locked.
  private static func stop() {
    TransactionGate.shared.betweenTransactions {
      if StatusLine.isTerminal, !StatusLine.isSilent {
        printError("stopping at the end of the transaction, because a stop now would keep the registry locked")
      }
    } _: {
      StatusLine.erase()
      // SIGTSTP with its default action, and not SIGSTOP: the shell sees why the process stopped, and a process without a
      // shell that could continue it does not stop.
      var (action, before) = (sigaction(), sigaction())
      sigaction(SIGTSTP, nil, &before)
      signal(SIGTSTP, SIG_DFL)
      sigaction(SIGTSTP, nil, &action)
      var (set, mask) = (sigset_t(), sigset_t())
      sigemptyset(&set)
      sigaddset(&set, SIGTSTP)
      pthread_sigmask(SIG_UNBLOCK, &set, &mask)
      raise(SIGTSTP)
      pthread_sigmask(SIG_SETMASK, &mask, nil)
      sigaction(SIGTSTP, &before, nil)
      StatusLine.restart()
    }
  }
}
