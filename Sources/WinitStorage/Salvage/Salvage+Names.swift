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
    try pages.forEachRow(of: .names) { row in
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
    try copyAliases(db)
    try db.execute(sql: "INSERT INTO run_terms SELECT * FROM (\(Store.terms()))")
    try copyTags(db)
  }

  /// An alias proves itself by the name of its run. Indices of the tags and of the search terms have records of the same
  /// types.
  private func copyAliases(_ db: Database) throws {
    let insert = try db.makeStatement(
      sql: """
        INSERT OR IGNORE INTO aliases (name, alias, run)
        SELECT ?1, ?2, id FROM runs WHERE id = ?3 AND name = ?1 AND deleted_at IS NULL
        """)
    let names = Dictionary(
      try Row.fetchAll(db, sql: "SELECT id, name FROM runs WHERE deleted_at IS NULL").map {
        (try $0.value("id", Int64.self), try $0.value("name", String.self))
      }
    ) { first, _ in first }
    func areAliases(_ rows: [DamagedPages.FoundRow]) -> Bool {
      let known = rows.compactMap { row in
        row.values[2].integer.flatMap { names[$0] }.map { RecordValue.text($0) == row.values[0] }
      }
      return !known.isEmpty && known.allSatisfy(\.self)
    }
    // A page that is reached as one of aliases, and holds something else, shows that pages have changed places.
    var isContradicted = false
    for claim in [DamagedPages.Claim.own, .none, .other] {
      try pages.forEachPage(of: .aliases, upTo: .unreachable) { page in
        guard page.claim == claim, claim != .other || isContradicted else { return }
        let rows = Array(pages.rows(of: .aliases, in: page))
        let areAliases = areAliases(rows)
        if claim == .own, !areAliases { isContradicted = true }
        guard claim != .other || areAliases else { return }
        for row in rows { _ = try db.inserts(row.values, insert) }
      }
    }
  }

  /// Nothing proves a tag, and indices of the aliases and of the search terms have records of the same types. They are
  /// told from tags by their content where the b-trees contradict it.
  private func copyTags(_ db: Database) throws {
    let insert = try db.makeStatement(
      sql: "INSERT OR IGNORE INTO tags (run, key, value) SELECT id, ?2, ?3 FROM runs WHERE id = ?1")
    let findOther = try db.makeStatement(
      sql: """
        SELECT 1 FROM aliases WHERE run = ?1 AND name = ?2 AND alias = ?3
        UNION ALL SELECT 1 FROM run_terms WHERE run = ?1 AND kind = ?2 AND term = ?3
        """)
    func isOther(_ row: DamagedPages.FoundRow) throws -> Bool {
      try Row.fetchOne(findOther, arguments: StatementArguments(row.values.map(\.databaseValue))) != nil
    }
    /// Whether a page holds the terms or the aliases of runs.
    func areOthers(_ rows: [DamagedPages.FoundRow]) throws -> Bool {
      try rows.allSatisfy { ["scheme", "dtype"].contains($0.values[1].text) } || rows.allSatisfy { try isOther($0) }
    }
    var (ownAreOthers, othersAreTags) = (false, false)
    try pages.forEachPage(of: .tags, upTo: .unreachable) { page in
      guard page.claim != .none else { return }
      let areOthers = try areOthers(Array(pages.rows(of: .tags, in: page)))
      if page.claim == .own, areOthers { ownAreOthers = true }
      if page.claim == .other, !areOthers { othersAreTags = true }
    }
    let isContradicted = ownAreOthers && othersAreTags
    try pages.forEachPage(of: .tags, upTo: .unreachable) { page in
      let rows = Array(pages.rows(of: .tags, in: page))
      switch page.claim {
      case .own: if isContradicted, try areOthers(rows) { return }
      case .other: if try !isContradicted || areOthers(rows) { return }
      case .none: break
      }
      for row in rows where try page.claim == .own && !isContradicted || !isOther(row) {
        _ = try db.inserts(row.values, insert)
      }
    }
  }
}
