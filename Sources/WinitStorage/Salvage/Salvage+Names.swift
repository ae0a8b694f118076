// The names, aliases and tags of a damaged file.

import GRDB

extension Salvage {
  /// Copies the names. No version of a name is ever used again, so the highest of all versions that occur anywhere
  /// counts: in the names, in the runs and in the history.
  func copyNames(_ db: Database, _ history: FoundHistory) throws {
    func use(_ name: String, _ version: Int64, renamedTo: String? = nil) throws {
      guard !name.isEmpty, (0..<Int64(Store.maximumVersion)).contains(version) else { return }
      try db.execute(
        sql: """
          INSERT INTO names (name, last_version, renamed_to) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET
            last_version = max(last_version, excluded.last_version), renamed_to = coalesce(renamed_to, excluded.renamed_to)
          """, arguments: [name, version, renamedTo])
    }
    try pages.forEachRow(of: .names, upTo: .unreachable) { row in
      guard let name = row.values[0].text, let version = row.values[1].integer else { return }
      try use(name, version, renamedTo: row.values[2].text)
    }
    for row in try Row.fetchAll(db, sql: "SELECT name, max(version) AS version FROM runs GROUP BY name") {
      try use(row.value("name"), row.value("version"))
    }
    for reference in history.references + lostRuns.compactMap(\.reference) {
      let parts = reference.split(separator: ":v", omittingEmptySubsequences: false)
      guard parts.count == 2, let version = Int64(parts[1]) else { continue }
      try use(String(parts[0]), version)
    }
    // A name in use is not renamed.
    try db.execute(
      sql: "UPDATE names SET renamed_to = NULL WHERE EXISTS (SELECT 1 FROM runs WHERE runs.name = names.name)")
  }

  func copyAliasesAndTags(_ db: Database) throws {
    // An alias proves itself by the name of its run. An index of the tags has records of the same types.
    let insertAlias = try db.makeStatement(
      sql: """
        INSERT OR IGNORE INTO aliases (name, alias, run)
        SELECT ?1, ?2, id FROM runs WHERE id = ?3 AND name = ?1 AND deleted_at IS NULL
        """)
    try pages.forEachRow(of: .aliases, upTo: .unreachable) { row in _ = try db.inserts(row.values, insertAlias) }
    let insertTag = try db.makeStatement(
      sql: "INSERT OR IGNORE INTO tags (run, key, value) SELECT id, ?2, ?3 FROM runs WHERE id = ?1")
    // Indices of the aliases and of the search terms have records of the same types as the tags.
    let isOther = try db.makeStatement(
      sql: """
        SELECT 1 FROM aliases WHERE run = ?1 AND name = ?2 AND alias = ?3
        UNION ALL SELECT 1 FROM run_terms WHERE run = ?1 AND kind = ?2 AND term = ?3
        """)
    try db.execute(sql: "INSERT INTO run_terms SELECT * FROM (\(Store.terms()))")
    try pages.forEachRow(of: .tags, upTo: .unreachable) { row in
      if row.rank > .reachable,
        try Row.fetchOne(isOther, arguments: StatementArguments(row.values.map(\.databaseValue))) != nil
      {
        return
      }
      _ = try db.inserts(row.values, insertTag)
    }
  }
}
