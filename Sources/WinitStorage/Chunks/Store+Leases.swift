// Leases: claims of operations in progress to chunks, so that no garbage collection deletes them.

import Foundation
import GRDB
import WinitCore
import WinitJSON

/// The claim of an operation in progress to chunks that no run refers to yet.
///
/// A lease begins with the first batch of chunks, and each batch renews it. It ends with the commit or with a rollback.
/// It expires when its process has ended, or one hour after its last renewal.
package struct Lease: Sendable {
  let id: Int64
  /// The process that created the lease.
  let holder: ProcessIdentity
  /// The time at which the operation began.
  let since: Date

  package init() {
    id = .random(in: 1...(.max))
    holder = .current
    since = .now
  }

  /// The holder and the time as JSON. Earlier versions ignore the members that they do not know.
  fileprivate var json: JSONValue {
    .object((holder.json.objectValue ?? []) + [.init("since", .string(since.timeText))])
  }
}

extension Store {
  /// The time after the last renewal at which a lease expires, in seconds, if its process has not ended or cannot be
  /// seen. If a create takes longer for one batch, nothing is lost: its commit finds that chunks are missing, and it
  /// adds them again.
  private static let leaseDuration = 3600

  /// Begins or renews a lease.
  func renew(_ lease: Lease, _ db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO leases (id, holder, renewed_at) VALUES (?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET renewed_at = excluded.renewed_at
        """, arguments: [lease.id, lease.json.compact, now()])
  }

  func end(_ lease: Lease, _ db: Database) throws { try endLease(lease.id, db) }

  func endExpiredLeases(_ db: Database) throws {
    for id in try expiredLeases(db) { try endLease(id, db) }
  }

  private func endLease(_ id: Int64, _ db: Database) throws {
    try db.execute(sql: "DELETE FROM lease_chunks WHERE lease = ?", arguments: [id])
    try db.execute(sql: "DELETE FROM leases WHERE id = ?", arguments: [id])
  }

  private func expiredLeases(_ db: Database) throws -> [Int64] {
    try Row.fetchAll(db, sql: "SELECT id, holder, renewed_at FROM leases").compactMap { row in
      let holder = (try? JSONValue(parsing: row.value("holder", String.self))).flatMap(
        ProcessIdentity.init(json:))
      // A time of renewal far in the future also counts as expired.
      let isRecent = abs(Double(try row.value("renewed_at", Int.self)) - Double(now())) < Double(Store.leaseDuration)
      return isRecent && holder?.hasEnded != true ? nil : try row.value("id")
    }
  }

  /// Returns the SQL condition that no lease refers to a row of `chunks`. Expired leases do not count.
  func unleasedCondition(_ db: Database) throws -> String {
    let expired = try expiredLeases(db).map(String.init).joined(separator: ", ")
    return "NOT EXISTS (SELECT 1 FROM lease_chunks WHERE chunk = chunks.id AND lease NOT IN (\(expired)))"
  }

  /// Ends a lease, deletes its chunks that no tensor refers to and no other lease holds, newest first, and frees their
  /// space.
  ///
  /// If the disk is too full for the journal of a large batch, the chunks are deleted one at a time: each makes room
  /// for the next.
  ///
  /// - Returns: the number of bytes that could not be deleted; nil if it is not known, because another process keeps the
  ///   registry locked. The next garbage collection deletes them.
  package func rollBack(_ lease: Lease) -> Int? {
    withoutInterruption {
      for batch in [Store.transactionSize / chunkSize, 1] {
        do { while try rollBack(lease, batch) {} } catch StoreError.locked { return nil } catch {}
      }
      return unreferencedBytes(of: lease)
    }
  }

  /// Returns the bytes of the chunks of a lease that no tensor refers to.
  private func unreferencedBytes(of lease: Lease) -> Int {
    let remaining = try? read { db in
      try Int.fetchOne(
        db,
        sql: """
          SELECT sum(size) FROM lease_chunks JOIN chunks ON chunks.id = chunk
          WHERE lease = ? AND NOT EXISTS (SELECT 1 FROM tensor_chunks WHERE tensor_chunks.chunk = chunks.id)
          """, arguments: [lease.id])
    }
    return (remaining ?? nil) ?? 0
  }

  /// Rolls back the newest chunks of a lease, and ends the lease if it has no chunks.
  ///
  /// - Parameter count: the maximum number of chunks.
  /// - Returns: whether the lease may have more chunks.
  private func rollBack(_ lease: Lease, _ count: Int) throws -> Bool {
    try write { db in
      let chunks = try Int64.fetchAll(
        db, sql: "SELECT chunk FROM lease_chunks WHERE lease = ? ORDER BY chunk DESC LIMIT ?",
        arguments: [lease.id, count])
      let delete = try db.cachedStatement(sql: "DELETE FROM lease_chunks WHERE lease = ? AND chunk = ?")
      for chunk in chunks { try delete.execute(arguments: [lease.id, chunk]) }
      _ = try self.deleteUnreferenced(chunks, db)
      if chunks.isEmpty { try self.end(lease, db) }
      return !chunks.isEmpty
    }
  }

  /// Returns the time in seconds since 1970.
  private func now() -> Int { Int(Date.now.timeIntervalSince1970) }
}
