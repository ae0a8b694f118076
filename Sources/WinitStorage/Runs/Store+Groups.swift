// The experiments and the tags that occur in runs, and the runs with the same id.

import GRDB

/// A text of the metadata that several runs share, and these runs.
package struct RunGroup: Sendable {
  /// The experiment, or the key of the tag.
  package let name: String
  /// The value of the tag; nil for an experiment.
  package let value: String?
  package let runCount: Int
  /// The time of creation of the newest of the runs: UTC, ISO 8601.
  package let newest: String
}

extension Store {
  /// Returns the experiments of the runs that a filter selects, in the order of their newest runs, newest first. The
  /// order and the page of the filter have no effect.
  package func experiments(_ filter: RunFilter, limit: Int?) throws -> [RunGroup] {
    try groups(
      filter,
      """
      SELECT experiment AS label, NULL AS value, count(*) AS runs, max(created_at) AS newest FROM runs
      WHERE experiment IS NOT NULL AND
      """, "GROUP BY experiment ORDER BY newest DESC, experiment LIMIT ?", limit)
  }

  /// Returns the tags of the runs that a filter selects, in the order of their keys and values.
  package func tags(_ filter: RunFilter, limit: Int?) throws -> [RunGroup] {
    try groups(
      filter,
      """
      SELECT key AS label, value, count(*) AS runs, max(created_at) AS newest
      FROM tags AS tag JOIN runs ON runs.id = tag.run WHERE
      """, "GROUP BY key, value ORDER BY key, value LIMIT ?", limit)
  }

  private func groups(_ filter: RunFilter, _ select: String, _ end: String, _ limit: Int?) throws -> [RunGroup] {
    try read { db in
      let conditions = try filter.conditions(db, allPages: true)
      return try Row.fetchAll(
        db, sql: "\(select) \(conditions.sql) \(end)", arguments: conditions.arguments + [limit ?? -1]
      ).map { row in
        RunGroup(
          name: try row.value("label"), value: try row.value("value"),
          runCount: try row.number("runs", in: 0...Store.maximumCount), newest: try row.value("newest"))
      }
    }
  }

  /// Returns the references of the other runs with the id of a run, oldest first and at most 100, without deleted runs.
  package func referencesOfOthers(withIDOf run: RunRecord) throws -> [String] {
    try read { db in
      try String.fetchAll(
        db,
        sql: """
          SELECT name || ':v' || version FROM runs
          WHERE manifest = (SELECT manifest FROM runs WHERE uid = ?1) AND uid <> ?1 AND deleted_at IS NULL ORDER BY id LIMIT 100
          """, arguments: [run.uid])
    }
  }
}
