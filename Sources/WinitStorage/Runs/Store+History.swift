// The history of operations. SQL triggers keep it append-only.

import Foundation
import GRDB
import WinitCore
package import WinitJSON

/// An entry of the history.
package struct HistoryRecord: Sendable {
  /// The number of the entry. Later entries have higher numbers.
  package let number: Int
  /// The time of the operation: UTC, ISO 8601.
  package let at: String
  /// The name of the operation, such as `create`.
  package let action: String
  /// The uid of the run; nil if the operation is not about a run.
  package let run: String?
  /// The reference of the run at that time.
  package let reference: String?
  /// Further values, which depend on the operation.
  package let detail: JSONValue
  /// The user, the machine and the folder; an empty object if they were not recorded.
  package let actor: JSONValue
}

/// An operation, to be recorded in the history.
package struct Event: Sendable {
  package let action: String
  package let detail: JSONValue
  package let actor: JSONValue

  package init(_ action: String, _ detail: JSONValue = .object([]), by actor: JSONValue) {
    self.action = action
    self.detail = detail
    self.actor = actor
  }
}

extension Store {
  /// Records an event in the transaction of its operation.
  func record(_ event: Event, _ run: RunRecord?, _ db: Database) throws {
    try db.execute(
      sql: "INSERT INTO history (at, action, run, reference, detail, actor) VALUES (?, ?, ?, ?, ?, ?)",
      arguments: [
        Date.now.timeText, event.action, run?.uid, run?.reference, event.detail.compact,
        event.actor.compact,
      ])
  }

  /// Records an event of an operation that writes nothing else, such as a verification.
  package func record(_ event: Event, _ run: RunRecord?) throws {
    try write { db in try self.record(event, run, db) }
  }

  /// Returns the time at which the last run with a reference was collected, and the uid of the run; nil if no such run
  /// was collected.
  package func collection(of reference: String) throws -> (at: String, uid: String?)? {
    try read { db in
      let row = try Row.fetchOne(
        db, sql: "SELECT at, run FROM history WHERE action = 'collect' AND reference = ? ORDER BY id DESC LIMIT 1",
        arguments: [reference])
      return try row.map { (try $0.value("at"), try $0.value("run")) }
    }
  }

  /// Returns entries of the history, newest first.
  ///
  /// - Parameters:
  ///   - uid: the uid of the run that the entries are about; nil for all entries.
  ///   - limit: the maximum number of entries; nil for no limit.
  package func history(of uid: String?, limit: Int?) throws -> [HistoryRecord] {
    try read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM history \(uid == nil ? "" : "WHERE run = ?1") ORDER BY id DESC LIMIT ?2",
        arguments: [uid, limit ?? -1]
      ).map { row in
        HistoryRecord(
          number: try row.value("id"), at: try row.value("at"), action: try row.value("action"),
          run: try row.value("run"), reference: try row.value("reference"),
          detail: (try? JSONValue(parsing: row.value("detail", String.self))) ?? .null,
          actor: (try? JSONValue(parsing: row.value("actor", String.self))) ?? .null)
      }
    }
  }
}
