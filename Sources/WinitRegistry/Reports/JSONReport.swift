// The protocol of reports: a JSON value, and its text.

package import WinitJSON

/// A result that the command prints as JSON. docs/json.md describes the members of every report.
package protocol JSONReport {
  var jsonValue: JSONValue { get }
}

extension JSONReport {
  /// The report as text, with an indent of two spaces.
  package var json: String { jsonValue.pretty }
}
