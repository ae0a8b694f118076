// The repair of damaged and missing chunks.

import Foundation
import GRDB
package import WinitCore

extension Store {
  /// Writes the right bytes of chunks in one transaction, and the references to them: a damaged chunk is overwritten,
  /// and a missing chunk is added.
  package func repair(_ chunks: [(digest: SHA256Digest, bytes: [UInt8], places: [ChunkUse])]) throws {
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

  /// Restores the references of places to chunks that are in the file. Skips places whose chunk is missing.
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

  /// Deletes an unreferenced chunk.
  ///
  /// - Returns: whether the chunk is no longer in the file.
  package func deleteUnreferencedChunk(_ digest: SHA256Digest) throws -> Bool {
    try write { db in
      let row = try Int64.fetchOne(
        db, sql: "SELECT id FROM chunks WHERE digest = ?", arguments: [Data(digest.bytes)])
      return try row.map { try self.deleteUnreferenced([$0], db).contains($0) } ?? true
    }
  }

  /// Returns the tensors that have a chunk with a digest, stored or not: the recipe of each may regenerate the chunk.
  package func tensors(with digest: SHA256Digest) throws -> [(run: RunRecord, tensor: String)] {
    try read { db in
      try Row.fetchAll(
        db, sql: "SELECT run, name FROM tensors WHERE instr(chunk_digests, ?) > 0 ORDER BY id",
        arguments: [Data(digest.bytes)]
      ).compactMap { row in
        try self.fetchRuns(db, "WHERE runs.id = ?", [row.value("run", Int64.self)]).first.map {
          ($0, try row.value("name"))
        }
      }
    }
  }
}
