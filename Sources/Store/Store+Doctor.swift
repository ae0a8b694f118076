// What is wrong with the file: its structure, its references, its chunks.

import Foundation
import GRDB
package import InitLaw

/// Where a chunk is needed.
package struct ChunkUse: Sendable {
  package let run: Run
  package let tensor: String
  package let position: Int
  package let digest: Digest

  package init(run: Run, tensor: String, position: Int, digest: Digest) {
    self.run = run
    self.tensor = tensor
    self.position = position
    self.digest = digest
  }
}

extension Store {
  /// What SQLite finds wrong with the file's structure; at most a hundred lines.
  package func structureProblems() throws -> [String] {
    do {
      return try read { db in
        try String.fetchAll(db, sql: "PRAGMA integrity_check").flatMap { $0.split(separator: "\n") }
          .filter { $0 != "ok" && !$0.hasPrefix("***") }.map(String.init)
      }
    } catch StoreError.damaged(_, let what) { return [what] }
  }

  /// No tensor has more chunks.
  static let largestPosition = 1 << 32

  /// Rows that refer to others that are not there.
  package func referenceProblems() throws -> [String] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT "table" AS child, parent, count(*) AS count FROM pragma_foreign_key_check GROUP BY 1, 2
          """
      ).map { row in
        "\(try row.value("count", Int.self)) rows of `\(try row.value("child", String.self))` refer to rows of `\(try row.value("parent", String.self))` that are not there"
      }
    }
  }

  /// The places of kept tensors where no chunk is, or one of another digest.
  package func missingChunks() throws -> [ChunkUse] {
    let wrong = try uses(
      """
      SELECT tensors.run, tensors.name, places.position AS position,
             substr(chunk_digests, 32 * places.position + 1, 32) AS digest
      FROM tensor_chunks AS places JOIN tensors ON tensors.id = tensor LEFT JOIN chunks ON chunks.id = chunk
      WHERE chunks.id IS NULL OR chunks.digest <> substr(chunk_digests, 32 * places.position + 1, 32)
      """)
    // Positions are counted out as far as the longest of these tensors has them.
    let absent = try uses(
      """
      WITH RECURSIVE gaps AS MATERIALIZED (
        SELECT tensors.id, tensors.run, tensors.name, chunk_digests FROM tensors JOIN runs ON runs.id = run
        WHERE (runs.stored = 1 OR law = '{"law":"literal"}')
        AND (SELECT count(*) FROM tensor_chunks WHERE tensor = tensors.id) <> length(chunk_digests) / 32
      ),
      counts (n) AS (
        SELECT 0 UNION ALL SELECT n + 1 FROM counts WHERE n + 1 < (SELECT max(length(chunk_digests)) / 32 FROM gaps)
      )
      SELECT run, name, n AS position, substr(chunk_digests, 32 * n + 1, 32) AS digest
      FROM gaps JOIN counts ON 32 * n < length(chunk_digests)
      WHERE NOT EXISTS (SELECT 1 FROM tensor_chunks WHERE tensor = gaps.id AND position = n)
      """)
    return wrong + absent
  }

  /// Where a chunk is needed that is there.
  package func uses(ofChunk row: Int64) throws -> [ChunkUse] {
    try uses(
      """
      SELECT tensors.run, tensors.name, places.position AS position,
             substr(chunk_digests, 32 * places.position + 1, 32) AS digest
      FROM tensor_chunks AS places JOIN tensors ON tensors.id = tensor WHERE chunk = ?
      """, [row])
  }

  private func uses(_ sql: String, _ arguments: StatementArguments = []) throws -> [ChunkUse] {
    try read { db in
      var runs: [Int64: Run] = [:]
      return try Row.fetchAll(db, sql: sql, arguments: arguments).compactMap { row in
        let id: Int64 = try row.value("run")
        if runs[id] == nil { runs[id] = try self.runs(db, "WHERE runs.id = ?", [id]).first }
        guard let run = runs[id], let digest = Digest(bytes: try row.value("digest", Data.self)) else {
          return nil
        }
        return ChunkUse(
          run: run, tensor: try row.value("name"),
          position: try row.number("position", in: 0...Store.largestPosition), digest: digest)
      }
    }
  }

  /// The rows and digests of chunks after a row, in order; those of a transaction's worth of bytes.
  package func chunks(after row: Int64) throws -> [(row: Int64, digest: Digest, size: Int)] {
    try read { db in
      let rows = try Row.fetchCursor(
        db, sql: "SELECT id, digest, size FROM chunks WHERE id > ? ORDER BY id LIMIT 1024", arguments: [row])
      var (chunks, bytes): ([(row: Int64, digest: Digest, size: Int)], Int) = ([], 0)
      while let row = try rows.next(), bytes < Store.transactionSize - chunkSize {
        guard let digest = Digest(bytes: try row.value("digest", Data.self)) else {
          throw StoreError.damaged(path: self.path, what: "a chunk's digest is no digest")
        }
        let size = try row.number("size", in: 1...chunkSize)
        chunks.append((try row.value("id"), digest, size))
        bytes += size
      }
      return chunks
    }
  }

  /// Reads a chunk by its row; false where it has another size than the buffer, or cannot be followed.
  package func readChunk(_ row: Int64, into buffer: UnsafeMutableRawBufferPointer) throws -> Bool {
    do {
      return try read { db in
        let rows = try Row.fetchCursor(
          db.cachedStatement(sql: "SELECT bytes FROM chunks WHERE id = ? AND length(bytes) = ?"),
          arguments: [row, buffer.count])
        return try rows.next()?.withUnsafeData(atIndex: 0) { data in
          data?.copyBytes(to: buffer)
          return data != nil
        } ?? false
      }
    } catch StoreError.damaged { return false }
  }

  /// Puts chunks' right bytes where they belong, in one transaction: in place of others, or where there is no such chunk,
  /// and at the places that need it.
  package func repair(_ chunks: [(digest: Digest, bytes: [UInt8], places: [ChunkUse])]) throws {
    try write { db in
      for chunk in chunks {
        let (digest, data) = (Data(chunk.digest.bytes), Data(chunk.bytes))
        try db.execute(
          sql: "INSERT INTO chunks (digest, size, bytes) VALUES (?, ?, ?) ON CONFLICT (digest) DO NOTHING",
          arguments: [digest, data.count, data])
        if db.changesCount == 0 { _ = try self.setRight(chunk.digest, data, db) }
        for place in chunk.places {
          try db.execute(
            sql: """
              INSERT INTO tensor_chunks (tensor, position, chunk)
              VALUES ((SELECT id FROM tensors WHERE run = ?1 AND name = ?2), ?3,
                      (SELECT id FROM chunks WHERE digest = ?4))
              ON CONFLICT (tensor, position) DO UPDATE SET chunk = excluded.chunk
              """, arguments: [place.run.rowID, place.tensor, place.position, digest])
        }
      }
    }
  }

  /// Deletes a chunk that nobody needs.
  ///
  /// - Returns: whether it is gone.
  package func removeUnneeded(_ digest: Digest) throws -> Bool {
    try write { db in
      let row = try Int64.fetchOne(
        db, sql: "SELECT id FROM chunks WHERE digest = ?", arguments: [Data(digest.bytes)])
      return try row.map { try self.removeUnneeded([$0], db).contains($0) } ?? true
    }
  }

  /// Recorded tensors in which a digest occurs, whether their bytes are kept or not: each may hold the recipe for it.
  package func tensors(with digest: Digest) throws -> [(run: Run, tensor: String)] {
    try read { db in
      try Row.fetchAll(
        db, sql: "SELECT run, name FROM tensors WHERE instr(chunk_digests, ?) > 0 ORDER BY id",
        arguments: [Data(digest.bytes)]
      ).compactMap { row in
        try self.runs(db, "WHERE runs.id = ?", [row.value("run", Int64.self)]).first.map {
          ($0, try row.value("name"))
        }
      }
    }
  }
}
