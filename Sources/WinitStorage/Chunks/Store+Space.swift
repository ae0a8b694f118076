// What the file holds, what of it nobody needs, and how that is given back.

import Foundation
import GRDB
import WinitCore

/// What a registry file holds, in bytes.
public struct SpaceUse: Sendable {
  /// Runs that are there, and deleted ones that are not collected yet.
  public let runs: (visible: Int, deleted: Int)
  /// Chunks, each counted once.
  public let chunkCount: Int
  /// The bytes of the chunks.
  public let stored: Int
  /// What the chunks that are referred to more than once would take if each tensor had its own, beyond `stored`.
  public let shared: Int
  /// What a collection would free now: chunks that nobody needs.
  public let reclaimable: Int
  /// What the deleted runs alone need, and is free once their grace period has passed.
  public let deleted: Int
  /// What creates under way hold.
  public let leased: Int
  /// Pages of the file with nothing in them.
  public let free: Int
  /// The file.
  public let file: Int
}

/// What a collection takes, or has taken.
public struct GarbageCollection: Sendable {
  /// Deleted runs whose grace period has passed.
  public internal(set) var runs: [Run] = []
  /// Deleted runs that still have time.
  public internal(set) var waiting = 0
  /// Chunks that nobody needs (any more).
  public internal(set) var chunkCount = 0
  /// Their bytes.
  public internal(set) var bytes = 0
  /// Bytes that creates under way hold.
  public internal(set) var leased = 0

  /// What it came to.
  package func taking(_ runs: [Run], _ chunks: (count: Int, bytes: Int)) -> GarbageCollection {
    var taken = self
    (taken.runs, taken.chunkCount, taken.bytes) = (runs, chunks.count, chunks.bytes)
    return taken
  }
}

extension Store {
  /// What the file holds. Reads indices, never a blob.
  package func spaceUse() throws -> SpaceUse {
    try read { db in
      func number(_ sql: String) throws -> Int { try Int.fetchOne(db, sql: sql) ?? 0 }
      let pageSize = try number("PRAGMA page_size")
      let unleased = try self.notLeased(db)
      let needed = "EXISTS (SELECT 1 FROM tensor_chunks WHERE chunk = chunks.id)"
      let visible = """
        EXISTS (SELECT 1 FROM tensor_chunks JOIN tensors ON tensors.id = tensor JOIN runs ON runs.id = run
                WHERE chunk = chunks.id AND deleted_at IS NULL)
        """
      let deletedRuns = try number("SELECT count(*) FROM runs WHERE deleted_at IS NOT NULL")
      return SpaceUse(
        runs: (try number("SELECT count(*) FROM runs WHERE deleted_at IS NULL"), deletedRuns),
        chunkCount: try number("SELECT count(*) FROM chunks"),
        stored: try number("SELECT sum(size) FROM chunks"),
        shared: try number(
          """
          SELECT sum(size * (uses - 1))
          FROM (SELECT size, (SELECT count(*) FROM tensor_chunks WHERE chunk = chunks.id) AS uses FROM chunks)
          WHERE uses > 1
          """),
        reclaimable: try number("SELECT sum(size) FROM chunks WHERE NOT \(needed) AND \(unleased)"),
        deleted: deletedRuns == 0
          ? 0 : try number("SELECT sum(size) FROM chunks WHERE \(needed) AND NOT \(visible)"),
        leased: try number("SELECT sum(size) FROM chunks WHERE NOT \(needed) AND NOT \(unleased)"),
        free: try number("PRAGMA freelist_count") * pageSize,
        file: try number("PRAGMA page_count") * pageSize)
    }
  }

  /// The condition that no living lease holds a chunk.
  private func notLeased(_ db: Database) throws -> String {
    let dead = try deadLeases(db).map(String.init).joined(separator: ", ")
    return "NOT EXISTS (SELECT 1 FROM lease_chunks WHERE chunk = chunks.id AND lease NOT IN (\(dead)))"
  }

  /// What a collection would take that begins now.
  ///
  /// - Parameter deletedBefore: runs deleted at this time (UTC, ISO 8601) or earlier are taken.
  package func collectable(deletedBefore time: String) throws -> GarbageCollection {
    try read { db in
      var collection = GarbageCollection()
      collection.runs = try self.runs(db, "WHERE deleted_at <= ? ORDER BY runs.id", [time])
      collection.waiting =
        try Int.fetchOne(db, sql: "SELECT count(*) FROM runs WHERE deleted_at > ?", arguments: [time]) ?? 0
      let needed =
        collection.runs.isEmpty
        ? "EXISTS (SELECT 1 FROM tensor_chunks WHERE chunk = chunks.id)"
        : """
        EXISTS (SELECT 1 FROM tensor_chunks JOIN tensors ON tensors.id = tensor JOIN runs ON runs.id = run
                WHERE chunk = chunks.id AND (deleted_at IS NULL OR deleted_at > :time))
        """
      let unleased = try self.notLeased(db)
      let row = try Row.fetchOne(
        db,
        sql: """
          SELECT count(*) FILTER (WHERE free) AS count, coalesce(sum(size) FILTER (WHERE free), 0) AS bytes,
                 coalesce(sum(size) FILTER (WHERE NOT free), 0) AS leased
          FROM (SELECT size, \(unleased) AS free FROM chunks WHERE NOT \(needed))
          """, arguments: collection.runs.isEmpty ? [] : ["time": time])
      collection.chunkCount = try row?.value("count") ?? 0
      collection.bytes = try row?.value("bytes") ?? 0
      collection.leased = try row?.value("leased") ?? 0
      return collection
    }
  }

  /// Collects deleted runs: one transaction each, in which it must still be deleted.
  ///
  /// - Returns: whether it was.
  package func collect(_ run: Run, deletedBefore time: String, _ event: Event) throws -> Bool {
    try write { db in
      guard let run = try self.runs(db, "WHERE uid = ? AND deleted_at <= ?", [run.uid, time]).first else {
        return false
      }
      for sql in [
        "DELETE FROM tensor_chunks WHERE tensor IN (SELECT id FROM tensors WHERE run = ?)",
        "DELETE FROM tensors WHERE run = ?", "DELETE FROM run_terms WHERE run = ?",
        "DELETE FROM tags WHERE run = ?", "DELETE FROM runs WHERE id = ?",
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

  /// Removes chunks that nobody needs, in transactions of a bounded size, and gives the space back.
  ///
  /// - Parameter progress: called after each transaction with how many have been removed, their bytes, and how many there
  ///   were at the beginning.
  package func removeUnneeded(progress: (Int, Int, Int) throws -> Void) throws {
    try write { db in try self.endDeadLeases(db) }
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
    _ = try removeUnneeded(chunks, progress: progress)
  }

  private func removeUnneeded(
    _ chunks: [(id: Int64, size: Int)], progress: (Int, Int, Int) throws -> Void
  ) throws -> (count: Int, bytes: Int) {
    var removed = (count: 0, bytes: 0)
    var rest = chunks[...]
    while !rest.isEmpty {
      var (batch, size) = (rest.prefix(1), 0)
      while batch.count < rest.count, batch.count < 1024, size < Store.transactionSize {
        size += rest[batch.endIndex].size
        batch = rest.prefix(batch.count + 1)
      }
      let gone = try write { db in try self.removeUnneeded(batch.map(\.id), db) }
      removed.count += gone.count
      removed.bytes += batch.reduce(0) { $0 + (gone.contains($1.id) ? $1.size : 0) }
      rest = rest.dropFirst(batch.count)
      try progress(removed.count, removed.bytes, chunks.count)
      yieldToOtherWriters()
    }
    while try write({ db in try self.giveSpaceBack(db) }) { yieldToOtherWriters() }
    return removed
  }

  /// Drops the bytes of a run that its recipe gives. They must have been seen to come from it.
  package func strip(_ run: Run, _ event: Event) throws -> (run: Run, bytes: Int) {
    let tensors = try tensors(of: run).filter { $0.recipe.law.isRegenerable }
    let (stripped, chunks) = try write { db in
      let run = try self.reload(run, db)
      var chunks: [(id: Int64, size: Int)] = []
      for tensor in tensors {
        chunks += try Row.fetchAll(
          db,
          sql: """
            SELECT chunks.id, size FROM tensor_chunks JOIN chunks ON chunks.id = chunk WHERE tensor = ?
            """, arguments: [tensor.rowID]
        ).map { (try $0.value("id"), try $0.number("size", in: 1...chunkSize)) }
        try db.execute(sql: "DELETE FROM tensor_chunks WHERE tensor = ?", arguments: [tensor.rowID])
      }
      try db.execute(sql: "UPDATE runs SET stored = 0 WHERE id = ?", arguments: [run.rowID])
      try self.record(event, run, db)
      return (try self.reload(run, db), chunks)
    }
    var seen: Set<Int64> = []
    let once = chunks.sorted { $0.id > $1.id }.filter { seen.insert($0.id).inserted }
    do { return (stripped, try removeUnneeded(once) { _, _, _ in }.bytes) } catch {
      throw StoreError.notFreed(reference: stripped.reference, why: "\(error)")
    }
  }

  /// Makes a recipe a stored run; its chunks must have been added under the lease.
  ///
  /// - Throws: `StoreError.missingChunks` with those that are not there, after which nothing has changed.
  package func materialize(_ run: Run, _ tensors: [RecordedTensor], _ lease: Lease, _ event: Event) throws
    -> Run
  {
    try write { db in
      let run = try self.reload(run, db)
      if run.isStored {
        try self.end(lease, db)
        return run
      }
      var missing: Set<Digest> = []
      for tensor in tensors where tensor.recipe.law.isRegenerable {
        missing.formUnion(try self.keep(tensor.chunkDigests, of: tensor.rowID, db))
      }
      guard missing.isEmpty else { throw StoreError.missingChunks(missing) }
      try db.execute(sql: "UPDATE runs SET stored = 1 WHERE id = ?", arguments: [run.rowID])
      try self.end(lease, db)
      try self.record(event, run, db)
      return try self.reload(run, db)
    }
  }
}

/// Lets those who wait in between two transactions.
package func yieldToOtherWriters() { usleep(1500) }
