// Text on standard output, with control characters escaped.

import Foundation
import WinitFiles
import WinitJSON
import WinitRegistry

/// Opens /dev/null in place of each of the three standard descriptors that is closed (`>&-`). Otherwise the next file
/// that is opened would take its number, and output would be written into that file.
func occupyStandardDescriptors() {
  for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) == -1 {
    // Reading what was closed for reading, and writing what was closed for writing, stay errors.
    _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
  }
}

/// Prints text on standard output. A reader that stops early, as `head` does, is not a failure and does not change the
/// exit status; neither is a terminal that was closed, as after an ssh hang-up. A full disk is a failure.
///
/// - Parameter exact: whether to print control characters as they are.
func emit(_ text: String, terminator: String = "\n", exact: Bool = false) throws {
  let text = exact ? text : printable(text)
  StatusLine.erase()
  do { try StandardOutput().write(Array((text + terminator).utf8)) } catch let error as FileError {
    guard error.code == EPIPE || (error.code == EIO && StatusLine.outputWasTerminal) else { throw error }
  }
}

/// Prints CSV exactly as it is. In a terminal, lines end as they do there, and control characters are escaped.
func emit(csv: String) throws {
  let isTerminal = isatty(STDOUT_FILENO) == 1
  try emit(isTerminal ? csv.replacing("\r\n", with: "\n") : csv, terminator: "", exact: !isTerminal)
}

/// Escapes the characters that control a terminal, as JSON does: names and notes of a foreign registry are not trusted.
func printable(_ text: String) -> String {
  let isPlain = text.utf8.allSatisfy {
    (0x20..<0x7F).contains($0) || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\t")
  }
  return isPlain ? text : escapingControls(text.unicodeScalars, except: ["\n", "\t"])
}
