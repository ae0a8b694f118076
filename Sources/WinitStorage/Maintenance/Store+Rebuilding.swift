// Rebuilding a file whose structure is damaged, from what can be read of it.

import Foundation
import GRDB
import WinitCore

extension Store {
  /// Copies everything that can be read into a temporary file, lets the caller repair that file, and replaces the
  /// content of this file with it in one transaction. No other process reads or writes meanwhile.
  ///
  /// Chunks that cannot be read are left out.
  ///
  /// - Parameters:
  ///   - temporary: the path of the temporary file, which does not exist yet. The caller removes the file.
  ///   - repair: repairs the temporary file.
  /// - Throws: `StoreError.damaged` if a record cannot be read. In this case nothing has changed.
  package func rebuild(at temporary: String, _ repair: (Store) throws -> Void) throws {
    // No request to stop may end a statement: the chunks that it reads would seem damaged. It ends the loops instead.
    let cancellation = OperationContext.current.cancellation
    try TransactionGate.shared.unstoppable {
      try withoutInterruption {
        try translatingErrors {
          try writer().writeWithoutTransaction { db in
            // From here on, the lock is kept between transactions.
            try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
            defer {
              // The next read releases the lock.
              try? db.execute(sql: "PRAGMA locking_mode = NORMAL")
              _ = try? Int.fetchOne(db, sql: "SELECT count(*) FROM migrations")
            }
            try db.inTransaction(.exclusive) { .commit }
            try Store.openOrCreate(temporary).close()
            do { try self.salvage(db, to: temporary) } catch let error as DatabaseError
              where error.resultCode == .SQLITE_CORRUPT
            {
              throw StoreError.damaged(
                path: self.path,
                what:
                  "some of its records cannot be read, so the file cannot be rebuilt and was not changed. Restore a backup"
              )
            }
            let rebuilt = try Store.open(temporary)
            try repair(rebuilt)
            try cancellation.check()
            try rebuilt.writer().read { try $0.backup(to: db) }
            try rebuilt.close()
          }
        }
      }
    }
  }

  /// The tables that can be derived from the others, or that can be lost.
  private static let dispensable: Set = ["tensor_chunks", "run_terms", "verification_passes", "pass_runs"]

  /// Copies what can be read into another file.
  private func salvage(_ db: Database, to path: String) throws {
    try db.execute(sql: "PRAGMA foreign_keys = OFF")
    defer { try? db.execute(sql: "PRAGMA foreign_keys = ON") }
    try Store.attach(path, as: "copy", to: db, .existing)
    defer { try? db.execute(sql: "DETACH DATABASE copy") }
    // The transaction only reads from `main`. Otherwise SQLite would commit both files together.
    try db.inTransaction(.deferred) {
      try db.execute(sql: "DELETE FROM copy.migrations")
      // Ordered by key and NOT INDEXED, because an index may be the damaged part.
      for (table, key) in Store.tables where !Store.dispensable.contains(table) {
        try db.execute(
          sql: "INSERT INTO copy.\(table) SELECT * FROM main.\(table) NOT INDEXED ORDER BY \(key)")
      }
      // The terms are derived from the tensors, so the old table need not be readable.
      try db.execute(sql: "INSERT INTO copy.run_terms \(Store.terms(of: "copy.tensors"))")
      return .commit
    }
    try db.execute(sql: "PRAGMA copy.synchronous = OFF")
    let ids = chunkIDs(db)
    for start in stride(from: 0, to: ids.count, by: 16) {
      try OperationContext.current.cancellation.check()
      let batch = Array(ids[start..<min(start + 16, ids.count)])
      if !copyChunks(batch, db) { for id in batch { _ = copyChunks([id], db) } }
    }
    // If this table cannot be read, the repair restores the references from the chunk digests of the tensors.
    _ = try? db.inTransaction(.deferred) {
      try db.execute(
        sql: """
          INSERT OR IGNORE INTO copy.tensor_chunks SELECT * FROM main.tensor_chunks NOT INDEXED
          WHERE +chunk IN (SELECT id FROM copy.chunks) AND +tensor IN (SELECT id FROM copy.tensors)
          ORDER BY tensor, position
          """)
      return .commit
    }
  }

  /// Returns the rows of all chunks that can be found in the table or in one of its indices.
  private func chunkIDs(_ db: Database) -> [Int64] {
    var ids: Set<Int64> = []
    for access in ["NOT INDEXED", "INDEXED BY chunks_by_size", "INDEXED BY sqlite_autoindex_chunks_1"] {
      guard let rows = try? Int64.fetchCursor(db, sql: "SELECT id FROM main.chunks \(access)") else { continue }
      while let id = (try? rows.next()) ?? nil { ids.insert(id) }
    }
    return ids.sorted()
  }

  /// Copies chunks in one transaction.
  ///
  /// - Returns: whether all of them could be read. If not, none was copied.
  private func copyChunks(_ ids: [Int64], _ db: Database) -> Bool {
    (try? db.inTransaction(.deferred) {
      for id in ids {
        try db.execute(sql: "INSERT INTO copy.chunks SELECT * FROM main.chunks WHERE id = ?", arguments: [id])
      }
      return .commit
    }) != nil
  }
}
