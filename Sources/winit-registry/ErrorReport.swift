// Errors on stderr, and their exit status.

import ArgumentParser
import Foundation
import WinitRegistry

/// The exit status of each kind of failure, as the help lists them.
enum ExitStatus {
  static let mismatch = ExitCode(1)
  static let usage = ExitCode(64)
  static let badData = ExitCode(65)
  static let notFound = ExitCode(66)
  static let io = ExitCode(74)
  static let interrupted = ExitCode(130)

  static func of(_ error: any Error) -> ExitCode {
    switch error {
    case is Interrupted: interrupted
    case let error as RegistryError:
      switch error {
      case .badReference, .badName, .usage, .ambiguousID: usage
      case .noRun, .noTensor: notFound
      case .tooLarge: badData
      case .mismatch: mismatch
      }
    case is SliceError: usage
    case is SpecError, is FormatError, is LawError, is SchemeError, is JSONError: badData
    case let error as StoreError:
      switch error {
      case .noRegistry: notFound
      case .notARegistry, .newerVersion, .changedMigration, .damaged: badData
      case .missingChunks, .sqlite: io
      }
    case let error as FileError: error.isNotFound ? notFound : io
    case let error as CocoaError:
      error.code == .fileReadNoSuchFile || error.code == .fileNoSuchFile ? notFound : io
    default: io
    }
  }
}

/// Runs a command's body; an error becomes a message on stderr and an exit status.
func reportingErrors(_ body: () throws -> Void) throws {
  do { try body() } catch let code as ExitCode { throw code } catch {
    let text = error is CocoaError ? fileMessage(error) : "\(error)"
    for line in text.split(separator: "\n") { printError("error: \(line)") }
    throw ExitStatus.of(error)
  }
}

/// Foundation's file errors do not print the path; this does.
private func fileMessage(_ error: any Error) -> String {
  guard let path = (error as? CocoaError)?.filePath else { return "\(error.localizedDescription)" }
  let missing = ExitStatus.of(error) == ExitStatus.notFound
  return "cannot read \(path): " + (missing ? "No such file or directory" : error.localizedDescription)
}

func printError(_ line: String) {
  FileHandle.standardError.write(Data((line + "\n").utf8))
}
