// Text on standard output and standard error, with control characters escaped.

import Foundation
import WinitFiles
import WinitRegistry

/// Prints a line on standard error. A closed or full standard error is not a failure.
func printError(_ line: String) {
  try? FileHandle.standardError.write(contentsOf: Data((printable(line) + "\n").utf8))
}

/// Prints text on standard output. A reader that stops early, as `head` does, is not a failure and does not change the
/// exit status. A full disk is a failure.
///
/// - Parameter exact: whether to print control characters as they are.
func emit(_ text: String, terminator: String = "\n", exact: Bool = false) throws {
  let text = exact ? text : printable(text)
  do { try StandardOutput().write(Array((text + terminator).utf8)) } catch let error as FileError {
    guard error.code == EPIPE else { throw error }
  }
}

/// Escapes the characters that control a terminal, as JSON does: names and notes of a foreign registry are not trusted.
private func printable(_ text: String) -> String {
  guard text.unicodeScalars.contains(where: isControl) else { return text }
  return text.unicodeScalars.map { scalar in
    guard isControl(scalar) else { return String(scalar) }
    return String(scalar).utf16.map { unit in
      let digits = String(unit, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }.joined()
  }.joined()
}

private func isControl(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  case .control: scalar != "\n" && scalar != "\t"
  // Includes the characters that change the writing direction.
  case .format, .lineSeparator, .paragraphSeparator: true
  default: false
  }
}
