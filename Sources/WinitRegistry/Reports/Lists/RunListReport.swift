// The JSON of `list`, and of the commands that print the runs they changed.

package import WinitJSON
import WinitStorage

/// A page of runs.
package struct RunListReport: Sendable, JSONReport {
  package let runs: [Run]
  /// The number of runs on all pages.
  package let total: Int
  /// The reference after which the next page begins; nil on the last page.
  package let next: String?

  package init(runs: [Run], total: Int, next: String?) {
    self.runs = runs
    self.total = total
    self.next = next
  }

  package var jsonValue: JSONValue {
    ["runs": .array(runs.map(\.jsonValue)), "total": .integer(total), "next": .optional(next)]
  }
}

/// The number of runs, for `list --count`.
package struct RunCountReport: Sendable, JSONReport {
  package let total: Int

  package init(total: Int) { self.total = total }

  package var jsonValue: JSONValue { ["total": .integer(total)] }
}

/// The runs that `rm` deleted or `restore` restored.
package struct ChangedRunsReport: Sendable, JSONReport {
  package let runs: [Run]

  package init(runs: [Run]) { self.runs = runs }

  package var jsonValue: JSONValue { ["runs": .array(runs.map(\.jsonValue))] }
}
