// The selection, order and page of a list of runs.

import GRDB

/// The conditions that all selected runs meet, the order of the runs, and the page.
package struct RunFilter: Sendable {
  /// An order of runs. Runs that are equal in this order are ordered by their creation.
  package enum Order: String, Sendable, CaseIterable {
    /// By time of creation, newest first.
    case created
    /// By name, then by version, ascending.
    case name
    /// By the number of parameters, largest first.
    case parameters
  }

  /// A pattern for the name: `*` stands for any characters, `?` for one character.
  package var name: String?
  /// Patterns that the name must not match.
  package var excludedNames: [TextPattern] = []
  /// The first hexadecimal digits of the id: each of them must fit.
  package var idPrefixes: [String] = []
  /// Conditions on the experiment.
  package var experiments: [TextCondition] = []
  /// Conditions on the tags.
  package var tags: [TagCondition] = []
  /// Conditions on a part of the note, in which the case of ASCII letters does not count.
  package var notes: [TextCondition] = []
  /// Schemes that occur in the run, by name or alias.
  package var schemes: [String] = []
  /// Dtypes that occur in the run.
  package var dtypes: [String] = []
  package var seed: UInt64?
  package var alias: String?
  /// The earliest time of creation: UTC, ISO 8601, or the first characters of such a time.
  package var since: String?
  /// The time before which the run was created, in the same form.
  package var until: String?
  /// The number of parameters that the run exceeds.
  package var moreParametersThan: Int?
  /// Whether deleted runs are selected, in place of the runs that are not deleted.
  package var deleted = false
  package var order = Order.created
  /// Whether the order is reversed.
  package var reversed = false
  /// The last run of the previous page; nil for the first page.
  package var after: RunRecord?
  /// The maximum number of runs; nil for no limit.
  package var limit: Int?

  /// Selects all runs that are not deleted, newest first.
  package init() {}
}

extension RunFilter {
  /// The condition that a run comes after the last run of the previous page.
  var afterCondition: (sql: String, arguments: StatementArguments) {
    guard let after else { return ("1", []) }
    switch order {
    case .created:
      return ("(created_at, runs.id) \(reversed ? ">" : "<") (?, ?)", [after.createdAt, after.rowID])
    case .name: return ("(name, version) \(reversed ? "<" : ">") (?, ?)", [after.name, after.version])
    case .parameters:
      return (
        "(parameter_count, runs.id) \(reversed ? ">" : "<") (?, ?)", [after.parameterCount, after.rowID]
      )
    }
  }

  var orderClause: String {
    let (descending, ascending) = reversed ? ("ASC", "DESC") : ("DESC", "ASC")
    return switch order {
    case .created: "created_at \(descending), runs.id \(descending)"
    case .name: "name \(ascending), version \(ascending)"
    case .parameters: "parameter_count \(descending), runs.id \(descending)"
    }
  }
}
