// Recording a run, in one transaction.

import Foundation
import GRDB
import WinitCore
import WinitJSON

extension Store {
  /// Records a run in one transaction, with its manifest, its next version and its tensors, and ends the lease. The
  /// chunks of stored tensors must be in the file.
  ///
  /// - Throws: `StoreError.missingChunks` with the chunks that are not in the file. In this case nothing has changed.
  package func commit(_ run: NewRun, lease: Lease? = nil, _ event: Event) throws -> RunRecord {
    let insertion = Insertion(run, uid: newUID(), aliases: [])
    return try write { db in try self.insert(insertion, lease, event, db) }
  }

  /// Records a run of another registry in one transaction, and ends the lease.
  ///
  /// - Parameter aliases: the aliases of the run. An alias that another run already has stays with that run.
  /// - Returns: the run; nil if this registry already has a run with its uid. In this case nothing has changed.
  /// - Throws: `StoreError.missingChunks` with the chunks that are not in the file. In this case nothing has changed.
  package func commitIfNew(_ run: NewRun, lease: Lease? = nil, _ event: Event, aliases: [String]) throws -> RunRecord? {
    let insertion = Insertion(run, uid: run.origin?.uid ?? newUID(), aliases: aliases)
    return try write { db in
      let isKnown = try Bool.fetchOne(db, sql: "SELECT 1 FROM runs WHERE uid = ?", arguments: [insertion.uid]) != nil
      return isKnown ? nil : try self.insert(insertion, lease, event, db)
    }
  }

  /// A run to be recorded, with the values that are computed before the transaction begins.
  private struct Insertion {
    let run: NewRun
    let uid: String
    let aliases: [String]
    let json: String
    let digest: Data
    let weights: Data

    init(_ run: NewRun, uid: String, aliases: [String]) {
      let manifest = run.manifest
      self.run = run
      self.uid = uid
      self.aliases = aliases
      json = manifest.canonical
      digest = Data(SHA256Digest(of: json.utf8).bytes)
      weights = Data(manifest.weights.bytes)
    }
  }

  /// Inserts all rows of a run, ends the lease, and records the event.
  private func insert(_ insertion: Insertion, _ lease: Lease?, _ event: Event, _ db: Database) throws -> RunRecord {
    let (run, digest, uid) = (insertion.run, insertion.digest, insertion.uid)
    let size = RunSize(run.tensors)
    try db.execute(
      sql: """
        INSERT INTO manifests (digest, weights, law_version, json) VALUES (?, ?, ?, ?)
        ON CONFLICT (digest) DO UPDATE SET weights = excluded.weights, law_version = excluded.law_version,
          json = excluded.json WHERE json <> excluded.json OR weights <> excluded.weights
        """,
      arguments: [digest, insertion.weights, lawVersion, insertion.json])
    try db.execute(
      sql: """
        INSERT INTO runs (name, version, manifest, seed, stored, tensor_count, parameter_count, byte_count,
                          created_at, tool_version, host, uid, origin, experiment, note, parent, git, preset, details)
        VALUES (?, ?, (SELECT id FROM manifests WHERE digest = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        run.name, try takeVersion(db, of: run.name, wanted: run.origin?.version), digest,
        String(run.seed), run.isStored, run.tensors.count, size.parameterCount, size.byteCount, run.createdAt,
        run.toolVersion,
        run.host.compact, uid, run.isImported ? "captured" : "created", run.experiment, run.note,
        run.parent, run.git?.compact, run.preset?.compact, run.details.json.compact,
      ])
    let row = db.lastInsertedRowID
    for tag in run.tags {
      try db.execute(
        sql: "INSERT INTO tags (run, key, value) VALUES (?, ?, ?)", arguments: [row, tag.key, tag.value])
    }
    for diagnosis in run.diagnoses { try insert(diagnosis, of: row, db) }
    let missing = try insertTensors(run.tensors, of: row, seed: run.seed, stored: run.isStored, db)
    guard missing.isEmpty else { throw StoreError.missingChunks(missing) }
    try db.execute(
      sql: "INSERT INTO run_terms \(Store.terms(where: "run = ?1"))", arguments: [row])
    for alias in insertion.aliases {
      try db.execute(
        sql: "INSERT INTO aliases (name, alias, run) VALUES (?, ?, ?) ON CONFLICT (name, alias) DO NOTHING",
        arguments: [run.name, alias, row])
    }
    if let lease { try end(lease, db) }
    guard let recorded = try fetchRuns(db, "WHERE runs.id = ?", [row]).first else {
      throw StoreError.damaged(path: path, what: "the run that was just recorded cannot be read")
    }
    try record(event, recorded, db)
    return recorded
  }

  /// Records and returns the version of a new run: the next version of the name, or the wanted version if it is higher,
  /// so that a run from another registry keeps its version.
  private func takeVersion(_ db: Database, of name: String, wanted: Int?) throws -> Int {
    let last = try Int.fetchOne(db, sql: "SELECT last_version FROM names WHERE name = ?", arguments: [name])
    guard (0..<Store.maximumVersion).contains(last ?? 0) else {
      throw StoreError.damaged(path: path, what: "the last version of \(quoted: name) is out of range: \(last ?? 0)")
    }
    let version = max((last ?? 0) + 1, wanted ?? 1)
    try db.execute(
      sql: """
        INSERT INTO names (name, last_version) VALUES (?1, ?2)
        ON CONFLICT (name) DO UPDATE SET last_version = ?2, renamed_to = NULL
        """, arguments: [name, version])
    return version
  }

  /// Inserts the rows of tensors, and the references of stored tensors to their chunks.
  ///
  /// - Returns: the digests of the chunks that are not in the file. They get no reference.
  func insertTensors(
    _ tensors: [NewTensor], of run: Int64, seed: UInt64, stored: Bool, _ db: Database
  ) throws -> Set<SHA256Digest> {
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO tensors (run, position, name, dtype, shape, scheme, law, stream, seed, digest, chunk_digests)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    var missing: Set<SHA256Digest> = []
    for (position, tensor) in tensors.enumerated() {
      try insert.execute(arguments: [
        run, position, tensor.name.string, tensor.recipe.dtype.rawValue, tensor.recipe.shape.json.compact,
        tensor.scheme.compact, tensor.recipe.law.json(tiedTo: tensor.tiedTo).compact,
        String(tensor.recipe.stream), tensor.recipe.seed == seed ? nil : String(tensor.recipe.seed),
        Data(SHA256Digest(ofChunks: tensor.chunkDigests).bytes), Data(tensor.chunkDigests.bytes),
      ])
      guard stored || !tensor.recipe.isRegenerable else { continue }
      missing.formUnion(try link(tensor.chunkDigests, to: db.lastInsertedRowID, db))
    }
    return missing
  }
}

/// Returns 128 random bits in hexadecimal, in the form of the uids that the migration gives to earlier runs.
func newUID() -> String {
  (0..<2).map { _ in
    let digits = String(UInt64.random(in: 0...(.max)), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }.joined()
}
