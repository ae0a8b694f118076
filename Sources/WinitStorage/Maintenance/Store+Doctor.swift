// What is wrong with the file: its structure, its references, its chunks.

import Foundation
import GRDB
package import WinitCore
import WinitJSON

/// Where a chunk is needed.
package struct ChunkUse: Sendable {
  package let run: Run
  package let tensor: String
  package let position: Int
  package let digest: Digest
  /// The bytes of the tensor that it holds.
  package let bytes: Range<Int>

  package init(run: Run, tensor: String, position: Int, digest: Digest, byteCount: Int) {
    self.run = run
    self.tensor = tensor
    self.position = position
    self.digest = digest
    bytes = position * chunkSize..<max(position * chunkSize, min((position + 1) * chunkSize, byteCount))
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
  private static let largestPosition = 1 << 32

  /// The rows of all runs, deleted ones too, found without an index.
  package func runRows() throws -> [Int64] {
    try read { db in try Int64.fetchAll(db, sql: "SELECT id FROM runs NOT INDEXED ORDER BY id") }
  }

  /// The run of a row; nil where it has been collected meanwhile.
  package func run(row: Int64) throws -> Run? {
    try read { db in try self.runs(db, "WHERE runs.id = ?", [row]).first }
  }

  /// Whether there is a run in a row.
  package func hasRun(row: Int64) throws -> Bool {
    try read { db in
      try Bool.fetchOne(db, sql: "SELECT 1 FROM runs NOT INDEXED WHERE id = ?", arguments: [row]) ?? false
    }
  }

  /// The places of a run's kept tensors where no chunk is, or one of another digest.
  package func missingChunks(of run: Run, _ tensors: [RecordedTensor]) throws -> [ChunkUse] {
    try read { db in
      // It may have been stripped or collected since the tensors were read.
      let isStored = try Bool.fetchOne(db, sql: "SELECT stored FROM runs WHERE uid = ?", arguments: [run.uid])
      guard let isStored, isStored == run.isStored else { return [] }
      let select = try db.cachedStatement(
        sql: """
          SELECT position, digest FROM tensor_chunks JOIN chunks ON chunks.id = chunk WHERE tensor = ?
          ORDER BY position
          """)
      return try tensors.filter(\.isStored).flatMap { tensor in
        var found: [Int: Digest] = [:]
        let rows = try Row.fetchCursor(select, arguments: [tensor.rowID])
        while let row = try rows.next() {
          found[try row.value("position")] = Digest(bytes: try row.value("digest", Data.self))
        }
        return tensor.chunkDigests.enumerated().filter { found[$0] != $1 }.map {
          ChunkUse(
            run: run, tensor: tensor.name.string, position: $0, digest: $1, byteCount: tensor.recipe.byteCount
          )
        }
      }
    }
  }

  /// Where a chunk is needed that is there.
  package func uses(ofChunk row: Int64) throws -> [ChunkUse] {
    try read { db in
      var runs: [Int64: Run] = [:]
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT tensors.run, tensors.name, dtype, shape, places.position AS position,
                 substr(chunk_digests, 32 * places.position + 1, 32) AS digest
          FROM tensor_chunks AS places JOIN tensors ON tensors.id = tensor WHERE chunk = ?
          """, arguments: [row])
      return try rows.compactMap { row in
        let id: Int64 = try row.value("run")
        if runs[id] == nil { runs[id] = try self.runs(db, "WHERE runs.id = ?", [id]).first }
        let dims = (try? JSONValue(parsing: row.value("shape", String.self)))?.arrayValue ?? []
        guard let run = runs[id], let digest = Digest(bytes: try row.value("digest", Data.self)),
          let dtype = DType(rawValue: try row.value("dtype")),
          let shape = try? Shape(dims.map { $0.integerValue ?? -1 })
        else { return nil }
        return ChunkUse(
          run: run, tensor: try row.value("name"),
          position: try row.number("position", in: 0...Store.largestPosition), digest: digest,
          byteCount: shape.byteCount(dtype))
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
        if db.changesCount == 0 { _ = try self.overwriteIfDifferent(chunk.digest, data, db) }
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

  /// Puts chunks that are there at the places that need them and lack them.
  package func linkChunks(_ places: [ChunkUse]) throws {
    try write { db in
      let link = try db.cachedStatement(
        sql: """
          INSERT INTO tensor_chunks (tensor, position, chunk)
          SELECT tensors.id, ?3, chunks.id FROM tensors, chunks
          WHERE tensors.run = ?1 AND tensors.name = ?2 AND chunks.digest = ?4
          ON CONFLICT (tensor, position) DO UPDATE SET chunk = excluded.chunk
          """)
      for place in places {
        try link.execute(arguments: [
          place.run.rowID, place.tensor, place.position, Data(place.digest.bytes),
        ])
      }
    }
  }

  /// Whether a tensor's bytes are kept now: a run may have been stripped or collected since it was read.
  package func isKept(_ tensor: RecordedTensor) throws -> Bool {
    try read { db in
      let stored = try Bool.fetchOne(
        db, sql: "SELECT stored FROM runs JOIN tensors ON tensors.run = runs.id WHERE tensors.id = ?",
        arguments: [tensor.rowID])
      return stored.map { $0 || !tensor.recipe.law.isRegenerable } ?? false
    }
  }

  /// Whether a chunk is there under its row.
  package func hasChunk(_ row: Int64, _ digest: Digest) throws -> Bool {
    try read { db in
      try Bool.fetchOne(
        db, sql: "SELECT 1 FROM chunks WHERE id = ? AND digest = ?", arguments: [row, Data(digest.bytes)])
        ?? false
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
