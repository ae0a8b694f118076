// The names and aliases of runs.

import Foundation
import GRDB

extension Store {
  /// Gives an alias to a run. Another run with the same name loses the alias.
  ///
  /// - Parameter event: returns the event for the history, from the run that had the alias.
  /// - Returns: the run that had the alias; nil if the alias is new.
  package func setAlias(_ alias: String, _ run: RunRecord, _ event: (RunRecord?) -> Event) throws -> RunRecord? {
    try write { db in
      let run = try self.reload(run, db)
      guard run.deletedAt == nil else { throw StoreError.gone(path: self.path, reference: run.reference) }
      let before = try self.fetchRuns(
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

  /// Removes an alias.
  ///
  /// - Returns: the run that had the alias; nil if there is no such alias.
  package func removeAlias(_ name: String, _ alias: String, _ event: Event) throws -> RunRecord? {
    try write { db in
      let run = try self.fetchRuns(
        db, "WHERE runs.id = (SELECT run FROM aliases WHERE name = ? AND alias = ?)", [name, alias]
      ).first
      guard let run else { return nil }
      try db.execute(sql: "DELETE FROM aliases WHERE name = ? AND alias = ?", arguments: [name, alias])
      try self.record(event, run, db)
      return run
    }
  }

  /// Returns the aliases of all runs of a name, in order.
  package func aliases(of name: String) throws -> [String] {
    try read { db in
      try String.fetchAll(
        db, sql: "SELECT alias FROM aliases WHERE name = ? ORDER BY alias", arguments: [name])
    }
  }

  /// Returns the current name of runs that had another name, after any number of renames; nil if the name was not
  /// renamed, or is in use again.
  package func newName(of name: String) throws -> String? {
    try read { db in
      var (current, seen): (String?, Set<String>) = (nil, [name])
      while let next = try String.fetchOne(
        db, sql: "SELECT renamed_to FROM names WHERE name = ?", arguments: [current ?? name]),
        seen.insert(next).inserted
      { current = next }
      return current
    }
  }

  /// Renames all runs of a name, deleted runs included. They keep their versions and aliases.
  ///
  /// The new name must never have been used, because `new:v1` would have named another run before. The exception is a
  /// former name of the same runs.
  ///
  /// - Returns: the number of runs that were renamed; 0 if there is no run of this name.
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
      let newest = try self.fetchRuns(db, "WHERE name = ? ORDER BY version DESC LIMIT 1", [old]).first
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
}
