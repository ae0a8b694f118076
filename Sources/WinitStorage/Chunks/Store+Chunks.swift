// Adding chunks in bounded transactions, and reading stored chunks.

import Foundation
import GRDB
package import WinitCore

extension Store {
  /// Adds the chunks that are not in the file yet, and puts all of the chunks under the lease, in one transaction. A
  /// chunk that is in the file with wrong bytes is overwritten.
  ///
  /// - Parameters:
  ///   - chunks: chunks of at most `transactionSize` bytes in all. The bytes must have the digests; this is not checked.
  ///   - more: called when chunks are added, as long as the transaction has room for further chunks of `transactionSize`
  ///     bytes, and until it returns nil. Returns such chunks at once, because other writers wait meanwhile. The bytes of
  ///     chunks must stay valid until the next call.
  /// - Returns: the number of bytes that were added.
  package func addChunks(
    _ chunks: [(digest: SHA256Digest, bytes: UnsafeRawBufferPointer)], _ lease: Lease,
    more: () throws -> [(digest: SHA256Digest, bytes: UnsafeRawBufferPointer)]? = { nil }
  ) throws -> Int {
    try write { db in
      try db.execute(sql: "PRAGMA cache_size = -\(Store.cacheForChunks)")
      try self.renew(lease, db)
      let insert = try db.cachedStatement(
        sql: "INSERT INTO chunks (digest, size, bytes) VALUES (?1, ?2, ?3) ON CONFLICT (digest) DO NOTHING")
      let find = try db.cachedStatement(sql: "SELECT id FROM chunks WHERE digest = ?")
      // Not INSERT … SELECT: before a statement that may insert several rows, SQLite copies every page that it changes
      // to a file, which takes most of the time of many small chunks.
      let insertLease = try db.cachedStatement(
        sql: "INSERT INTO lease_chunks (lease, chunk) VALUES (?, ?) ON CONFLICT DO NOTHING")
      var (added, size, count) = (0, 0, 0)
      var next: [(digest: SHA256Digest, bytes: UnsafeRawBufferPointer)]? = chunks
      while let chunks = next {
        count += chunks.count
        for (digest, bytes) in chunks {
          size += bytes.count
          guard let data = borrowedData(bytes) else { continue }
          let key = Data(digest.bytes)
          try insert.execute(arguments: [key, bytes.count, data])
          var chunk: Int64? = db.lastInsertedRowID
          if db.changesCount > 0 {
            added += bytes.count
          } else {
            _ = try self.overwriteIfDifferent(digest, data, db)
            chunk = try Int64.fetchOne(find, arguments: [key])
          }
          if let chunk { try insertLease.execute(arguments: [lease.id, chunk]) }
        }
        let hasRoom = size <= Store.largestTransaction - Store.transactionSize && count < Store.manyChunks
        next = hasRoom ? try more() : nil
      }
      return added
    }
  }

  /// Overwrites a chunk that is in the file if its bytes differ from the right bytes.
  ///
  /// - Returns: whether they differed.
  func overwriteIfDifferent(_ digest: SHA256Digest, _ data: Data, _ db: Database) throws -> Bool {
    try db.cachedStatement(
      sql: "UPDATE chunks SET size = ?2, bytes = ?3 WHERE digest = ?1 AND bytes IS NOT ?3"
    ).execute(arguments: [Data(digest.bytes), data.count, data])
    return db.changesCount > 0
  }

  /// Records the references of a tensor to its chunks.
  ///
  /// - Parameter tensor: the id of the tensor's row.
  /// - Returns: the digests of the chunks that are not in the file. They get no reference.
  func link(_ chunks: DigestList, to tensor: Int64, _ db: Database) throws -> Set<SHA256Digest> {
    let find = try db.cachedStatement(sql: "SELECT id FROM chunks WHERE digest = ?")
    let insert = try db.cachedStatement(
      sql: "INSERT INTO tensor_chunks (tensor, position, chunk) VALUES (?, ?, ?)")
    var missing: Set<SHA256Digest> = []
    for (index, digest) in chunks.enumerated() {
      if let chunk = try Int64.fetchOne(find, arguments: [Data(digest.bytes)]) {
        try insert.execute(arguments: [tensor, index, chunk])
      } else {
        missing.insert(digest)
      }
    }
    return missing
  }

  /// Reads stored chunks of tensors in one transaction.
  ///
  /// - Parameters:
  ///   - chunks: chunks of at most `transactionSize` bytes in all.
  ///   - buffers: a buffer of the right size for each chunk.
  /// - Returns: for each chunk whether it was read; false if it is not in the file, has another size, or is on pages
  ///   that SQLite cannot read.
  package func readChunks(
    _ chunks: [(tensor: TensorRecord, index: Int)], into buffers: [UnsafeMutableRawBufferPointer]
  ) throws -> [Bool] {
    do { return try copyChunks(chunks, into: buffers) } catch StoreError.damaged {
      // The transaction cannot continue after an error, so each chunk is read in a transaction of its own.
      return try zip(chunks, buffers).map { chunk, buffer in
        do { return try copyChunks([chunk], into: [buffer]) == [true] } catch StoreError.damaged {
          return false
        }
      }
    }
  }

  /// Returns whether the bytes of a tensor are stored now. Its run may have been stripped or collected since it was
  /// read.
  package func isStored(_ tensor: TensorRecord) throws -> Bool {
    try read { db in
      let stored = try Bool.fetchOne(
        db, sql: "SELECT stored FROM runs JOIN tensors ON tensors.run = runs.id WHERE tensors.id = ?",
        arguments: [tensor.rowID])
      return stored.map { $0 || !tensor.recipe.isRegenerable } ?? false
    }
  }

  private func copyChunks(
    _ chunks: [(tensor: TensorRecord, index: Int)], into buffers: [UnsafeMutableRawBufferPointer]
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

/// Returns the bytes for a statement, without a copy. SQLite copies them when they are bound. The caller keeps the
/// memory.
func borrowedData(_ bytes: UnsafeRawBufferPointer) -> Data? {
  bytes.baseAddress.map {
    Data(bytesNoCopy: UnsafeMutableRawPointer(mutating: $0), count: bytes.count, deallocator: .none)
  }
}
