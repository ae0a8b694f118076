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
  package var experiment: String?
  /// The tags of the run. A tag with the value nil matches any value.
  package var tags: [(key: String, value: String?)] = []
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
  /// Returns the conditions that the runs must meet, without the condition of the page.
  func conditions(_ db: Database) throws -> (sql: String, arguments: StatementArguments) {
    var sql = ["deleted_at IS \(deleted ? "NOT " : "")NULL"]
    var arguments = StatementArguments()
    func add(_ condition: String, _ values: StatementArguments) {
      sql.append(condition)
      arguments += values
    }
    // A condition that few rows meet is looked up in its index first. A condition that many rows meet is tested on one
    // run after the other, because a page is soon full.
    func isRare(_ table: String, where condition: String, _ values: StatementArguments) throws -> Bool {
      let maximum = 2000
      let sql = "SELECT count(*) FROM (SELECT 1 FROM \(table) WHERE \(condition) LIMIT \(maximum))"
      return try Int.fetchOne(db, sql: sql, arguments: values) ?? 0 < maximum
    }
    // Adds the condition that another table has a matching row for the run.
    func add(rowOf table: String, where condition: String, _ values: StatementArguments) throws {
      add(
        try isRare(table, where: condition, values)
          ? "runs.id IN (SELECT run FROM \(table) WHERE \(condition))"
          : "EXISTS (SELECT 1 FROM \(table) WHERE \(condition) AND run = runs.id)", values)
    }
    if let name {
      // Brackets have a meaning in GLOB. In a pattern for names they are ordinary characters.
      let pattern = name.replacing("[", with: "[[]")
      let condition = "name GLOB ?"
      // SQLite uses no index for a term that begins with a unary plus.
      add(
        try isRare("runs", where: "\(sql[0]) AND \(condition)", [pattern]) ? condition : "+" + condition,
        [pattern])
    }
    if let experiment { add("experiment = ?", [experiment]) }
    for tag in tags {
      if let value = tag.value {
        try add(rowOf: "tags", where: "key = ? AND value = ?", [tag.key, value])
      } else {
        try add(rowOf: "tags", where: "key = ?", [tag.key])
      }
    }
    for scheme in schemes { try add(rowOf: "run_terms", where: "kind = 'scheme' AND term = ?", [scheme]) }
    for dtype in dtypes { try add(rowOf: "run_terms", where: "kind = 'dtype' AND term = ?", [dtype]) }
    if let alias { try add(rowOf: "aliases", where: "alias = ?", [alias]) }
    // An imported run has no seed; the value in its column has no meaning.
    if let seed { add("seed = ? AND origin = 'created'", [String(seed)]) }
    if let since { add("created_at >= ?", [since]) }
    if let until { add("created_at < ?", [until]) }
    if let moreParametersThan { add("parameter_count > ?", [moreParametersThan]) }
    return (sql.joined(separator: " AND "), arguments)
  }

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
