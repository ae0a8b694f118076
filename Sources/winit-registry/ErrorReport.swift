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
      case .badReference, .badName, .badAlias, .usage, .ambiguousID, .slice: usage
      case .noRun, .noTensor, .deleted, .collected: notFound
      case .tooLarge: badData
      case .mismatch: mismatch
      case .leftBehind(_, let error): of(error)
      }
    case is SliceError, is UnknownPreset: usage
    case is SpecError, is FormatError, is LawError, is SchemeError, is JSONError: badData
    case let error as StoreError:
      switch error {
      case .noRegistry, .noFolder, .gone: notFound
      case .notARegistry, .newerVersion, .olderVersion, .changedMigration, .changedSchema, .damaged: badData
      case .nameTaken, .hasAliases, .networkFileSystem: usage
      case .missingChunks, .cannotMake, .notFreed, .sqlite: io
      }
    case let error as FileError: error.isNotFound ? notFound : io
    default: io
    }
  }
}

/// Runs a command's body; an error becomes a message on stderr and an exit status.
func reportingErrors(_ body: () throws -> Void) throws {
  do { try body() } catch let code as ExitCode { throw code } catch {
    for line in "\(error)\(hint(error))".split(separator: "\n") { printError("error: \(line)") }
    throw ExitStatus.of(error)
  }
}

/// What to type, which the library's errors do not know.
private func hint(_ error: any Error) -> String {
  switch error {
  case StoreError.noRegistry: "; or name another with --registry or $WINIT_REGISTRY"
  case let error as FileError where error.code == EEXIST: "; --force replaces it"
  default: ""
  }
}

/// A line on stderr; where nobody can read it, nothing is lost.
func printError(_ line: String) {
  try? FileHandle.standardError.write(contentsOf: Data((printable(line) + "\n").utf8))
}

/// Text on standard output. A reader that has stopped reading, as `head` does, is no failure, and does not keep the
/// command from its own exit status; a full disk is one.
///
/// - Parameter exact: whether every byte counts.
func emit(_ text: String, terminator: String = "\n", exact: Bool = false) throws {
  let text = exact ? text : printable(text)
  do { try StandardOutput().write(Array((text + terminator).utf8)) } catch let error as FileError {
    guard error.code == EPIPE else { throw error }
  }
}

/// Text without what a terminal would obey: names and notes in a file can be anybody's. Written as JSON would.
private func printable(_ text: String) -> String {
  guard text.unicodeScalars.contains(where: isObeyed) else { return text }
  return text.unicodeScalars.map { scalar in
    guard isObeyed(scalar) else { return String(scalar) }
    return String(scalar).utf16.map { unit in
      let digits = String(unit, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }.joined()
  }.joined()
}

private func isObeyed(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  case .control: scalar != "\n" && scalar != "\t"
  // Those that turn the direction of writing among them.
  case .format, .lineSeparator, .paragraphSeparator: true
  default: false
  }
}
