// The JSON of `alias`.

package import WinitJSON
import WinitStorage

/// A changed alias: the run that has the alias now, and the run that had it before.
package struct AliasReport: Sendable, JSONReport {
  /// `NAME:ALIAS`.
  package let alias: String
  /// The run that has the alias; nil if the alias was removed.
  package let run: Run?
  /// The run that had the alias before, if it is another run.
  package let before: Run?

  package init(alias: String, run: Run?, before: Run?) {
    self.alias = alias
    self.run = run
    self.before = before
  }

  package var jsonValue: JSONValue {
    [
      "alias": .string(alias), "reference": .optional(run?.reference), "moved_from": .optional(before?.reference),
    ]
  }
}
