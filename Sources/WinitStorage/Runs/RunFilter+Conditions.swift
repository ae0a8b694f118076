// The conditions of a filter in SQL.

import Foundation
import GRDB
import WinitCore

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
    var isSelective = false
    func isRare(_ table: String, where condition: String, _ values: StatementArguments) throws -> Bool {
      let isRare = try hasRows(fewerThan: 2000, table, where: condition, values)
      isSelective = isSelective || isRare
      return isRare
    }
    func hasRows(
      fewerThan maximum: Int, _ table: String, where condition: String, _ values: StatementArguments
    ) throws -> Bool {
      let sql = "SELECT count(*) FROM (SELECT 1 FROM \(table) WHERE \(condition) LIMIT \(maximum))"
      return try Int.fetchOne(db, sql: sql, arguments: values) ?? 0 < maximum
    }
    // Adds a condition on a column of `runs` that has an index. SQLite uses no index for a term that begins with a
    // unary plus.
    func addIndexed(_ condition: String, _ values: StatementArguments) throws {
      add(try isRare("runs", where: condition, values) ? condition : "+" + condition, values)
    }
    // Adds the condition that another table has a matching row for the run.
    func add(rowOf table: String, where condition: String, _ values: StatementArguments) throws {
      add(
        try isRare(table, where: condition, values)
          ? "runs.id IN (SELECT run FROM \(table) WHERE \(condition))"
          : "EXISTS (SELECT 1 FROM \(table) WHERE \(condition) AND run = runs.id)", values)
    }
    // Conditions are tested in this order. Equal experiments first: few runs pass, and patterns take longer.
    for condition in experiments {
      let (sql, values) = condition.pattern.sql(column: "experiment")
      if condition.isNegated {
        add("(experiment IS NULL OR NOT \(sql))", values)
      } else if condition.pattern.literal != nil {
        // An index has the runs of an experiment in the order of their creation. In another order, SQLite reads the index
        // of that order and looks up each entry in the set of these runs, so it reads no row of another experiment.
        let isSetUseful =
          try !isRare("runs", where: sql, values) && order != .created
          && hasRows(fewerThan: 1 << 15, "runs", where: sql, values)
        add(isSetUseful ? "+runs.id IN (SELECT id FROM runs WHERE \(sql))" : sql, values)
      } else {
        try addIndexed(sql, values)
      }
    }
    if let name {
      // Brackets have a meaning in GLOB. In a pattern for names they are ordinary characters.
      try addIndexed("name GLOB ?", [name.replacing("[", with: "[[]")])
    }
    for pattern in excludedNames {
      let (sql, values) = pattern.sql(column: "name")
      add("NOT \(sql)", values)
    }
    for prefix in idPrefixes {
      guard let range = SHA256Digest.range(ofPrefix: prefix) else { return ("0", []) }
      let values: StatementArguments = [Data(range.lowest.bytes), Data(range.highest.bytes)]
      _ = try isRare(
        "manifests JOIN runs AS run ON run.manifest = manifests.id", where: "digest BETWEEN ? AND ?", values)
      // The join keeps SQLite from reading the runs in the order of the listing.
      add(
        """
        runs.id IN (SELECT run.id FROM manifests JOIN runs AS run ON run.manifest = manifests.id
                    WHERE digest BETWEEN ? AND ?)
        """, values)
    }
    for tag in tags {
      let (key, value) = (tag.key.sql(column: "key"), tag.value?.sql(column: "value"))
      let condition = key.sql + (value.map { " AND " + $0.sql } ?? "")
      let values = key.arguments + (value?.arguments ?? [])
      if tag.isNegated {
        add("NOT EXISTS (SELECT 1 FROM tags WHERE run = runs.id AND \(condition))", values)
      } else {
        try add(rowOf: "tags", where: condition, values)
      }
    }
    for condition in notes {
      let (sql, values) = condition.pattern.anywhere.sql(column: "lower(note)")
      add(condition.isNegated ? "NOT \(sql)" : sql, values)
    }
    for scheme in schemes { try add(rowOf: "run_terms", where: "kind = 'scheme' AND term = ?", [scheme]) }
    for dtype in dtypes { try add(rowOf: "run_terms", where: "kind = 'dtype' AND term = ?", [dtype]) }
    if let alias { try add(rowOf: "aliases", where: "alias = ?", [alias]) }
    // An imported run has no seed; the value in its column has no meaning.
    if let seed {
      try addIndexed("seed = ?", [String(seed)])
      add("origin = 'created'", [])
    }
    if let since { add("created_at >= ?", [since]) }
    if let until { add("created_at < ?", [until]) }
    if let moreParametersThan { add("parameter_count > ?", [moreParametersThan]) }
    // The indices of the orders begin with the time of deletion. Without it SQLite has only the index of the condition
    // that few runs meet, and sorts these runs.
    if isSelective { sql[0] = "+" + sql[0] }
    return (sql.joined(separator: " AND "), arguments)
  }
}

extension TextPattern {
  /// Returns the condition that a column matches the pattern.
  fileprivate func sql(column: String) -> (sql: String, arguments: StatementArguments) {
    literal.map { ("\(column) = ?", [$0]) } ?? ("\(column) GLOB ?", [glob])
  }
}
