// The JSON of `rename`.

package import WinitJSON

/// The old and the new name of runs, and the number of runs that were renamed.
package struct RenameReport: Sendable, JSONReport {
  package let old: String
  package let new: String
  package let runCount: Int

  package init(from old: String, to new: String, runCount: Int) {
    self.old = old
    self.new = new
    self.runCount = runCount
  }

  package var jsonValue: JSONValue { ["from": .string(old), "to": .string(new), "runs": .integer(runCount)] }
}
