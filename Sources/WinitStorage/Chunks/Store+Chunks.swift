// Blobs by content: appended in bounded transactions, read one at a time.

import Foundation
import GRDB
package import WinitCore

extension Store {
  /// Adds chunks that are not there yet, in one transaction, and puts all of them under the lease; at most
  /// `transactionSize` bytes should be given. A chunk that is there with other bytes than its digest promises is set
  /// right.
  ///
  /// - Returns: how many bytes are new.
  package func addChunks(_ chunks: [(digest: Digest, bytes: UnsafeRawBufferPointer)], _ lease: Lease) throws
    -> Int
  {
    try write { db in
      try self.renew(lease, db)
      let insert = try db.cachedStatement(
        sql: "INSERT INTO chunks (digest, size, bytes) VALUES (?1, ?2, ?3) ON CONFLICT (digest) DO NOTHING")
      let hold = try db.cachedStatement(
        sql: """
          INSERT INTO lease_chunks (lease, chunk) SELECT ?1, id FROM chunks WHERE digest = ?2
          ON CONFLICT DO NOTHING
          """)
      var added = 0
      for (digest, bytes) in chunks {
        guard let data = borrowedData(bytes) else { continue }
        try insert.execute(arguments: [Data(digest.bytes), bytes.count, data])
        if db.changesCount > 0 {
          added += bytes.count
        } else {
          _ = try self.overwriteIfDifferent(digest, data, db)
        }
        try hold.execute(arguments: [lease.id, Data(digest.bytes)])
      }
      return added
    }
  }

  /// Gives a chunk that is there its right bytes, if it has others.
  func overwriteIfDifferent(_ digest: Digest, _ data: Data, _ db: Database) throws -> Bool {
    try db.cachedStatement(
      sql: "UPDATE chunks SET size = ?2, bytes = ?3 WHERE digest = ?1 AND bytes IS NOT ?3"
    ).execute(arguments: [Data(digest.bytes), data.count, data])
    return db.changesCount > 0
  }

  /// Takes back what a lease holds and nobody else needs, the newest first, and gives the space back. Where the disk is
  /// too full for the journal of many, one at a time may still do: each makes room for the next.
  ///
  /// - Returns: how many bytes of it are still there; the next collection takes them.
  package func rollBack(_ lease: Lease) -> Int {
    for batch in [Store.transactionSize / chunkSize, 1] {
      while let more = try? rollBack(lease, batch), more {}
    }
    let left = try? read { db in
      try Int.fetchOne(
        db,
        sql: """
          SELECT sum(size) FROM lease_chunks JOIN chunks ON chunks.id = chunk
          WHERE lease = ? AND NOT EXISTS (SELECT 1 FROM tensor_chunks WHERE tensor_chunks.chunk = chunks.id)
          """, arguments: [lease.id])
    }
    return (left ?? nil) ?? 0
  }

  /// - Returns: whether there may be more.
  private func rollBack(_ lease: Lease, _ count: Int) throws -> Bool {
    try write { db in
      let chunks = try Int64.fetchAll(
        db, sql: "SELECT chunk FROM lease_chunks WHERE lease = ? ORDER BY chunk DESC LIMIT ?",
        arguments: [lease.id, count])
      let release = try db.cachedStatement(sql: "DELETE FROM lease_chunks WHERE lease = ? AND chunk = ?")
      for chunk in chunks { try release.execute(arguments: [lease.id, chunk]) }
      _ = try self.removeUnneeded(chunks, db)
      if chunks.isEmpty { try self.end(lease, db) }
      return !chunks.isEmpty
    }
  }

  /// Deletes those of some chunks that no tensor refers to and no lease holds, and gives space back, a transaction's
  /// worth at most.
  ///
  /// - Returns: those that were deleted.
  func removeUnneeded(_ chunks: [Int64], _ db: Database) throws -> Set<Int64> {
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
    try giveSpaceBack(db)
    return deleted
  }

  /// Shortens the file by the pages that are free, at most a transaction's worth.
  ///
  /// - Returns: whether there are more.
  @discardableResult
  func giveSpaceBack(_ db: Database) throws -> Bool {
    let pageSize = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 4096
    let before = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
    // It gives back a page with each row that is fetched, so all of them have to be.
    _ = try Row.fetchAll(db, sql: "PRAGMA incremental_vacuum(\(Store.transactionSize / pageSize))")
    // Where somebody has set auto_vacuum otherwise, none are given back.
    let left = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
    return left > 0 && left < before
  }

  /// Reads chunks that are kept as blobs, each into a buffer, in one transaction; no more than `transactionSize` bytes
  /// should be asked for.
  ///
  /// - Returns: for each false where the blob is not there, has another size, or lies on pages that SQLite cannot follow.
  package func readChunks(
    _ chunks: [(tensor: RecordedTensor, index: Int)], into buffers: [UnsafeMutableRawBufferPointer]
  ) throws -> [Bool] {
    do { return try copyChunks(chunks, into: buffers) } catch StoreError.damaged {
      // A transaction that met damage is of no more use; so each on its own.
      return try zip(chunks, buffers).map { chunk, buffer in
        do { return try copyChunks([chunk], into: [buffer]) == [true] } catch StoreError.damaged {
          return false
        }
      }
    }
  }

  private func copyChunks(
    _ chunks: [(tensor: RecordedTensor, index: Int)], into buffers: [UnsafeMutableRawBufferPointer]
  ) throws -> [Bool] {
    try read { db in
      let select = try db.cachedStatement(
        sql: """
          SELECT bytes FROM chunks
          WHERE id = (SELECT chunk FROM tensor_chunks WHERE tensor = ? AND position = ?) AND length(bytes) = ?
          """)
      return try zip(chunks, buffers).map { chunk, buffer in
        let rows = try Row.fetchCursor(select, arguments: [chunk.tensor.rowID, chunk.index, buffer.count])
        return try rows.next()?.withUnsafeData(atIndex: 0) { data in
          guard let data, data.count == buffer.count else { return false }
          data.copyBytes(to: buffer)
          return true
        } ?? false
      }
    }
  }
}

/// Memory as SQLite binds it: it copies the bytes while they are bound, so they are only lent.
func borrowedData(_ bytes: UnsafeRawBufferPointer) -> Data? {
  bytes.baseAddress.map {
    Data(bytesNoCopy: UnsafeMutableRawPointer(mutating: $0), count: bytes.count, deallocator: .none)
  }
}
