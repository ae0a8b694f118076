// Blobs by content: appended in bounded transactions, read one at a time.

import Foundation
import GRDB
package import InitLaw

extension Store {
  /// Adds chunks that are not there yet, in one transaction; at most `transactionSize` bytes should be given. A
  /// chunk that is there with other bytes than its digest promises is set right.
  ///
  /// - Returns: what was added, for `removeUnused` should the create fail.
  package func addChunks(_ chunks: [(digest: Digest, bytes: UnsafeRawBufferPointer)]) throws -> [AddedChunk] {
    try write { db in
      let insert = try db.cachedStatement(
        sql: "INSERT INTO chunks (digest, size, bytes) VALUES (?1, ?2, ?3) ON CONFLICT (digest) DO NOTHING")
      let repair = try db.cachedStatement(
        sql: "UPDATE chunks SET size = ?2, bytes = ?3 WHERE digest = ?1 AND bytes IS NOT ?3")
      var added: [AddedChunk] = []
      for (digest, bytes) in chunks {
        guard let base = bytes.baseAddress else { continue }
        // SQLite copies the bytes while they are bound; Data only lends them.
        let data = Data(
          bytesNoCopy: UnsafeMutableRawPointer(mutating: base), count: bytes.count, deallocator: .none)
        let arguments: StatementArguments = [Data(digest.bytes), bytes.count, data]
        try insert.execute(arguments: arguments)
        if db.changesCount > 0 {
          added.append(AddedChunk(row: db.lastInsertedRowID, size: bytes.count))
        } else {
          try repair.execute(arguments: arguments)
        }
      }
      return added
    }
  }

  /// Takes back chunks that no tensor refers to, the newest first, and gives the space back. Where the disk is too
  /// full for the journal of many, one at a time may still do: each makes room for the next.
  ///
  /// - Returns: how many bytes of them are still there.
  package func removeUnused(_ chunks: [AddedChunk]) -> Int {
    var rest = Array(chunks.reversed())
    for batch in [Store.transactionSize / chunkSize, 1] {
      while !rest.isEmpty, (try? remove(rest.prefix(batch))) != nil {
        rest.removeFirst(min(batch, rest.count))
      }
    }
    return rest.reduce(0) { $0 + $1.size }
  }

  private func remove(_ chunks: ArraySlice<AddedChunk>) throws {
    try write { db in
      let delete = try db.cachedStatement(
        sql: "DELETE FROM chunks WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM tensor_chunks WHERE chunk = ?1)")
      for chunk in chunks { try delete.execute(arguments: [chunk.row]) }
      // It gives back a page with each row that is fetched, so all of them have to be.
      _ = try Row.fetchAll(db, sql: "PRAGMA incremental_vacuum")
    }
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
          WHERE id = (SELECT chunk FROM tensor_chunks WHERE tensor = ? AND position = ?)
          """)
      return try zip(chunks, buffers).map { chunk, buffer in
        let rows = try Row.fetchCursor(select, arguments: [chunk.tensor.rowID, chunk.index])
        return try rows.next()?.withUnsafeData(atIndex: 0) { data in
          guard let data, data.count == buffer.count else { return false }
          data.copyBytes(to: buffer)
          return true
        } ?? false
      }
    }
  }
}

/// A chunk that a create has added.
package struct AddedChunk: Sendable {
  package let row: Int64
  package let size: Int
}
