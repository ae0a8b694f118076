// What was done, by whom. SQL triggers keep it append-only.

import Foundation
import GRDB
public import WinitJSON

/// Something that was done to a registry.
public struct HistoryEntry: Sendable {
  /// Counts up.
  public let number: Int
  /// When: UTC, ISO 8601.
  public let at: String
  /// What.
  public let action: String
  /// The run's uid, if it is about one.
  public let run: String?
  /// The run as it was called then.
  public let reference: String?
  /// More about it.
  public let detail: JSONValue
  /// Who did it, and from where; an empty object where that was not to be captured.
  public let actor: JSONValue
}

/// What is to be recorded of something that is done.
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
  /// In the transaction of what it tells of.
  func record(_ event: Event, _ run: Run?, _ db: Database) throws {
    try db.execute(
      sql: "INSERT INTO history (at, action, run, reference, detail, actor) VALUES (?, ?, ?, ?, ?, ?)",
      arguments: [
        Date.now.formatted(.iso8601), event.action, run?.uid, run?.reference, event.detail.compact,
        event.actor.compact,
      ])
  }

  /// Records what changes nothing else, such as a verification.
  package func record(_ event: Event, _ run: Run?) throws {
    try write { db in try self.record(event, run, db) }
  }

  /// When the run that had a reference was collected; nil where none was.
  package func collectionTime(of reference: String) throws -> String? {
    try read { db in
      try String.fetchOne(
        db, sql: "SELECT at FROM history WHERE action = 'collect' AND reference = ? ORDER BY id DESC LIMIT 1",
        arguments: [reference])
    }
  }

  /// The newest entries, the newest first: all, or those about a run.
  package func history(of run: Run?, limit: Int?) throws -> [HistoryEntry] {
    try read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM history WHERE ?1 IS NULL OR run = ?1 ORDER BY id DESC LIMIT ?2",
        arguments: [run?.uid, limit ?? -1]
      ).map { row in
        HistoryEntry(
          number: try row.value("id"), at: try row.value("at"), action: try row.value("action"),
          run: try row.value("run"), reference: try row.value("reference"),
          detail: (try? JSONValue(parsing: row.value("detail", String.self))) ?? .null,
          actor: (try? JSONValue(parsing: row.value("actor", String.self))) ?? .null)
      }
    }
  }
}
