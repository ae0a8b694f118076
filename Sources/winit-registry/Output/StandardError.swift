// What standard error carries: lines of text, or with --json one JSON object for an error, and the progress if a program
// asks for it.

import ArgumentParser
import Foundation
import Synchronization
import WinitCore
import WinitRegistry

/// The form of what the command prints on standard error.
enum StandardError {
  private static let json = Atomic(false)

  /// Whether standard error carries only errors, in JSON: no notes and no warnings. The reports on standard output hold
  /// the warnings.
  static var isJSON: Bool {
    get { json.load(ordering: .relaxed) }
    set { json.store(newValue, ordering: .relaxed) }
  }

  /// Whether a program reads the progress, as lines of JSON: with --json and `WINIT_PROGRESS=json`.
  static var carriesProgress: Bool { isJSON && readsProgress }

  private static let readsProgress = environmentVariable("WINIT_PROGRESS") == "json"

  /// Prints the progress for a program: what is done, and the whole, in bytes or as a number.
  static func report(_ done: Int, _ total: Int) { write("{\"done\":\(done),\"total\":\(total)}") }

  /// Prints the error that ends the command: a line for each line of the text, or with --json one JSON object.
  ///
  /// - Parameter details: text that follows the error only in the first form, such as the usage of the command.
  static func report(_ text: String, _ status: ExitCode, details: String = "") {
    if isJSON {
      write(ErrorReport(text: text, exitStatus: status.rawValue).line)
    } else {
      for line in text.split(separator: "\n") { printError("error: \(line)") }
      if !details.isEmpty { printError(details) }
    }
  }

  /// Prints a line. A closed or full standard error is not a failure.
  fileprivate static func write(_ line: String) {
    StatusLine.erase()
    try? FileHandle.standardError.write(contentsOf: Data((printable(line) + "\n").utf8))
  }
}

/// Prints a line for people on standard error, such as a warning. With --json, prints nothing.
func printError(_ line: String) {
  if !StandardError.isJSON { StandardError.write(line) }
}

/// A command that prints JSON with --json.
protocol JSONCommand: ParsableCommand {
  var json: JSONFlag { get }
}
