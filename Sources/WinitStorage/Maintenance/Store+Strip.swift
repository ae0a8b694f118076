// Stripping and materializing runs: stored bytes that are dropped, and stored again.

import GRDB
import WinitCore

extension Store {
  /// Drops the stored bytes that the recipes of a run regenerate. The caller must have verified that they do.
  ///
  /// - Returns: the run, which is recipe-only now, and the number of bytes that were freed. Chunks that other runs
  ///   share are not freed.
  /// - Throws: `StoreError.notFreed` if the run was stripped, but its chunks could not be deleted.
  package func strip(_ run: RunRecord, _ event: Event) throws -> (run: RunRecord, bytes: Int) {
    let tensors = try tensors(of: run).filter { $0.recipe.isRegenerable }
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
    let distinct = chunks.sorted { $0.id > $1.id }.filter { seen.insert($0.id).inserted }
    do { return (stripped, try deleteUnreferencedInBatches(distinct) { _, _, _ in }.bytes) } catch {
      throw StoreError.notFreed(reference: stripped.reference, why: "\(error)")
    }
  }

  /// Turns a recipe-only run into a stored run, and ends the lease. The chunks must have been added under the lease.
  ///
  /// - Throws: `StoreError.missingChunks` with the chunks that are not in the file. In this case nothing has changed.
  package func materialize(_ run: RunRecord, _ tensors: [TensorRecord], _ lease: Lease, _ event: Event) throws
    -> RunRecord
  {
    try write { db in
      let run = try self.reload(run, db)
      if run.isStored {
        try self.end(lease, db)
        return run
      }
      var missing: Set<SHA256Digest> = []
      for tensor in tensors where tensor.recipe.isRegenerable {
        missing.formUnion(try self.link(tensor.chunkDigests, to: tensor.rowID, db))
      }
      guard missing.isEmpty else { throw StoreError.missingChunks(missing) }
      try db.execute(sql: "UPDATE runs SET stored = 1 WHERE id = ?", arguments: [run.rowID])
      try self.end(lease, db)
      try self.record(event, run, db)
      return try self.reload(run, db)
    }
  }
}
