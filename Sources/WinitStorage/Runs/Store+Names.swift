// Names, aliases and tombstones: how runs are found, and when no more.

import Foundation
import GRDB

extension Store {
  /// Makes an alias of the run's name stand for the run, wherever it stood before.
  ///
  /// - Returns: the run it stood for.
  package func setAlias(_ alias: String, _ run: Run, _ event: (Run?) -> Event) throws -> Run? {
    try write { db in
      let run = try self.reload(run, db)
      guard run.deletedAt == nil else { throw StoreError.gone(path: self.path, reference: run.reference) }
      let before = try self.runs(
        db, "WHERE runs.id = (SELECT run FROM aliases WHERE name = ? AND alias = ?)", [run.name, alias]
      ).first
      try db.execute(
        sql: """
          INSERT INTO aliases (name, alias, run) VALUES (?, ?, ?)
          ON CONFLICT (name, alias) DO UPDATE SET run = excluded.run
          """, arguments: [run.name, alias, run.rowID])
      try self.record(event(before), run, db)
      return before
    }
  }

  /// Takes an alias off.
  ///
  /// - Returns: the run it stood for; nil where there is no such alias.
  package func removeAlias(_ name: String, _ alias: String, _ event: Event) throws -> Run? {
    try write { db in
      let run = try self.runs(
        db, "WHERE runs.id = (SELECT run FROM aliases WHERE name = ? AND alias = ?)", [name, alias]
      ).first
      guard let run else { return nil }
      try db.execute(sql: "DELETE FROM aliases WHERE name = ? AND alias = ?", arguments: [name, alias])
      try self.record(event, run, db)
      return run
    }
  }

  /// The aliases of a name.
  package func aliases(of name: String) throws -> [String] {
    try read { db in
      try String.fetchAll(
        db, sql: "SELECT alias FROM aliases WHERE name = ? ORDER BY alias", arguments: [name])
    }
  }

  /// The name that a name became, however often; nil where it was not renamed, or is in use again.
  package func newName(of name: String) throws -> String? {
    try read { db in
      var (now, seen): (String?, Set<String>) = (nil, [name])
      while let next = try String.fetchOne(
        db, sql: "SELECT renamed_to FROM names WHERE name = ?", arguments: [now ?? name]),
        seen.insert(next).inserted
      { now = next }
      return now
    }
  }

  /// Gives all runs of a name, deleted ones too, another name, with their versions and aliases.
  ///
  /// The new name must never have been used, or `new:v1` would have meant another run before; unless it is the one that
  /// these runs had.
  ///
  /// - Returns: how many runs were renamed; 0 where there are none of this name.
  /// - Throws: `StoreError.nameTaken`.
  package func rename(_ old: String, _ new: String, _ event: Event) throws -> Int {
    try write { db in
      let last = try Int.fetchOne(
        db, sql: "SELECT last_version FROM names WHERE name = ?", arguments: [old])
      let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM runs WHERE name = ?", arguments: [old]) ?? 0
      guard let last, count > 0 else { return 0 }
      let taken = try Row.fetchOne(
        db,
        sql:
          "SELECT renamed_to, (SELECT count(*) FROM runs WHERE runs.name = ?1) AS runs FROM names WHERE name = ?1",
        arguments: [new])
      if let taken, try taken.value("runs") > 0 || taken.value("renamed_to", String?.self) != old {
        throw StoreError.nameTaken(new)
      }
      let newest = try self.runs(db, "WHERE name = ? ORDER BY version DESC LIMIT 1", [old]).first
      try self.record(event, newest, db)
      try db.execute(
        sql: """
          INSERT INTO names (name, last_version) VALUES (?1, ?2)
          ON CONFLICT (name) DO UPDATE SET last_version = max(last_version, ?2), renamed_to = NULL
          """, arguments: [new, last])
      try db.execute(sql: "UPDATE runs SET name = ? WHERE name = ?", arguments: [new, old])
      try db.execute(sql: "UPDATE aliases SET name = ? WHERE name = ?", arguments: [new, old])
      try db.execute(sql: "UPDATE names SET renamed_to = ? WHERE name = ?", arguments: [new, old])
      return count
    }
  }

  /// Deletes runs, all or none: they are found no more, and keep what they have until they are collected.
  ///
  /// - Throws: `StoreError.hasAliases`.
  package func delete(_ runs: [Run], _ event: Event) throws -> [Run] {
    try write { db in
      try runs.map { run in
        let run = try self.reload(run, db)
        guard run.aliases.isEmpty else { throw StoreError.hasAliases(run.reference, run.aliases) }
        if run.deletedAt != nil { return run }
        try db.execute(
          sql: "UPDATE runs SET deleted_at = ? WHERE id = ?",
          arguments: [Date.now.formatted(.iso8601), run.rowID])
        try self.record(event, run, db)
        return try self.reload(run, db)
      }
    }
  }

  /// Undoes deletions, all or none.
  package func restore(_ runs: [Run], _ event: Event) throws -> [Run] {
    try write { db in
      try runs.map { run in
        let run = try self.reload(run, db)
        if run.deletedAt == nil { return run }
        try db.execute(sql: "UPDATE runs SET deleted_at = NULL WHERE id = ?", arguments: [run.rowID])
        try self.record(event, run, db)
        return try self.reload(run, db)
      }
    }
  }
}
