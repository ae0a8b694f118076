// Verifications of many runs, which can be resumed after an interruption.

import Foundation
import GRDB
import WinitCore
package import WinitJSON

/// A verification of many runs, and its progress.
package struct VerificationPass: Sendable {
  let id: Int64
  /// The uids of the runs that were verified, and whether each run matched.
  package let seen: [String: Bool]
}

extension Store {
  /// Begins a pass over a selection of runs. An unfinished pass over the same selection is deleted.
  package func beginPass(_ selection: JSONValue) throws -> VerificationPass {
    try write { db in
      let old = "SELECT id FROM verification_passes WHERE selection = ? AND finished_at IS NULL"
      try db.execute(sql: "DELETE FROM pass_runs WHERE pass IN (\(old))", arguments: [selection.compact])
      try db.execute(
        sql: "DELETE FROM verification_passes WHERE id IN (\(old))", arguments: [selection.compact])
      try db.execute(
        sql: "INSERT INTO verification_passes (started_at, selection) VALUES (?, ?)",
        arguments: [Date.now.timeText, selection.compact])
      return VerificationPass(id: db.lastInsertedRowID, seen: [:])
    }
  }

  /// Returns the newest unfinished pass over a selection; nil if there is none.
  package func unfinishedPass(_ selection: JSONValue) throws -> VerificationPass? {
    try read { db in
      guard
        let id = try Int64.fetchOne(
          db, sql: "SELECT max(id) FROM verification_passes WHERE selection = ? AND finished_at IS NULL",
          arguments: [selection.compact])
      else { return nil }
      let rows = try Row.fetchAll(
        db, sql: "SELECT run, matches FROM pass_runs WHERE pass = ?", arguments: [id])
      return VerificationPass(
        id: id,
        seen: try Dictionary(
          rows.map { (try $0.value("run"), try $0.value("matches")) }, uniquingKeysWith: { $1 }))
    }
  }

  /// Records the result of the verification of a run in the history, and in a pass if it is part of one.
  package func record(_ event: Event, _ run: RunRecord, matches: Bool, in pass: VerificationPass?) throws {
    try write { db in
      try self.record(event, run, db)
      if let pass {
        try db.execute(
          sql: """
            INSERT INTO pass_runs (pass, run, matches) VALUES (?1, ?2, ?3)
            ON CONFLICT (pass, run) DO UPDATE SET matches = ?3
            """, arguments: [pass.id, run.uid, matches])
      }
    }
  }

  /// Marks a pass as finished and deletes its results, which the history also has.
  package func finish(_ pass: VerificationPass) throws {
    try write { db in
      try db.execute(sql: "DELETE FROM pass_runs WHERE pass = ?", arguments: [pass.id])
      try db.execute(
        sql: "UPDATE verification_passes SET finished_at = ? WHERE id = ?",
        arguments: [Date.now.timeText, pass.id])
    }
  }
}
