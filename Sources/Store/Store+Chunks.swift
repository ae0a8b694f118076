// Blobs by content: appended in bounded transactions, read one at a time.

import Foundation
import GRDB
package import InitLaw

extension Store {
  /// Adds chunks that are not there yet, in one transaction; at most `transactionSize` bytes should be given.
  ///
  /// - Returns: what was added, for `removeUnused` should the create fail.
  package func addChunks(
    _ chunks: [(digest: Digest, bytes: UnsafeRawBufferPointer)]
  ) throws -> [(row: Int64, size: Int)] {
    try write { db in
      let insert = try db.cachedStatement(
        sql: "INSERT INTO chunks (digest, size, bytes) VALUES (?, ?, ?) ON CONFLICT (digest) DO NOTHING")
      var added: [(row: Int64, size: Int)] = []
      for (digest, bytes) in chunks {
        guard let base = bytes.baseAddress else { continue }
        // SQLite copies the bytes while they are bound; Data only lends them.
        let data = Data(
          bytesNoCopy: UnsafeMutableRawPointer(mutating: base), count: bytes.count, deallocator: .none)
        try insert.execute(arguments: [Data(digest.bytes), bytes.count, data])
        if db.changesCount > 0 { added.append((db.lastInsertedRowID, bytes.count)) }
      }
      return added
    }
  }

  /// Takes back chunks that no tensor refers to, in transactions of the usual size, and gives the space back.
  package func removeUnused(_ rows: [Int64]) throws {
    let batch = Store.transactionSize / chunkSize
    for start in stride(from: 0, to: rows.count, by: batch) {
      try write { db in
        let delete = try db.cachedStatement(
          sql: """
            DELETE FROM chunks WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM tensor_chunks WHERE chunk = ?1)
            """)
        for row in rows[start..<min(start + batch, rows.count)] { try delete.execute(arguments: [row]) }
        // A row is fetched for each page given back, so all of them have to be.
        _ = try Row.fetchAll(db, sql: "PRAGMA incremental_vacuum")
      }
    }
  }

  /// Reads a chunk that is kept as a blob into a buffer.
  ///
  /// - Returns: false where the blob is not there or has another size.
  package func readChunk(
    _ index: Int, of tensor: RecordedTensor, into buffer: UnsafeMutableRawBufferPointer
  ) throws -> Bool {
    try read { db in
      let select = try db.cachedStatement(
        sql: """
          SELECT bytes FROM chunks
          WHERE id = (SELECT chunk FROM tensor_chunks WHERE tensor = ? AND position = ?)
          """)
      let rows = try Row.fetchCursor(select, arguments: [tensor.rowID, index])
      guard let row = try rows.next() else { return false }
      return try row.withUnsafeData(atIndex: 0) { data in
        guard let data, data.count == buffer.count else { return false }
        data.copyBytes(to: buffer)
        return true
      }
    }
  }
}
