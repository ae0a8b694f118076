// Ctrl-C: the work is told to stop, and takes back what it did.

import Dispatch
import Foundation
import Synchronization

/// The user stopped the command.
struct Interrupted: Error, CustomStringConvertible {
  var description: String { "interrupted; nothing half-made was left" }
}

/// Turns SIGINT, SIGTERM and SIGHUP into an error at the next report of progress. A second signal ends the process at once.
final class Interruption: Sendable {
  /// Made, and so in force, from the first long operation on.
  static let shared = Interruption()

  private let requested = Atomic(false)
  // Only kept alive; never used after init.
  private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

  private init() {
    // A queue of its own: Dispatch gives a serial one a thread even where the shared ones are all at work.
    let queue = DispatchQueue(label: "winit-registry.interruption")
    sources = [SIGINT, SIGTERM, SIGHUP].compactMap { number in
      // Who starts a command with a signal ignored, as nohup does, means it.
      if Interruption.isIgnored(number) { return nil }
      signal(number, SIG_IGN)
      return DispatchSource.makeSignalSource(signal: number, queue: queue)
    }
    for source in sources {
      source.setEventHandler { [weak self] in
        if self?.requested.exchange(true, ordering: .relaxed) != false { _exit(130) }
        if isatty(STDERR_FILENO) == 1 {
          printError("\nstopping, and taking back what was done; once more leaves it there")
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
