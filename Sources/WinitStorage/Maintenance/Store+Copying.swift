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
    "diagnoses": "id",
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
    // An empty registry in memory stands for a file that does not exist yet.
    guard try RegistryFile.exists(self.path) else { throw StoreError.noRegistry(path: self.path) }
    let copy = try Store.openOrCreate(path)
    try translatingErrors {
      try copy.writer().writeWithoutTransaction { db in
        try Store.attach(self.path, as: "source", to: db, .reading)
        // An unfinished copy is never used. The caller flushes the finished copy once.
        try db.execute(sql: "PRAGMA main.synchronous = OFF")
        try copyChunks(db, progress)
        try copyRest(db)
        try db.execute(sql: "DETACH DATABASE source")
      }
    }
    try copy.close()
  }

  private func copyChunks(_ db: Database, _ progress: (Int, Int) throws -> Void) throws {
    let total = try afterRecovery { try Int.fetchOne(db, sql: "SELECT sum(size) FROM source.chunks") } ?? 0
    var (last, copied) = (Int64.min, 0)
    while true {
      let batch = try afterRecovery { try Store.copyChunks(db, after: last) }
      guard let batch else { return }
      last = batch.last
      copied += batch.bytes
      try progress(min(copied, total), total)
      yieldToOtherWriters()
    }
  }

  /// Copies some chunks after a row, in one transaction.
  ///
  /// - Returns: the last row and the size of the chunks; nil if there are no more chunks.
  private static func copyChunks(_ db: Database, after row: Int64) throws -> (last: Int64, bytes: Int)? {
    var (last, bytes) = (row, 0)
    try TransactionGate.shared.transaction(db) {
      let rows = try Row.fetchAll(
        db, sql: "SELECT id, size FROM source.chunks WHERE id > ? ORDER BY id LIMIT 1024", arguments: [row])
      for row in rows where bytes < Store.transactionSize - chunkSize {
        bytes += try row.number("size", in: 1...chunkSize)
        last = try row.value("id")
      }
      if let first = rows.first {
        try db.execute(
          // A chunk that was deleted and added again has another row, which the last transaction corrects.
          sql: "INSERT OR IGNORE INTO main.chunks SELECT * FROM source.chunks WHERE id BETWEEN ? AND ?",
          arguments: [first.value("id", Int64.self), last])
      }
      return .commit
    }
    return bytes == 0 ? nil : (last, bytes)
  }

  private func copyRest(_ db: Database) throws {
    try afterRecovery {
      try TransactionGate.shared.transaction(db) {
        // Other chunks may have the rows of chunks that were deleted meanwhile.
        for sql in [
          """
          DELETE FROM main.chunks WHERE NOT EXISTS (
            SELECT 1 FROM source.chunks AS now WHERE now.digest = main.chunks.digest AND now.id = main.chunks.id)
          """,
          """
          INSERT INTO main.chunks SELECT * FROM source.chunks
          WHERE NOT EXISTS (SELECT 1 FROM main.chunks AS there WHERE there.id = source.chunks.id)
          """,
          "DELETE FROM main.migrations",
        ] { try db.execute(sql: sql) }
        for (table, key) in Store.tables {
          try db.execute(sql: "INSERT INTO main.\(table) SELECT * FROM source.\(table) ORDER BY \(key)")
        }
        return .commit
      }
    }
  }
}

extension TransactionGate {
  /// Runs a deferred transaction, in which the process does not stop.
  fileprivate func transaction(_ db: Database, _ body: () throws -> Database.TransactionCompletion) throws {
    try transaction { try db.inTransaction(.deferred, body) }
  }
}
