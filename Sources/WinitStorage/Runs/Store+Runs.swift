// Finding runs, and reading their tensors.

import Foundation
import GRDB
package import WinitCore
import WinitJSON

extension Store {
  /// Returns the names of all runs that are not deleted, in order.
  package func runNames() throws -> [String] {
    try read { db in
      try String.fetchAll(db, sql: "SELECT DISTINCT name FROM runs WHERE deleted_at IS NULL ORDER BY name")
    }
  }

  /// Returns whether a scheme occurs in a run, deleted or not.
  package func hasRun(withScheme scheme: String) throws -> Bool {
    try read { db in
      try Row.fetchOne(
        db, sql: "SELECT 1 FROM run_terms WHERE kind = 'scheme' AND term = ? LIMIT 1", arguments: [scheme]) != nil
    }
  }

  /// Returns the seeds of all runs.
  package func seeds() throws -> [UInt64] {
    try read { db in
      try String.fetchAll(db, sql: "SELECT DISTINCT seed FROM runs").compactMap { UInt64($0) }
    }
  }

  /// Returns a version of a name, deleted or not. Without a version, returns the newest version that is not deleted; if
  /// all are deleted, the newest of them.
  package func run(named name: String, version: Int? = nil) throws -> RunRecord? {
    try read { db in
      if let version {
        return try self.fetchRuns(db, "WHERE name = ? AND version = ?", [name, version]).first
      }
      // Two indices end with the version, so that each subquery reads one entry, however many versions there are.
      return try self.fetchRuns(
        db,
        """
        WHERE runs.id = coalesce(
          (SELECT id FROM runs WHERE deleted_at IS NULL AND name = ?1 ORDER BY version DESC LIMIT 1),
          (SELECT id FROM runs WHERE name = ?1 ORDER BY version DESC LIMIT 1))
        """, [name]
      ).first
    }
  }

  /// Returns the run that has an alias.
  package func run(named name: String, alias: String) throws -> RunRecord? {
    try read { db in
      try self.fetchRuns(
        db, "WHERE runs.id = (SELECT run FROM aliases WHERE name = ? AND alias = ?)", [name, alias]
      ).first
    }
  }

  /// Returns the run with a uid, deleted or not.
  package func run(uid: String) throws -> RunRecord? {
    try read { db in try self.fetchRuns(db, "WHERE uid = ?", [uid]).first }
  }

  /// Returns the runs whose ids begin with the hexadecimal digits, newest first, and deleted runs after the others.
  package func runs(idPrefix: String, named name: String? = nil) throws -> [RunRecord] {
    guard let ids = SHA256Digest.range(ofPrefix: idPrefix) else { return [] }
    return try read { db in
      try self.fetchRuns(
        db,
        """
        WHERE manifests.digest BETWEEN ?1 AND ?2 AND (?3 IS NULL OR name = ?3)
        ORDER BY deleted_at IS NOT NULL, runs.id DESC
        """,
        [Data(ids.lowest.bytes), Data(ids.highest.bytes), name])
    }
  }

  /// Returns the current record of a run.
  ///
  /// - Throws: `StoreError.gone` if the run was collected after it was read.
  package func current(_ run: RunRecord) throws -> RunRecord { try read { db in try self.reload(run, db) } }

  /// Returns the text of the manifest as it is recorded.
  package func manifest(of run: RunRecord) throws -> String {
    try read { db in
      let current = try self.reload(run, db)
      let json = try String.fetchOne(
        db, sql: "SELECT json FROM manifests JOIN runs ON manifests.id = runs.manifest WHERE runs.id = ?",
        arguments: [current.rowID])
      guard let json else {
        throw StoreError.damaged(path: self.path, what: "\(run.reference) has no manifest")
      }
      return json
    }
  }

  /// Returns the tensors of a run, in the order of the spec.
  package func tensors(of run: RunRecord) throws -> [TensorRecord] {
    try read { db in
      let run = try self.reload(run, db)
      let rows = try self.ascendingRows(
        db, by: "position",
        "SELECT position, \(Store.tensorColumns) FROM tensors WHERE run = ? ORDER BY position", [run.rowID])
      let tensors = try self.tensors(from: rows, of: run)
      guard tensors.count == run.tensorCount else {
        throw StoreError.damaged(
          path: self.path, what: "\(run.reference) should have \(run.tensorCount) tensors, but has \(tensors.count)")
      }
      return tensors
    }
  }

  /// Returns tensors of a run by name, in the order of the names, and the tensors to which their laws refer, such as
  /// the target of a tied tensor. Only the rows of these tensors are read. Returns nil if a tensor is not there.
  package func tensors(
    named names: [TensorName], of run: RunRecord
  ) throws -> (selected: [TensorRecord], others: [TensorRecord])? {
    try read { db in
      let run = try self.reload(run, db)
      let select = try db.cachedStatement(
        sql: "SELECT \(Store.tensorColumns) FROM tensors WHERE run = ? AND name = ?")
      var rows: [Row] = []
      var (queue, seen) = (names, Set(names))
      while let name = queue.popLast() {
        guard let row = try Row.fetchOne(select, arguments: [run.rowID, name.string]) else { return nil }
        rows.append(row)
        let law = try? JSONValue(parsing: row.value("law", String.self))
        if let other = law?["name"]?.stringValue, seen.insert(TensorName(other)).inserted {
          queue.append(TensorName(other))
        }
      }
      let byName = try self.tensors(from: rows, of: run).firstByName(\.name)
      return (names.compactMap { byName[$0] }, byName.values.filter { !names.contains($0.name) })
    }
  }

  /// Returns a page of the runs that a filter selects.
  package func runs(_ filter: RunFilter = RunFilter()) throws -> [RunRecord] {
    try read { db in
      let (conditions, after) = (try filter.conditions(db), filter.afterCondition)
      // The subquery finds the page, so that only the rows of the page are read in full.
      return try self.fetchRuns(
        db,
        """
        WHERE runs.id IN (
          SELECT runs.id FROM runs WHERE \(conditions.sql) AND \(after.sql) ORDER BY \(filter.orderClause) LIMIT ?)
        ORDER BY \(filter.orderClause)
        """, conditions.arguments + after.arguments + [filter.limit ?? -1])
    }
  }

  /// Returns the number of runs that a filter selects, on all pages.
  package func count(_ filter: RunFilter) throws -> Int {
    try read { db in
      let conditions = try filter.conditions(db, allPages: true)
      return try Int.fetchOne(
        db, sql: "SELECT count(*) FROM runs WHERE \(conditions.sql)", arguments: conditions.arguments) ?? 0
    }
  }
}

extension SHA256Digest {
  /// Returns the lowest and the highest digest that begin with hexadecimal digits; nil for any other text.
  static func range(ofPrefix prefix: String) -> (lowest: SHA256Digest, highest: SHA256Digest)? {
    let digits = prefix.lowercased()
    guard digits.utf8.count <= 64,
      let lowest = SHA256Digest(digits.padding(toLength: 64, withPad: "0", startingAt: 0)),
      let highest = SHA256Digest(digits.padding(toLength: 64, withPad: "f", startingAt: 0))
    else { return nil }
    return (lowest, highest)
  }
}
