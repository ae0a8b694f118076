// Leases: what a create under way has added or found, so that no collection takes it.

import Foundation
import GRDB
import WinitJSON

/// A claim to chunks that no run refers to yet. It begins with the first chunk, is renewed with each batch, and ends
/// with the commit, when the work is taken back, or when its holder has ended or has not renewed it for an hour.
package struct Lease: Sendable {
  let id: Int64
  let holder: ProcessIdentity

  package init() {
    id = .random(in: 1...(.max))
    holder = .current
  }
}

extension Store {
  /// How long a lease lives without being renewed where its holder cannot be seen. Should a create take longer over
  /// one batch, nothing is lost: its commit finds the chunks missing and makes them again.
  static let leaseSeconds = 3600

  func renew(_ lease: Lease, _ db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO leases (id, holder, renewed_at) VALUES (?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET renewed_at = excluded.renewed_at
        """, arguments: [lease.id, lease.holder.json.compact, now()])
  }

  func end(_ lease: Lease, _ db: Database) throws {
    try db.execute(sql: "DELETE FROM lease_chunks WHERE lease = ?", arguments: [lease.id])
    try db.execute(sql: "DELETE FROM leases WHERE id = ?", arguments: [lease.id])
  }

  /// Ends the leases whose holders are gone.
  func endDeadLeases(_ db: Database) throws {
    for id in try deadLeases(db) {
      try db.execute(sql: "DELETE FROM lease_chunks WHERE lease = ?", arguments: [id])
      try db.execute(sql: "DELETE FROM leases WHERE id = ?", arguments: [id])
    }
  }

  func deadLeases(_ db: Database) throws -> [Int64] {
    try Row.fetchAll(db, sql: "SELECT id, holder, renewed_at FROM leases").compactMap { row in
      let holder = (try? JSONValue(parsing: row.value("holder", String.self))).flatMap(
        ProcessIdentity.init(json:))
      let isFresh =
        abs(Double(try row.value("renewed_at", Int.self)) - Double(now())) < Double(Store.leaseSeconds)
      return isFresh && holder?.hasEnded != true ? nil : try row.value("id")
    }
  }

  private func now() -> Int { Int(Date.now.timeIntervalSince1970) }
}
