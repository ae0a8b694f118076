// The options that every command with a registry has: its file, and how long to wait for its lock.

import ArgumentParser
import Synchronization
import WinitCore
import WinitRegistry

/// The registry file, and how long to wait for its lock.
struct RegistryOption: ParsableArguments {
  @Option(
    name: .customLong("registry"), parsing: .unconditional,
    help: ArgumentHelp("The registry file. (default: $WINIT_REGISTRY, else winit.sqlite)", valueName: "path"),
    completion: .file())
  var given: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      Maximum time of one wait for another process that keeps the registry locked, in seconds; 0 does not wait. \
      (default: 60)
      """, valueName: "seconds"),
    transform: seconds)
  var lockTimeout: Duration?

  func validate() throws {
    try refuseStandardInput(path, "the registry `-`", "a registry")
    if let lockTimeout { CommandContext.lockTimeout = lockTimeout }
  }

  var path: String { Self.path(given) }

  /// Returns the path that is given, else the default.
  static func path(_ given: String?) -> String {
    if let given { return given }
    let variable = environmentVariable("WINIT_REGISTRY") ?? ""
    return variable.isEmpty ? "winit.sqlite" : variable
  }

  /// Opens the registry.
  func open() throws -> Registry { Self.keepOpen(try Registry(opening: path)) }

  /// Keeps a registry open until the process ends, which closes its file as well. Otherwise the last use of the
  /// registry would start a thread, on which the queue of the connection is released.
  static func keepOpen(_ registry: Registry) -> Registry {
    kept.withLock { $0.append(registry) }
    return registry
  }

  private static let kept = Mutex<[Registry]>([])
}

/// Reads a number of seconds, such as `10` or `0.5`.
///
/// - Throws: `ValidationError` for a text that is no such number, for a negative one, and for more than a year.
@Sendable
private func seconds(_ text: String) throws -> Duration {
  guard let number = Double(text), (0...31_536_000).contains(number), text.allSatisfy({ "0123456789.".contains($0) })
  else { throw ValidationError("expected a number of seconds such as 10 or 0.5, at most 31536000 (a year)") }
  return .seconds(number)
}
