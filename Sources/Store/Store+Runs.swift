// Recording runs and finding them again.

import CanonicalJSON
import Foundation
import GRDB
import InitLaw
import Manifests
import Tensors

extension Store {
  /// Makes a run visible, in one transaction: its manifest, its version, its tensors, and for a stored one the
  /// chunks they are made of, which must be there.
  ///
  /// - Throws: `StoreError.missingChunks` with those that are not, after which nothing has changed.
  package func commit(_ run: NewRun) throws -> Run {
    let manifest = run.manifest
    let json = manifest.canonical
    return try write { db in
      try db.execute(
        sql: """
          INSERT INTO manifests (digest, weights, law_version, json) VALUES (?, ?, ?, ?)
          ON CONFLICT (digest) DO NOTHING
          """,
        arguments: [Data(Digest(of: json.utf8).bytes), Data(manifest.weights.bytes), lawVersion, json])
      let manifestRow = try Int64.fetchOne(
        db, sql: "SELECT id FROM manifests WHERE digest = ?", arguments: [Data(Digest(of: json.utf8).bytes)])
      try db.execute(
        sql: """
          INSERT INTO runs (name, version, manifest, seed, stored, tensor_count, parameter_count, byte_count,
                            created_at, tool_version, host)
          VALUES (?1, (SELECT coalesce(max(version), 0) + 1 FROM runs WHERE name = ?1),
                  ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
          """,
        arguments: [
          run.name, manifestRow, String(run.seed), run.isStored, run.tensors.count,
          run.tensors.filter { $0.tiedTo == nil }.reduce(0) { $0 + $1.recipe.shape.elementCount },
          run.tensors.reduce(0) { $0 + $1.recipe.byteCount }, run.createdAt, run.toolVersion,
          run.host.compact,
        ])
      let row = db.lastInsertedRowID
      try self.insert(run.tensors, of: row, stored: run.isStored, db)
      guard let recorded = try self.runs(db, "WHERE runs.id = ?", [row]).first else {
        throw StoreError.damaged(path: self.path, what: "the run just recorded cannot be read back")
      }
      return recorded
    }
  }

  private func insert(_ tensors: [NewTensor], of run: Int64, stored: Bool, _ db: Database) throws {
    let insertTensor = try db.cachedStatement(
      sql: """
        INSERT INTO tensors (run, position, name, dtype, shape, scheme, law, stream, digest, chunk_digests)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    let findChunk = try db.cachedStatement(sql: "SELECT id FROM chunks WHERE digest = ?")
    let insertChunk = try db.cachedStatement(
      sql: "INSERT INTO tensor_chunks (tensor, position, chunk) VALUES (?, ?, ?)")
    var missing: Set<Digest> = []
    for (position, tensor) in tensors.enumerated() {
      try insertTensor.execute(arguments: [
        run, position, tensor.name.string, tensor.recipe.dtype.rawValue, tensor.recipe.shape.json.compact,
        tensor.scheme.compact, tensor.recipe.law.json(tiedTo: tensor.tiedTo).compact,
        String(tensor.recipe.stream),
        Data(Digest(ofChunks: tensor.chunkDigests).bytes), Data(tensor.chunkDigests.bytes),
      ])
      let tensorRow = db.lastInsertedRowID
      guard stored || !tensor.recipe.law.isRegenerable else { continue }
      for (index, digest) in tensor.chunkDigests.enumerated() {
        if let chunk = try Int64.fetchOne(findChunk, arguments: [Data(digest.bytes)]) {
          try insertChunk.execute(arguments: [tensorRow, index, chunk])
        } else {
          missing.insert(digest)
        }
      }
    }
    guard missing.isEmpty else { throw StoreError.missingChunks(missing) }
  }

  /// The newest runs, at most so many, the newest first; nil for all.
  package func runs(limit: Int? = nil) throws -> [Run] {
    try read { db in try self.runs(db, "ORDER BY runs.id DESC LIMIT ?", [limit ?? -1]) }
  }

  /// How many runs there are.
  package func runCount() throws -> Int {
    try read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM runs") ?? 0 }
  }

  /// Every name in use, in order.
  package func runNames() throws -> [String] {
    try read { db in try String.fetchAll(db, sql: "SELECT DISTINCT name FROM runs ORDER BY name") }
  }

  /// Every seed in use.
  package func seeds() throws -> [UInt64] {
    try read { db in
      try String.fetchAll(db, sql: "SELECT DISTINCT seed FROM runs").compactMap { UInt64($0) }
    }
  }

  /// The newest version of a name, or the version given.
  package func run(named name: String, version: Int? = nil) throws -> Run? {
    try read { db in
      if let version {
        return try self.runs(db, "WHERE name = ? AND version = ?", [name, version]).first
      }
      return try self.runs(db, "WHERE name = ? ORDER BY version DESC LIMIT 1", [name]).first
    }
  }

  /// The runs whose ids begin with some hexadecimal digits, the newest first.
  package func runs(idPrefix: String, named name: String? = nil) throws -> [Run] {
    let digits = idPrefix.lowercased()
    guard let low = Digest(digits.padding(toLength: 64, withPad: "0", startingAt: 0)),
      let high = Digest(digits.padding(toLength: 64, withPad: "f", startingAt: 0))
    else { return [] }
    return try read { db in
      try self.runs(
        db, "WHERE manifests.digest BETWEEN ?1 AND ?2 AND (?3 IS NULL OR name = ?3) ORDER BY runs.id DESC",
        [Data(low.bytes), Data(high.bytes), name])
    }
  }

  /// The manifest's bytes as they are recorded.
  package func manifest(of run: Run) throws -> String {
    try read { db in
      try String.fetchOne(
        db, sql: "SELECT json FROM manifests JOIN runs ON manifests.id = runs.manifest WHERE runs.id = ?",
        arguments: [run.rowID])
    } ?? ""
  }

  /// The tensors of a run, in the spec's order.
  package func tensors(of run: Run) throws -> [RecordedTensor] {
    try read { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT id, name, dtype, shape, scheme, law, stream, digest, chunk_digests
          FROM tensors WHERE run = ? ORDER BY position
          """,
        arguments: [run.rowID])
      let tensors = try self.tensors(rows, of: run)
      guard tensors.count == run.tensorCount else {
        throw StoreError.damaged(
          path: self.path, what: "\(run.reference) has \(tensors.count) of its \(run.tensorCount) tensors")
      }
      return tensors
    }
  }

  // MARK: - Rows

  private func runs(_ db: Database, _ rest: String, _ arguments: StatementArguments) throws -> [Run] {
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT runs.*, manifests.digest AS manifest_digest, manifests.weights AS weights,
               manifests.law_version AS law_version
        FROM runs JOIN manifests ON manifests.id = runs.manifest \(rest)
        """,
      arguments: arguments)
    var runs: [Run] = []
    while let row = try rows.next() {
      let name: String = row["name"]
      let version: Int = row["version"]
      guard let id = Digest(bytes: row["manifest_digest"] as Data),
        let weights = Digest(bytes: row["weights"] as Data),
        let seed = UInt64(row["seed"] as String), let host = try? JSONValue(parsing: row["host"] as String)
      else { throw StoreError.damaged(path: path, what: "the row of \(name):v\(version) cannot be read") }
      runs.append(
        Run(
          rowID: row["id"], name: name, version: version, id: id, weights: weights, seed: seed,
          isStored: row["stored"], tensorCount: row["tensor_count"], parameterCount: row["parameter_count"],
          byteCount: row["byte_count"], createdAt: row["created_at"], toolVersion: row["tool_version"],
          lawVersion: row["law_version"], host: host))
    }
    return runs
  }

  /// Tensors, those that have another's values with its law.
  private func tensors(_ rows: [Row], of run: Run) throws -> [RecordedTensor] {
    var laws: [TensorName: Law] = [:]
    var ties: [(row: Row, target: TensorName)] = []
    var tensors: [RecordedTensor?] = try rows.map { row in
      let json = try? JSONValue(parsing: row["law"] as String)
      if json?["law"]?.stringValue == "same_as", let target = json?["name"]?.stringValue {
        ties.append((row, TensorName(target)))
        return nil
      }
      let tensor = try self.tensor(row, of: run, law: json.flatMap(Law.init(json:)))
      laws[tensor.name] = tensor.recipe.law
      return tensor
    }
    var rest = ties[...]
    for index in tensors.indices where tensors[index] == nil {
      guard let tie = rest.popFirst() else { break }
      tensors[index] = try self.tensor(tie.row, of: run, law: laws[tie.target], tiedTo: tie.target)
    }
    return tensors.compactMap(\.self)
  }

  private func tensor(
    _ row: Row, of run: Run, law: Law?, tiedTo target: TensorName? = nil
  ) throws -> RecordedTensor {
    let name = TensorName(row["name"])
    func fail(_ what: String) -> StoreError {
      .damaged(path: path, what: "tensor `\(name)`: its \(what) cannot be read")
    }
    guard let dtype = DType(rawValue: row["dtype"]) else { throw fail("dtype") }
    guard let numbers = (try? JSONValue(parsing: row["shape"] as String))?.arrayValue,
      let shape = try? Shape(numbers.map { $0.integerValue ?? -1 })
    else { throw fail("shape") }
    guard let stream = UInt64(row["stream"] as String) else { throw fail("stream") }
    guard let law,
      let recipe = try? Recipe(seed: run.seed, stream: stream, dtype: dtype, shape: shape, law: law)
    else { throw fail("law") }
    guard let scheme = try? JSONValue(parsing: row["scheme"] as String) else { throw fail("scheme") }
    guard let digest = Digest(bytes: row["digest"] as Data) else { throw fail("digest") }
    guard let chunks = DigestList(bytes: Array(row["chunk_digests"] as Data)),
      chunks.count == recipe.chunkCount
    else {
      throw fail("list of chunk digests")
    }
    return RecordedTensor(
      rowID: row["id"], name: name, scheme: scheme, recipe: recipe, digest: digest, chunkDigests: chunks,
      isStored: run.isStored || !law.isRegenerable, tiedTo: target)
  }
}
