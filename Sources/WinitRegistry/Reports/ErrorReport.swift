// The JSON of an error, which the command prints on standard error with --json.

package import WinitJSON

/// An error of the command, with its exit status.
package struct ErrorReport: Sendable, JSONReport {
  package let text: String
  package let exitStatus: Int32

  package init(text: String, exitStatus: Int32) { (self.text, self.exitStatus) = (text, exitStatus) }

  package var jsonValue: JSONValue { ["error": .string(text), "code": .integer(Int(exitStatus))] }

  /// The report on one line.
  package var line: String { jsonValue.compact }
}
