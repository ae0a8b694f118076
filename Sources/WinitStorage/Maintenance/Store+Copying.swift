// Copying a registry into a new file, while other processes write.

import Foundation
import GRDB
import WinitCore

extension Store {
  /// The tables that are copied as a whole, and their keys. Chunks are copied separately, and leases are not copied.
  static let tables: KeyValuePairs = [
    "migrations": "number", "manifests": "id", "runs": "id", "tensors": "id",
    "tensor_chunks": "tensor, position",
    "names": "name", "tags": "run, key", "run_terms": "kind, term, run", "aliases": "name, alias",
    "history": "id",
    "verification_passes": "id", "pass_runs": "pass, run",
  ]

  /// Copies everything except leases into a new file, which must not exist yet.
  ///
  /// Chunks never change, so they are copied first, in short transactions between which other processes write. One last
  /// transaction copies the rest, and accounts for chunks that were added or deleted meanwhile. The copy has the state
  /// of the registry at that time. (SQLite's backup interface starts again when another process writes, or locks out
  /// all other processes.)
  ///
  /// - Parameter progress: called with the number of bytes that were copied, and the number of bytes in all.
  package func copy(to path: String, progress: (Int, Int) throws -> Void) throws {
    try Store.openOrCreate(path).close()
    try translatingErrors {
      // A separate connection, so that `progress` can use the connection of this store.
      try Store.open(self.path).queue.writeWithoutTransaction { db in
        try db.execute(
          sql: "ATTACH DATABASE ? AS copy", arguments: [path.hasPrefix("/") ? path : "./" + path])
        defer { try? db.execute(sql: "DETACH DATABASE copy") }
        // An unfinished copy is never used. The caller flushes the finished copy once.
        try db.execute(sql: "PRAGMA copy.synchronous = OFF")
        try Store.copyChunks(db, progress)
        try Store.copyRest(db)
      }
    }
  }

  private static func copyChunks(_ db: Database, _ progress: (Int, Int) throws -> Void) throws {
    let total = try Int.fetchOne(db, sql: "SELECT sum(size) FROM main.chunks") ?? 0
    var (last, copied) = (Int64.min, 0)
    while true {
      var count = 0
      try db.inTransaction(.deferred) {
        let rows = try Row.fetchAll(
          db, sql: "SELECT id, size FROM main.chunks WHERE id > ? ORDER BY id LIMIT 1024", arguments: [last])
        var bytes = 0
        for row in rows where bytes < Store.transactionSize - chunkSize {
          bytes += try row.number("size", in: 1...chunkSize)
          last = try row.value("id")
          count += 1
        }
        if count > 0 {
          try db.execute(
            // A chunk that was deleted and added again has another row, which the last transaction corrects.
            sql: "INSERT OR IGNORE INTO copy.chunks SELECT * FROM main.chunks WHERE id BETWEEN ? AND ?",
            arguments: [rows[0].value("id", Int64.self), last])
        }
        copied += bytes
        return .commit
      }
      if count == 0 { return }
      try progress(min(copied, total), total)
      yieldToOtherWriters()
    }
  }

  private static func copyRest(_ db: Database) throws {
    try db.inTransaction(.deferred) {
      // Other chunks may have the rows of chunks that were deleted meanwhile.
      for sql in [
        """
        DELETE FROM copy.chunks WHERE NOT EXISTS (
          SELECT 1 FROM main.chunks AS now WHERE now.digest = copy.chunks.digest AND now.id = copy.chunks.id)
        """,
        """
        INSERT INTO copy.chunks SELECT * FROM main.chunks
        WHERE NOT EXISTS (SELECT 1 FROM copy.chunks AS there WHERE there.id = main.chunks.id)
        """,
        "DELETE FROM copy.migrations",
      ] { try db.execute(sql: sql) }
      for (table, key) in tables {
        try db.execute(sql: "INSERT INTO copy.\(table) SELECT * FROM main.\(table) ORDER BY \(key)")
      }
      return .commit
    }
  }
}
