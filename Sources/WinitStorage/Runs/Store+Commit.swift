// Recording a run: one transaction, after which it is there.

import Foundation
import GRDB
import WinitCore
import WinitJSON

extension Store {
  /// Makes a run visible, in one transaction: its manifest, its version, its tensors, and for a stored one the
  /// chunks they are made of, which must be there. Ends the lease.
  ///
  /// - Parameter aliases: to stand for the run, where they do not stand for another.
  /// - Returns: the run; nil where its uid is here already, after which nothing has changed.
  /// - Throws: `StoreError.missingChunks` with those that are not there, after which nothing has changed.
  package func commit(_ run: NewRun, lease: Lease? = nil, _ event: Event, aliases: [String] = []) throws
    -> Run?
  {
    let manifest = run.manifest
    let json = manifest.canonical
    let digest = Data(Digest(of: json.utf8).bytes)
    return try write { db in
      let uid = run.origin?.uid ?? newUID()
      if run.origin != nil,
        try Bool.fetchOne(db, sql: "SELECT 1 FROM runs WHERE uid = ?", arguments: [uid]) != nil
      {
        return nil
      }
      try db.execute(
        sql: """
          INSERT INTO manifests (digest, weights, law_version, json) VALUES (?, ?, ?, ?)
          ON CONFLICT (digest) DO UPDATE SET weights = excluded.weights, law_version = excluded.law_version,
            json = excluded.json WHERE json <> excluded.json OR weights <> excluded.weights
          """,
        arguments: [digest, Data(manifest.weights.bytes), lawVersion, json])
      try db.execute(
        sql: """
          INSERT INTO runs (name, version, manifest, seed, stored, tensor_count, parameter_count, byte_count,
                            created_at, tool_version, host, uid, origin, experiment, note, parent, git)
          VALUES (?, ?, (SELECT id FROM manifests WHERE digest = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          run.name, try self.takeVersion(db, of: run.name, wanted: run.origin?.version), digest,
          String(run.seed), run.isStored, run.tensors.count,
          run.tensors.filter { $0.tiedTo == nil }.reduce(0) { $0 + $1.recipe.shape.elementCount },
          run.tensors.reduce(0) { $0 + $1.recipe.byteCount }, run.createdAt, run.toolVersion,
          run.host.compact, uid, run.isImported ? "captured" : "created", run.experiment, run.note,
          run.parent, run.git?.compact,
        ])
      let row = db.lastInsertedRowID
      for tag in run.tags {
        try db.execute(
          sql: "INSERT INTO tags (run, key, value) VALUES (?, ?, ?)", arguments: [row, tag.key, tag.value])
      }
      try self.insert(run.tensors, of: row, stored: run.isStored, db)
      try db.execute(
        sql: "INSERT INTO run_terms \(Store.terms(where: "run = ?1"))", arguments: [row])
      for alias in aliases {
        try db.execute(
          sql: "INSERT INTO aliases (name, alias, run) VALUES (?, ?, ?) ON CONFLICT (name, alias) DO NOTHING",
          arguments: [run.name, alias, row])
      }
      if let lease { try self.end(lease, db) }
      guard let recorded = try self.runs(db, "WHERE runs.id = ?", [row]).first else {
        throw StoreError.damaged(path: self.path, what: "the run just recorded cannot be read back")
      }
      try self.record(event, recorded, db)
      return recorded
    }
  }

  /// The next version of a name; the one wanted where it is later, so that a run from another registry keeps its own.
  private func takeVersion(_ db: Database, of name: String, wanted: Int?) throws -> Int {
    let last = try Int.fetchOne(db, sql: "SELECT last_version FROM names WHERE name = ?", arguments: [name])
    guard (0..<Store.largestVersion).contains(last ?? 0) else {
      throw StoreError.damaged(path: path, what: "\(last ?? 0) is no version of `\(name)`")
    }
    let version = max((last ?? 0) + 1, wanted ?? 1)
    try db.execute(
      sql: """
        INSERT INTO names (name, last_version) VALUES (?1, ?2)
        ON CONFLICT (name) DO UPDATE SET last_version = ?2, renamed_to = NULL
        """, arguments: [name, version])
    return version
  }

  private func insert(_ tensors: [NewTensor], of run: Int64, stored: Bool, _ db: Database) throws {
    let insertTensor = try db.cachedStatement(
      sql: """
        INSERT INTO tensors (run, position, name, dtype, shape, scheme, law, stream, digest, chunk_digests)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    var missing: Set<Digest> = []
    for (position, tensor) in tensors.enumerated() {
      try insertTensor.execute(arguments: [
        run, position, tensor.name.string, tensor.recipe.dtype.rawValue, tensor.recipe.shape.json.compact,
        tensor.scheme.compact, tensor.recipe.law.json(tiedTo: tensor.tiedTo).compact,
        String(tensor.recipe.stream),
        Data(Digest(ofChunks: tensor.chunkDigests).bytes), Data(tensor.chunkDigests.bytes),
      ])
      guard stored || !tensor.recipe.law.isRegenerable else { continue }
      missing.formUnion(try keep(tensor.chunkDigests, of: db.lastInsertedRowID, db))
    }
    guard missing.isEmpty else { throw StoreError.missingChunks(missing) }
  }

  /// Notes that a tensor's bytes are these chunks.
  ///
  /// - Returns: those that are not there.
  func keep(_ chunks: DigestList, of tensor: Int64, _ db: Database) throws -> Set<Digest> {
    let find = try db.cachedStatement(sql: "SELECT id FROM chunks WHERE digest = ?")
    let insert = try db.cachedStatement(
      sql: "INSERT INTO tensor_chunks (tensor, position, chunk) VALUES (?, ?, ?)")
    var missing: Set<Digest> = []
    for (index, digest) in chunks.enumerated() {
      if let chunk = try Int64.fetchOne(find, arguments: [Data(digest.bytes)]) {
        try insert.execute(arguments: [tensor, index, chunk])
      } else {
        missing.insert(digest)
      }
    }
    return missing
  }
}

/// 128 random bits in hexadecimal, as the schema's own.
private func newUID() -> String {
  (0..<2).map { _ in
    let digits = String(UInt64.random(in: 0...(.max)), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }.joined()
}
