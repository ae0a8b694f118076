// The whole registry into another file, while others write.

import Foundation
import GRDB
import WinitCore

extension Store {
  /// The tables that a copy has all rows of, and their keys; chunks are copied otherwise, and leases belong to their file.
  static let tables: KeyValuePairs = [
    "migrations": "number", "manifests": "id", "runs": "id", "tensors": "id",
    "tensor_chunks": "tensor, position",
    "names": "name", "tags": "run, key", "run_terms": "kind, term, run", "aliases": "name, alias",
    "history": "id",
    "verification_passes": "id", "pass_runs": "pass, run",
  ]

  /// Copies everything but leases into a new file, which must not be there yet.
  ///
  /// Chunks never change, so they are copied first, in short transactions between which others write; what came or
  /// went meanwhile is made up for in one last transaction, which copies all the rest. The copy is what the registry
  /// was at that moment. (SQLite's own backup begins anew whenever somebody writes, or keeps everybody out.)
  ///
  /// - Parameter progress: called with how many bytes of how many are copied.
  package func copy(to path: String, progress: (Int, Int) throws -> Void) throws {
    try Store.openOrCreate(path).close()
    try translatingErrors {
      // A connection of its own: this one stays free, for `progress` too.
      try Store.open(self.path).queue.writeWithoutTransaction { db in
        try db.execute(
          sql: "ATTACH DATABASE ? AS copy", arguments: [path.hasPrefix("/") ? path : "./" + path])
        defer { try? db.execute(sql: "DETACH DATABASE copy") }
        // Nothing of the copy counts until it is whole, and then it is flushed at once.
        try db.execute(sql: "PRAGMA copy.synchronous = OFF")
        try Store.copyChunks(db, progress)
        try Store.copyRest(db)
      }
    }
  }

  private static func copyChunks(_ db: Database, _ progress: (Int, Int) throws -> Void) throws {
    let total = try Int.fetchOne(db, sql: "SELECT sum(size) FROM main.chunks") ?? 0
    var (last, done) = (Int64.min, 0)
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
            // A chunk that was deleted and came again has another row; the last transaction sees to it.
            sql: "INSERT OR IGNORE INTO copy.chunks SELECT * FROM main.chunks WHERE id BETWEEN ? AND ?",
            arguments: [rows[0].value("id", Int64.self), last])
        }
        done += bytes
        return .commit
      }
      if count == 0 { return }
      try progress(min(done, total), total)
      yieldToOtherWriters()
    }
  }

  private static func copyRest(_ db: Database) throws {
    try db.inTransaction(.deferred) {
      // Rows of chunks that were deleted meanwhile may have been given to others.
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
