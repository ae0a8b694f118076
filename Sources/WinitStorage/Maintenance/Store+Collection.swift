// Garbage collection: deleting deleted runs after their grace period, and unreferenced chunks.

import Foundation
import GRDB
import WinitCore

/// The runs and chunks that a garbage collection would remove, or has removed.
package struct CollectionRecord: Sendable {
  /// The deleted runs whose grace period has passed.
  package internal(set) var runs: [RunRecord] = []
  /// The number of deleted runs whose grace period has not passed.
  package internal(set) var waiting = 0
  /// The number of unreferenced chunks.
  package internal(set) var chunkCount = 0
  /// The size of the unreferenced chunks, in bytes.
  package internal(set) var bytes = 0
  /// The size of the chunks that only leases refer to, in bytes.
  package internal(set) var leased = 0

  /// Returns the record of a garbage collection that has removed these runs and chunks.
  package func taking(_ runs: [RunRecord], _ chunks: (count: Int, bytes: Int)) -> CollectionRecord {
    var result = self
    (result.runs, result.chunkCount, result.bytes) = (runs, chunks.count, chunks.bytes)
    return result
  }
}

extension Store {
  /// Returns the runs and chunks that a garbage collection would remove now.
  ///
  /// - Parameter time: the latest time of deletion (UTC, ISO 8601) of the runs that are removed.
  package func collectable(deletedBefore time: String) throws -> CollectionRecord {
    try read { db in
      var collection = CollectionRecord()
      collection.runs = try self.fetchRuns(db, "WHERE deleted_at <= ? ORDER BY runs.id", [time])
      collection.waiting =
        try Int.fetchOne(db, sql: "SELECT count(*) FROM runs WHERE deleted_at > ?", arguments: [time]) ?? 0
      let referenced =
        collection.runs.isEmpty
        ? "EXISTS (SELECT 1 FROM tensor_chunks WHERE chunk = chunks.id)"
        : """
        EXISTS (SELECT 1 FROM tensor_chunks JOIN tensors ON tensors.id = tensor JOIN runs ON runs.id = run
                WHERE chunk = chunks.id AND (deleted_at IS NULL OR deleted_at > :time))
        """
      let unleased = try self.unleasedCondition(db)
      let row = try Row.fetchOne(
        db,
        sql: """
          SELECT count(*) FILTER (WHERE free) AS count, coalesce(sum(size) FILTER (WHERE free), 0) AS bytes,
                 coalesce(sum(size) FILTER (WHERE NOT free), 0) AS leased
          FROM (SELECT size, \(unleased) AS free FROM chunks WHERE NOT \(referenced))
          """, arguments: collection.runs.isEmpty ? [] : ["time": time])
      collection.chunkCount = try row?.value("count") ?? 0
      collection.bytes = try row?.value("bytes") ?? 0
      collection.leased = try row?.value("leased") ?? 0
      return collection
    }
  }

  /// Removes the record of a deleted run in one transaction, which checks again that the run is still deleted.
  ///
  /// - Parameter time: the latest time of deletion (UTC, ISO 8601) of the runs that are removed.
  /// - Returns: whether the run was removed.
  package func collect(_ run: RunRecord, deletedBefore time: String, _ event: Event) throws -> Bool {
    try write { db in
      guard let run = try self.fetchRuns(db, "WHERE uid = ? AND deleted_at <= ?", [run.uid, time]).first else {
        return false
      }
      for sql in [
        "DELETE FROM tensor_chunks WHERE tensor IN (SELECT id FROM tensors WHERE run = ?)",
        "DELETE FROM tensors WHERE run = ?", "DELETE FROM run_terms WHERE run = ?",
        "DELETE FROM tags WHERE run = ?", "DELETE FROM diagnoses WHERE run = ?", "DELETE FROM runs WHERE id = ?",
      ] { try db.execute(sql: sql, arguments: [run.rowID]) }
      try db.execute(
        sql: """
          DELETE FROM manifests WHERE digest = ?
          AND NOT EXISTS (SELECT 1 FROM runs WHERE manifest = manifests.id)
          """, arguments: [Data(run.id.bytes)])
      try self.record(event, run, db)
      return true
    }
  }

  /// Ends expired leases, deletes all unreferenced chunks in transactions of bounded size, and frees their space.
  ///
  /// - Parameter progress: called after each transaction with the number of chunks that were deleted, their size in
  ///   bytes, and the number of unreferenced chunks at the beginning.
  package func deleteUnreferencedChunks(progress: (Int, Int, Int) throws -> Void) throws {
    try write { db in try self.endExpiredLeases(db) }
    let chunks = try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT id, size FROM chunks
          WHERE NOT EXISTS (SELECT 1 FROM tensor_chunks WHERE chunk = chunks.id)
          AND NOT EXISTS (SELECT 1 FROM lease_chunks WHERE chunk = chunks.id)
          ORDER BY id DESC
          """
      ).map { (id: try $0.value("id", Int64.self), size: try $0.number("size", in: 1...chunkSize)) }
    }
    _ = try deleteUnreferencedInBatches(chunks, progress: progress)
  }

  /// Deletes those of the chunks that are still unreferenced, in transactions of bounded size, and frees their space.
  ///
  /// - Returns: the number of chunks that were deleted, and their size in bytes.
  func deleteUnreferencedInBatches(
    _ chunks: [(id: Int64, size: Int)], progress: (Int, Int, Int) throws -> Void
  ) throws -> (count: Int, bytes: Int) {
    var removed = (count: 0, bytes: 0)
    var remaining = chunks[...]
    while !remaining.isEmpty {
      var (batch, size) = (remaining.prefix(1), 0)
      while batch.count < remaining.count, batch.count < 1024, size < Store.transactionSize {
        size += remaining[batch.endIndex].size
        batch = remaining.prefix(batch.count + 1)
      }
      let deleted = try write { db in try self.deleteUnreferenced(batch.map(\.id), db) }
      removed.count += deleted.count
      removed.bytes += batch.reduce(0) { $0 + (deleted.contains($1.id) ? $1.size : 0) }
      remaining = remaining.dropFirst(batch.count)
      try progress(removed.count, removed.bytes, chunks.count)
      yieldToOtherWriters()
    }
    while try write({ db in try self.freeSpace(db) }) { yieldToOtherWriters() }
    return removed
  }

  /// Deletes those of the chunks that no tensor and no lease refers to, and frees at most `transactionSize` bytes of
  /// the file.
  ///
  /// - Parameter chunks: the ids of rows in `chunks`.
  /// - Returns: the ids of the chunks that were deleted.
  func deleteUnreferenced(_ chunks: [Int64], _ db: Database) throws -> Set<Int64> {
    let delete = try db.cachedStatement(
      sql: """
        DELETE FROM chunks WHERE id = ?1
        AND NOT EXISTS (SELECT 1 FROM tensor_chunks WHERE chunk = ?1)
        AND NOT EXISTS (SELECT 1 FROM lease_chunks WHERE chunk = ?1)
        """)
    var deleted: Set<Int64> = []
    for chunk in chunks {
      try delete.execute(arguments: [chunk])
      if db.changesCount > 0 { deleted.insert(chunk) }
    }
    try freeSpace(db)
    return deleted
  }

  /// Shortens the file by its empty pages, at most `transactionSize` bytes.
  ///
  /// - Returns: whether another call would free more.
  @discardableResult
  func freeSpace(_ db: Database) throws -> Bool {
    let pageSize = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 4096
    let before = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
    // SQLite frees a page for each row that is fetched, so all rows are fetched.
    _ = try Row.fetchAll(db, sql: "PRAGMA incremental_vacuum(\(Store.transactionSize / pageSize))")
    // If the user has changed auto_vacuum, no page is freed.
    let after = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
    return after > 0 && after < before
  }
}
