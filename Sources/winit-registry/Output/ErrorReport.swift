// Errors on standard error, and their exit status.

import ArgumentParser
import Foundation
import WinitJSON
import WinitRegistry

/// The exit statuses, which the help of the root command lists.
enum ExitStatus {
  static let mismatch = ExitCode(1)
  static let usage = ExitCode(64)
  static let io = ExitCode(74)
  static let interrupted = ExitCode(130)

  /// The exit status for an error.
  static func of(_ error: any Error) -> ExitCode {
    if error is Interrupted { return interrupted }
    guard let error = error as? RegistryError else { return io }
    return error.underlying is Interrupted ? interrupted : ExitCode(error.exitStatus)
  }
}

/// Runs the body of a command. Prints an error on standard error and throws its exit status.
func reportingErrors(_ body: () throws -> Void) throws {
  do { try body() } catch let code as ExitCode { throw code } catch {
    let status = ExitStatus.of(error)
    StandardError.report((["\(error)"] + remedy(error)).joined(separator: ". "), status)
    throw status
  }
}

/// The remedy in words of the command, which the library does not know.
private func remedy(_ error: any Error) -> [String] {
  guard let error = error as? RegistryError else { return [] }
  return switch error.code {
  case .registryNotFound: ["`create` creates a registry; --registry or $WINIT_REGISTRY names another one"]
  case .runNotFound where error.subject != nil: ["`list` shows the runs"]
  case .tensorNotFound: error.subject.map { ["`show \($0)` lists the tensors"] } ?? []
  case .runDeleted: error.subject.map { ["`restore \($0)` brings it back"] } ?? []
  case .runCollected: error.subject.map { ["`log \($0)` shows its history"] } ?? []
  case .invalidRegistry where error.hasWriteAheadLog: ["`doctor --repair` does that"]
  case .io where error.isLocked: ["--lock-timeout sets how long to wait"]
  case .damagedRegistry, .invalidRegistry:
    error.isSalvageable ? ["`doctor` shows what can be salvaged, and `doctor --repair` repairs the file"] : []
  case .fileExists where !error.hasFileRemedy: ["--force replaces the file"]
  default: []
  }
}

/// Turns an error of the library into a usage error, which is printed with the usage of the command.
@discardableResult
func asUsage<T>(_ body: () throws -> T) throws -> T {
  do { return try body() } catch let error as RegistryError { throw ValidationError("\(error)") }
}
