// A file whose structure is damaged, written anew from what can be read of it.

import Foundation
import GRDB

extension Store {
  /// Copies everything that can be read into a new file, lets the caller make good what is missing there, and puts the
  /// new content in the place of the old in one transaction. Nobody else writes or reads meanwhile.
  ///
  /// Chunks that cannot be read are left out. A record that cannot be read is an error, after which nothing has changed.
  package func rebuild(_ repair: (Store) throws -> Void) throws {
    let temporary = "\(path).\(UUID().uuidString.prefix(8)).rebuild.tmp"
    defer { Store.remove(temporary) }
    try translatingErrors {
      try queue.writeWithoutTransaction { db in
        // Kept from here on, over the transactions, until the connection has done with it.
        try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
        defer {
          // The lock goes with the next read.
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
              "its records cannot all be read, so it cannot be written anew, and was left as it is; restore a backup"
          )
        }
        let rebuilt = try Store.open(temporary)
        try repair(rebuilt)
        try rebuilt.queue.read { try $0.backup(to: db) }
        try rebuilt.close()
      }
    }
  }

  /// What follows from the rest, or is no loss.
  private static let derived: Set = ["tensor_chunks", "run_terms", "verification_passes", "pass_runs"]

  private func salvage(_ db: Database, to path: String) throws {
    try db.execute(sql: "PRAGMA foreign_keys = OFF")
    defer { try? db.execute(sql: "PRAGMA foreign_keys = ON") }
    try db.execute(sql: "ATTACH DATABASE ? AS copy", arguments: [path.hasPrefix("/") ? path : "./" + path])
    defer { try? db.execute(sql: "DETACH DATABASE copy") }
    // Reading main alone, or SQLite would take it for one of two files to be changed together.
    try db.inTransaction(.deferred) {
      try db.execute(sql: "DELETE FROM copy.migrations")
      // In the order of their keys: a plain copy, or a count, would go by an index that may be the damaged part.
      for (table, key) in Store.tables where !Store.derived.contains(table) {
        try db.execute(
          sql: "INSERT INTO copy.\(table) SELECT * FROM main.\(table) NOT INDEXED ORDER BY \(key)")
      }
      // It can be told from the tensors, so it need not be readable.
      try db.execute(sql: "INSERT INTO copy.run_terms \(Store.terms(of: "copy.tensors"))")
      return .commit
    }
    try db.execute(sql: "PRAGMA copy.synchronous = OFF")
    let ids = chunkIDs(db)
    for start in stride(from: 0, to: ids.count, by: 16) {
      let batch = Array(ids[start..<min(start + 16, ids.count)])
      if !copyChunks(batch, db) { for id in batch { _ = copyChunks([id], db) } }
    }
    // Where it cannot be read, the digests of the tensors still say which chunks they are made of.
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

  /// The rows of all chunks that the table or one of its indices still knows.
  private func chunkIDs(_ db: Database) -> [Int64] {
    var ids: Set<Int64> = []
    for way in ["NOT INDEXED", "INDEXED BY chunks_by_size", "INDEXED BY sqlite_autoindex_chunks_1"] {
      guard let rows = try? Int64.fetchCursor(db, sql: "SELECT id FROM main.chunks \(way)") else { continue }
      while let id = (try? rows.next()) ?? nil { ids.insert(id) }
    }
    return ids.sorted()
  }

  /// - Returns: whether all of them could be read.
  private func copyChunks(_ ids: [Int64], _ db: Database) -> Bool {
    (try? db.inTransaction(.deferred) {
      for id in ids {
        try db.execute(sql: "INSERT INTO copy.chunks SELECT * FROM main.chunks WHERE id = ?", arguments: [id])
      }
      return .commit
    }) != nil
  }
}
