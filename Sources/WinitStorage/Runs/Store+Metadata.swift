// What people say about a run. It is no part of what the run is, so it may change.

import GRDB

/// A change of what is said about a run; nil leaves a fact as it is.
package struct MetadataChange: Sendable {
  /// The empty text takes it off.
  package var experiment: String?
  package var note: String?
  /// A uid; the empty text takes it off.
  package var parent: String?
  package var tags: [Tag] = []
  package var tagsToRemove: [String] = []

  package init() {}
}

extension Store {
  /// Changes facts of a run, in one transaction.
  ///
  /// - Returns: the run as it is then.
  package func change(_ run: Run, _ facts: MetadataChange, _ event: Event) throws -> Run {
    try write { db in
      try db.execute(
        sql: """
          UPDATE runs SET experiment = nullif(coalesce(?2, experiment), ''), note = coalesce(?3, note),
                          parent = nullif(coalesce(?4, parent), '')
          WHERE id = ?1
          """, arguments: [run.rowID, facts.experiment, facts.note, facts.parent])
      for key in facts.tagsToRemove {
        try db.execute(sql: "DELETE FROM tags WHERE run = ? AND key = ?", arguments: [run.rowID, key])
      }
      for tag in facts.tags {
        try db.execute(
          sql: """
            INSERT INTO tags (run, key, value) VALUES (?, ?, ?)
            ON CONFLICT (run, key) DO UPDATE SET value = excluded.value
            """, arguments: [run.rowID, tag.key, tag.value])
      }
      try self.record(event, run, db)
      return try self.reload(run, db)
    }
  }

  /// A run as it is now.
  ///
  /// - Throws: `StoreError.gone` where it has been collected meanwhile.
  func reload(_ run: Run, _ db: Database) throws -> Run {
    guard let now = try runs(db, "WHERE runs.uid = ?", [run.uid]).first else {
      throw StoreError.gone(path: path, reference: run.reference)
    }
    return now
  }
}
