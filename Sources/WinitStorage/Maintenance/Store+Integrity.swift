// The reads of an integrity check: the structure of the file, its runs, and its chunks.

import Foundation
import GRDB
package import WinitCore
import WinitJSON

/// A place in a run that refers to a chunk.
package struct ChunkUse: Sendable {
  package let run: RunRecord
  /// The name of the tensor.
  package let tensor: String
  /// The number of the chunk in the tensor, from 0.
  package let position: Int
  /// The digest that the chunk must have.
  package let digest: SHA256Digest
  /// The bytes of the tensor that are in the chunk.
  package let bytes: Range<Int>

  package init(run: RunRecord, tensor: String, position: Int, digest: SHA256Digest, byteCount: Int) {
    self.run = run
    self.tensor = tensor
    self.position = position
    self.digest = digest
    bytes = position * chunkSize..<max(position * chunkSize, min((position + 1) * chunkSize, byteCount))
  }
}

/// A chunk that is stored in the file.
package struct StoredChunk: Sendable {
  /// The id of the row in `chunks`.
  let row: Int64
  package let digest: SHA256Digest
  package let byteCount: Int
}

extension Store {
  /// Returns the messages of SQLite's integrity check, at most a hundred lines; empty if the structure is sound.
  package func structureProblems() throws -> [String] {
    do {
      return try readInterruptibly { db in
        try String.fetchAll(db, sql: "PRAGMA integrity_check").flatMap { $0.split(separator: "\n") }
          .filter { $0 != "ok" && !$0.hasPrefix("***") }.map(String.init)
      }
    } catch StoreError.damaged(_, let what) { return [what] }
  }

  /// The maximum position of a chunk in a tensor: no tensor has more chunks.
  private static let maximumPosition = 1 << 32

  /// Returns the rows of all runs, deleted runs included. Reads no index, because an index may be damaged.
  package func runRows() throws -> [Int64] {
    try read { db in try Int64.fetchAll(db, sql: "SELECT id FROM runs NOT INDEXED ORDER BY id") }
  }

  /// Returns the run in a row; nil if it was collected meanwhile.
  package func run(row: Int64) throws -> RunRecord? {
    try read { db in try self.fetchRuns(db, "WHERE runs.id = ?", [row]).first }
  }

  /// Returns whether there is a run in a row. Reads no index, and no other column.
  package func hasRun(row: Int64) throws -> Bool {
    try read { db in
      try Bool.fetchOne(db, sql: "SELECT 1 FROM runs NOT INDEXED WHERE id = ?", arguments: [row]) ?? false
    }
  }

  /// Returns the places of stored tensors that refer to no chunk, or to a chunk with another digest.
  package func missingChunks(of run: RunRecord, _ tensors: [TensorRecord]) throws -> [ChunkUse] {
    try read { db in
      // The run may have been stripped or collected since the tensors were read.
      let isStored = try Bool.fetchOne(db, sql: "SELECT stored FROM runs WHERE uid = ?", arguments: [run.uid])
      guard let isStored, isStored == run.isStored else { return [] }
      let select = try db.cachedStatement(
        sql: """
          SELECT position, digest FROM tensor_chunks JOIN chunks ON chunks.id = chunk WHERE tensor = ?
          ORDER BY position
          """)
      return try tensors.filter(\.isStored).flatMap { tensor in
        var found: [Int: SHA256Digest] = [:]
        let rows = try Row.fetchCursor(select, arguments: [tensor.rowID])
        while let row = try rows.next() {
          found[try row.value("position")] = SHA256Digest(bytes: try row.value("digest", Data.self))
        }
        return tensor.chunkDigests.enumerated().filter { found[$0] != $1 }.map {
          ChunkUse(
            run: run, tensor: tensor.name.string, position: $0, digest: $1, byteCount: tensor.recipe.byteCount
          )
        }
      }
    }
  }

  /// Returns the places that refer to a chunk.
  package func uses(of chunk: StoredChunk) throws -> [ChunkUse] {
    try read { db in
      var runs: [Int64: RunRecord] = [:]
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT tensors.run, tensors.name, dtype, shape, places.position AS position,
                 substr(chunk_digests, 32 * places.position + 1, 32) AS digest
          FROM tensor_chunks AS places JOIN tensors ON tensors.id = tensor WHERE chunk = ?
          """, arguments: [chunk.row])
      return try rows.compactMap { row in
        let id: Int64 = try row.value("run")
        if runs[id] == nil { runs[id] = try self.fetchRuns(db, "WHERE runs.id = ?", [id]).first }
        let dims = (try? JSONValue(parsing: row.value("shape", String.self)))?.arrayValue ?? []
        guard let run = runs[id], let digest = SHA256Digest(bytes: try row.value("digest", Data.self)),
          let dtype = DType(rawValue: try row.value("dtype")),
          let shape = try? Shape(dims.map { $0.integerValue ?? -1 })
        else { return nil }
        return ChunkUse(
          run: run, tensor: try row.value("name"),
          position: try row.number("position", in: 0...Store.maximumPosition), digest: digest,
          byteCount: shape.byteCount(dtype))
      }
    }
  }

  /// Returns all chunks of the file, in the order of their rows.
  package func storedChunks() throws -> [StoredChunk] {
    try read { db in
      let rows = try Row.fetchCursor(db, sql: "SELECT id, digest, size FROM chunks ORDER BY id")
      var chunks: [StoredChunk] = []
      while let row = try rows.next() {
        guard let digest = SHA256Digest(bytes: try row.value("digest", Data.self)) else {
          throw StoreError.damaged(path: self.path, what: "the digest of a chunk does not have 32 bytes")
        }
        chunks.append(
          StoredChunk(
            row: try row.value("id"), digest: digest, byteCount: try row.number("size", in: 1...chunkSize)))
      }
      return chunks
    }
  }

  /// Reads a chunk into a buffer of its size.
  ///
  /// - Returns: whether the chunk was read; false if it is not in the file, has another size, or is on pages that
  ///   SQLite cannot read.
  package func read(_ chunk: StoredChunk, into buffer: UnsafeMutableRawBufferPointer) throws -> Bool {
    do {
      return try read { db in
        let rows = try Row.fetchCursor(
          db.cachedStatement(sql: "SELECT bytes FROM chunks WHERE id = ? AND length(bytes) = ?"),
          arguments: [chunk.row, buffer.count])
        return try rows.next()?.withUnsafeData(atIndex: 0) { data in
          data?.copyBytes(to: buffer)
          return data != nil
        } ?? false
      }
    } catch StoreError.damaged { return false }
  }

  /// Returns whether a chunk that was listed is still in the file.
  package func contains(_ chunk: StoredChunk) throws -> Bool {
    try read { db in
      try Bool.fetchOne(
        db, sql: "SELECT 1 FROM chunks WHERE id = ? AND digest = ?", arguments: [chunk.row, Data(chunk.digest.bytes)])
        ?? false
    }
  }
}
