// The conditions of a filter in SQL.

import Foundation
import GRDB
import WinitCore

extension RunFilter {
  /// Returns the conditions that the runs must meet, without the condition of the page.
  ///
  /// - Parameter allPages: whether the runs of all pages are read, for example to count them. SQLite then uses any index,
  ///   and tests the row of a run before it looks into other tables.
  ///
  /// Where few runs meet one of the conditions, SQLite looks up these runs and sorts them. Otherwise it reads the index
  /// of the order until the page is full, and tests one run after the other: first in this index, then in other tables,
  /// whose pages have many runs each, and only then in the row of the run.
  func conditions(_ db: Database, allPages: Bool = false) throws -> (sql: String, arguments: StatementArguments) {
    let scope = "deleted_at IS \(deleted ? "NOT " : "")NULL"
    var rare = Conditions()  // Few runs meet it: an index finds them.
    var ordered = Conditions()  // The index of the order answers it.
    var related = Conditions()  // It needs rows of other tables.
    var onRow = Conditions()  // It needs the row of the run.
    // Looking up n runs reads n rows. Where n of N runs meet a condition, a page of 50 tests about 50 N/n of them, some
    // twelve of which take as long as reading a row. Both take as long if n is about 2 √N. At least 100, so that small
    // registries use the indices; at most 2,000, because counting takes time too.
    var maximum: Int?
    func maximumCount() throws -> Int {
      if let maximum { return maximum }
      let last = try Int.fetchOne(db, sql: "SELECT max(id) FROM runs") ?? 0
      let count = min(2000, 100 + Int(2 * Double(max(last, 0)).squareRoot()))
      maximum = count
      return count
    }
    // Adds the condition that the run is one of those that a query selects, if there are few of them.
    func addIfRare(_ runs: String, _ values: StatementArguments) throws -> Bool {
      let maximum = try maximumCount()
      let count = "SELECT count(*) FROM (\(runs) LIMIT \(maximum))"
      guard try Int.fetchOne(db, sql: count, arguments: values) ?? 0 < maximum else { return false }
      rare.add("runs.id IN (\(runs))", values)
      return true
    }
    // Adds the condition that another table has a matching row for the run. `test` is the condition that finds this row
    // among those of the run, if it differs from the condition that finds it among all rows.
    func addRow(of table: String, where condition: String, test: String? = nil, _ values: StatementArguments) throws {
      if try addIfRare("SELECT run FROM \(table) WHERE \(condition)", values) { return }
      related.add("EXISTS (SELECT 1 FROM \(table) WHERE \(test ?? condition) AND run = runs.id)", values)
    }

    // Each order has an index of the runs of an experiment.
    for condition in experiments {
      let (sql, values) = condition.pattern.sql(column: "experiment")
      if condition.isNegated {
        onRow.add("(experiment IS NULL OR NOT \(sql))", values)
      } else if condition.pattern.literal != nil {
        ordered.add(sql, values)
      } else if try !addIfRare("SELECT id FROM runs WHERE \(sql)", values) {
        onRow.add("+\(sql)", values)
      }
    }
    // Adds conditions on a column with which an order begins, and which the indices of the order therefore answer.
    let experimentConditions = ordered
    func addConditions(_ conditions: Conditions, onFirstColumnOf order: Order) throws {
      if conditions.isEmpty { return }
      if allPages || order == self.order {
        ordered.add(conditions)
        return
      }
      var all = Conditions()
      all.add(scope, [])
      all.add(experimentConditions)
      all.add(conditions)
      if try !addIfRare("SELECT id FROM runs WHERE \(all.joined)", all.arguments) { onRow.add(conditions.withoutIndex) }
    }
    var (names, times, sizes) = (Conditions(), Conditions(), Conditions())
    // Brackets have a meaning in GLOB. In a pattern for names they are ordinary characters.
    if let name { names.add("name GLOB ?", [name.replacing("[", with: "[[]")]) }
    if let since { times.add("created_at >= ?", [since]) }
    if let until { times.add("created_at < ?", [until]) }
    if let moreParametersThan { sizes.add("parameter_count > ?", [moreParametersThan]) }
    try addConditions(names, onFirstColumnOf: .name)
    try addConditions(times, onFirstColumnOf: .created)
    try addConditions(sizes, onFirstColumnOf: .parameters)
    for pattern in excludedNames {
      let (sql, values) = pattern.sql(column: "name")
      onRow.add("NOT \(sql)", values)
    }
    for prefix in idPrefixes {
      guard let range = SHA256Digest.range(ofPrefix: prefix) else { return ("0", []) }
      let values: StatementArguments = [Data(range.lowest.bytes), Data(range.highest.bytes)]
      let runs = """
        SELECT run.id FROM manifests JOIN runs AS run ON run.manifest = manifests.id WHERE digest BETWEEN ? AND ?
        """
      if try !addIfRare(runs, values) {
        onRow.add("EXISTS (SELECT 1 FROM manifests WHERE manifests.id = manifest AND digest BETWEEN ? AND ?)", values)
      }
    }
    for tag in tags {
      let (key, value) = (tag.key.sql(column: "key"), tag.value?.sql(column: "value"))
      let condition = key.sql + (value.map { " AND " + $0.sql } ?? "")
      let values = key.arguments + (value?.arguments ?? [])
      if tag.isNegated {
        related.add("NOT EXISTS (SELECT 1 FROM tags WHERE run = runs.id AND \(condition))", values)
      } else {
        try addRow(of: "tags", where: condition, values)
      }
    }
    for condition in notes {
      let (sql, values) = condition.pattern.anywhere.sql(column: "lower(note)")
      onRow.add(condition.isNegated ? "NOT \(sql)" : sql, values)
    }
    // The terms of a run are side by side in the index by runs, so that several conditions read one page of it.
    for (kind, terms) in [("scheme", schemes), ("dtype", dtypes)] {
      for term in terms {
        try addRow(
          of: "run_terms", where: "kind = '\(kind)' AND term = ?", test: "+kind = '\(kind)' AND +term = ?", [term])
      }
    }
    if let alias { try addRow(of: "aliases", where: "alias = ?", [alias]) }
    // An imported run has no seed; the value in its column has no meaning.
    if let seed {
      let values: StatementArguments = [String(seed)]
      if try !addIfRare("SELECT id FROM runs WHERE seed = ?", values) { onRow.add("+seed = ?", values) }
      onRow.add("origin = 'created'", [])
    }

    var all = Conditions()
    all.add(scope, [])
    all.add(ordered)
    if !rare.isEmpty {
      all = all.withoutIndex
      all.add(rare)
    }
    all.add(related)
    if !allPages, rare.isEmpty, !related.isEmpty, !onRow.isEmpty {
      // SQLite tests subqueries last, and in their order.
      all.add("EXISTS (SELECT 1 FROM runs AS run WHERE run.id = runs.id AND \(onRow.joined))", onRow.arguments)
    } else {
      all.add(onRow)
    }
    return (all.joined, all.arguments)
  }
}

/// Conditions in SQL that must all be met, with their arguments.
private struct Conditions {
  private var sql: [String] = []
  private(set) var arguments = StatementArguments()

  var isEmpty: Bool { sql.isEmpty }
  var joined: String { sql.joined(separator: " AND ") }

  /// The conditions in a form for which SQLite uses no index: it uses none for a term that begins with a unary plus.
  var withoutIndex: Conditions {
    var copy = self
    copy.sql = sql.map { "+" + $0 }
    return copy
  }

  mutating func add(_ condition: String, _ values: StatementArguments) {
    sql.append(condition)
    arguments += values
  }

  mutating func add(_ other: Conditions) {
    sql += other.sql
    arguments += other.arguments
  }
}

extension TextPattern {
  /// Returns the condition that a column matches the pattern.
  fileprivate func sql(column: String) -> (sql: String, arguments: StatementArguments) {
    literal.map { ("\(column) = ?", [$0]) } ?? ("\(column) GLOB ?", [glob])
  }
}
