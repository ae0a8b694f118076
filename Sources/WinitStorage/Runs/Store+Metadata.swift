// The metadata of a run. It is not part of the run's identity, so it can change.

import GRDB

/// A change of the metadata of a run. A value of nil leaves the metadata unchanged.
package struct MetadataChange: Sendable {
  /// The experiment; an empty string removes it.
  package var experiment: String?
  package var note: String?
  /// The uid of the parent; an empty string removes it.
  package var parent: String?
  package var tags: [TagRecord] = []
  /// The keys of the tags to remove.
  package var tagsToRemove: [String] = []

  package init() {}
}

extension Store {
  /// Changes the metadata of a run in one transaction.
  ///
  /// - Returns: the run with its new metadata.
  /// - Throws: `StoreError.noTag` if the run does not have a tag to remove; in this case nothing has changed.
  package func change(_ run: RunRecord, _ metadata: MetadataChange, _ event: Event) throws -> RunRecord {
    try write { db in
      let tags = try self.reload(run, db).tags.map(\.key)
      for key in metadata.tagsToRemove where !tags.contains(where: { $0.utf8.elementsEqual(key.utf8) }) {
        throw StoreError.noTag(reference: run.reference, key: key, known: tags)
      }
      try db.execute(
        sql: """
          UPDATE runs SET experiment = nullif(coalesce(?2, experiment), ''), note = coalesce(?3, note),
                          parent = nullif(coalesce(?4, parent), '')
          WHERE id = ?1
          """, arguments: [run.rowID, metadata.experiment, metadata.note, metadata.parent])
      for key in metadata.tagsToRemove {
        try db.execute(sql: "DELETE FROM tags WHERE run = ? AND key = ?", arguments: [run.rowID, key])
      }
      for tag in metadata.tags {
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
}
