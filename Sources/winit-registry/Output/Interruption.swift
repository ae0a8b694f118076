// Signals that stop an operation, which then rolls back.

import Dispatch
import Foundation
import Synchronization

/// The user interrupted the command.
struct Interrupted: Error, CustomStringConvertible {
  var description: String { "interrupted; incomplete work was rolled back" }
}

/// Turns SIGINT, SIGTERM and SIGHUP into an error at the next report of progress. A second signal ends the process at
/// once, without a rollback.
final class Interruption: Sendable {
  /// The handler; handles signals from the first access on.
  static let shared = Interruption()

  private let requested = Atomic(false)
  // Kept alive, and not used after `init`.
  private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

  private init() {
    // Dispatch gives a serial queue a thread even if all threads of the shared queues are busy.
    let queue = DispatchQueue(label: "winit-registry.interruption")
    sources = [SIGINT, SIGTERM, SIGHUP].compactMap { number in
      // A signal that was ignored at the start, as by nohup, stays ignored.
      if Interruption.isIgnored(number) { return nil }
      signal(number, SIG_IGN)
      return DispatchSource.makeSignalSource(signal: number, queue: queue)
    }
    for source in sources {
      source.setEventHandler { [weak self] in
        if self?.requested.exchange(true, ordering: .relaxed) != false { _exit(130) }
        if isatty(STDERR_FILENO) == 1 {
          printError("\ninterrupted: rolling back. Press Ctrl-C again to quit without cleaning up.")
        }
      }
      source.resume()
    }
  }

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

  func check() throws {
    if requested.load(ordering: .relaxed) { throw Interrupted() }
  }
}
