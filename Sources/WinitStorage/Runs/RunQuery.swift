// Which runs are asked for, in which order, and how many.

import GRDB

/// Which runs are asked for: those that fit everything said.
public struct RunQuery: Sendable {
  /// An order of runs; those that are equal in it stand in the order of their creation.
  public enum Order: String, Sendable, CaseIterable {
    /// When they were created, the newest first.
    case created
    /// By name, each name's versions upward.
    case name
    /// By the number of parameters, the largest first.
    case parameters
  }

  /// The name, where `*` stands for any characters, `?` for one.
  public var name: String?
  /// The experiment.
  public var experiment: String?
  /// Tags; a nil value stands for any.
  public var tags: [(key: String, value: String?)] = []
  /// Schemes that occur, by name or alias.
  public var schemes: [String] = []
  /// A dtype that occurs.
  public var dtypes: [String] = []
  /// The seed.
  public var seed: UInt64?
  /// An alias.
  public var alias: String?
  /// Created at this time or later: UTC, ISO 8601 or the beginning of it.
  public var since: String?
  /// Created before this time.
  public var until: String?
  /// More parameters than so many.
  public var moreParametersThan: Int?
  /// Deleted runs, instead of the others.
  public var deleted = false
  /// The order.
  public var order = Order.created
  /// The other way around.
  public var reversed = false
  /// The run after which the page begins.
  public var after: Run?
  /// At most so many; nil for all.
  public var limit: Int?

  /// All runs, the newest first.
  public init() {}
}

extension RunQuery {
  /// The conditions that the runs have to meet, without the page.
  func conditions(_ db: Database) throws -> (sql: String, arguments: StatementArguments) {
    var sql = ["deleted_at IS \(deleted ? "NOT " : "")NULL"]
    var arguments = StatementArguments()
    func add(_ condition: String, _ values: StatementArguments) {
      sql.append(condition)
      arguments += values
    }
    // What few runs have is looked up first; what many have is looked for in run after run, since a page is soon full.
    func isRare(_ table: String, where condition: String, _ values: StatementArguments) throws -> Bool {
      let few = 2000
      let sql = "SELECT count(*) FROM (SELECT 1 FROM \(table) WHERE \(condition) LIMIT \(few))"
      return try Int.fetchOne(db, sql: sql, arguments: values) ?? 0 < few
    }
    /// A row of another table has to be there for the run.
    func add(rowOf table: String, where condition: String, _ values: StatementArguments) throws {
      add(
        try isRare(table, where: condition, values)
          ? "runs.id IN (SELECT run FROM \(table) WHERE \(condition))"
          : "EXISTS (SELECT 1 FROM \(table) WHERE \(condition) AND run = runs.id)", values)
    }
    if let name {
      // A run's name has no brackets, which GLOB would give a meaning.
      let pattern = name.replacing("[", with: "[[]")
      let condition = "name GLOB ?"
      // With a sign before it no index is used for it.
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
    // A captured run has no seed, whatever stands in its column.
    if let seed { add("seed = ? AND origin = 'created'", [String(seed)]) }
    if let since { add("created_at >= ?", [since]) }
    if let until { add("created_at < ?", [until]) }
    if let moreParametersThan { add("parameter_count > ?", [moreParametersThan]) }
    return (sql.joined(separator: " AND "), arguments)
  }

  /// The condition of the page that begins after a run.
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
    let (down, up) = reversed ? ("ASC", "DESC") : ("DESC", "ASC")
    return switch order {
    case .created: "created_at \(down), runs.id \(down)"
    case .name: "name \(up), version \(up)"
    case .parameters: "parameter_count \(down), runs.id \(down)"
    }
  }
}

extension Store {
  /// A page of the runs that are asked for.
  package func runs(_ query: RunQuery = RunQuery()) throws -> [Run] {
    try read { db in
      let (conditions, after) = (try query.conditions(db), query.afterCondition)
      // The page is found first, and only its rows are read in full.
      return try self.runs(
        db,
        """
        WHERE runs.id IN (
          SELECT runs.id FROM runs WHERE \(conditions.sql) AND \(after.sql) ORDER BY \(query.orderClause) LIMIT ?)
        ORDER BY \(query.orderClause)
        """, conditions.arguments + after.arguments + [query.limit ?? -1])
    }
  }

  /// How many runs are asked for, on all pages.
  package func count(_ query: RunQuery) throws -> Int {
    try read { db in
      let conditions = try query.conditions(db)
      return try Int.fetchOne(
        db, sql: "SELECT count(*) FROM runs WHERE \(conditions.sql)", arguments: conditions.arguments) ?? 0
    }
  }
}
