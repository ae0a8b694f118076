// Runs and their tensors, found again.

import Foundation
import GRDB
import WinitCore
import WinitJSON

extension Store {
  /// Every name in use, in order.
  package func runNames() throws -> [String] {
    try read { db in
      try String.fetchAll(db, sql: "SELECT DISTINCT name FROM runs WHERE deleted_at IS NULL ORDER BY name")
    }
  }

  /// Every seed in use.
  package func seeds() throws -> [UInt64] {
    try read { db in
      try String.fetchAll(db, sql: "SELECT DISTINCT seed FROM runs").compactMap { UInt64($0) }
    }
  }

  /// The newest version of a name, or the version given, whether it is deleted or not.
  package func run(named name: String, version: Int? = nil) throws -> Run? {
    try read { db in
      if let version {
        return try self.runs(db, "WHERE name = ? AND version = ?", [name, version]).first
      }
      return try self.runs(
        db, "WHERE name = ? ORDER BY deleted_at IS NOT NULL, version DESC LIMIT 1", [name]
      ).first
    }
  }

  /// The run that an alias of a name stands for.
  package func run(named name: String, alias: String) throws -> Run? {
    try read { db in
      try self.runs(
        db, "WHERE runs.id = (SELECT run FROM aliases WHERE name = ? AND alias = ?)", [name, alias]
      ).first
    }
  }

  /// The run with a uid, whether it is deleted or not.
  package func run(uid: String) throws -> Run? {
    try read { db in try self.runs(db, "WHERE uid = ?", [uid]).first }
  }

  /// The runs whose ids begin with some hexadecimal digits, the newest first; deleted ones after the others.
  package func runs(idPrefix: String, named name: String? = nil) throws -> [Run] {
    let digits = idPrefix.lowercased()
    guard let low = Digest(digits.padding(toLength: 64, withPad: "0", startingAt: 0)),
      let high = Digest(digits.padding(toLength: 64, withPad: "f", startingAt: 0))
    else { return [] }
    return try read { db in
      try self.runs(
        db,
        """
        WHERE manifests.digest BETWEEN ?1 AND ?2 AND (?3 IS NULL OR name = ?3)
        ORDER BY deleted_at IS NOT NULL, runs.id DESC
        """,
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

  func runs(_ db: Database, _ rest: String, _ arguments: StatementArguments) throws -> [Run] {
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT runs.*, manifests.digest AS manifest_digest, manifests.weights AS weights,
               manifests.law_version AS law_version,
               (SELECT json_group_object(key, value) FROM tags WHERE run = runs.id) AS tags,
               (SELECT json_group_array(alias) FROM aliases WHERE run = runs.id) AS aliases
        FROM runs JOIN manifests ON manifests.id = runs.manifest \(rest)
        """,
      arguments: arguments)
    var runs: [Run] = []
    while let row = try rows.next() { runs.append(try run(row)) }
    return runs
  }

  private func run(_ row: Row) throws -> Run {
    let name: String = try row.value("name")
    let version = try row.number("version", in: 1...Store.largestVersion)
    let most = Store.largestCount
    guard let id = Digest(bytes: try row.value("manifest_digest", Data.self)),
      let weights = Digest(bytes: try row.value("weights", Data.self)),
      let seed = UInt64(try row.value("seed", String.self)),
      let host = try? JSONValue(parsing: row.value("host", String.self)),
      let tags = (try? JSONValue(parsing: row.value("tags", String.self)))?.objectValue,
      let aliases = (try? JSONValue(parsing: row.value("aliases", String.self)))?.arrayValue
    else { throw StoreError.damaged(path: path, what: "the row of \(name):v\(version) cannot be read") }
    return Run(
      rowID: try row.value("id"), uid: try row.value("uid"), name: name, version: version, id: id,
      weights: weights, seed: seed, isStored: try row.value("stored"),
      tensorCount: try row.number("tensor_count", in: 0...most),
      parameterCount: try row.number("parameter_count", in: 0...most),
      byteCount: try row.number("byte_count", in: 0...most), createdAt: try row.value("created_at"),
      toolVersion: try row.value("tool_version"), lawVersion: try row.value("law_version"), host: host,
      git: try row.value("git", String?.self).flatMap { try? JSONValue(parsing: $0) },
      isImported: try row.value("origin") == "captured", experiment: try row.value("experiment"),
      tags: tags.map { Tag(key: $0.key, value: $0.value.stringValue ?? "") }, note: try row.value("note"),
      parent: try row.value("parent"), aliases: aliases.compactMap(\.stringValue),
      deletedAt: try row.value("deleted_at"))
  }

  /// More than any run has of tensors, parameters or bytes: 2⁵³, up to which JSON's numbers are exact.
  static let largestCount = 1 << 53

  /// More versions than anybody makes.
  static let largestVersion = 1 << 53

  /// Tensors, those that have another's values with its law.
  private func tensors(_ rows: [Row], of run: Run) throws -> [RecordedTensor] {
    var laws: [TensorName: Law] = [:]
    var ties: [(row: Row, target: TensorName)] = []
    var tensors: [RecordedTensor?] = try rows.map { row in
      let json = try? JSONValue(parsing: row.value("law", String.self))
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
    let name = TensorName(try row.value("name"))
    func fail(_ what: String) -> StoreError {
      .damaged(path: path, what: "tensor `\(name)`: its \(what) cannot be read")
    }
    guard let dtype = DType(rawValue: try row.value("dtype")) else { throw fail("dtype") }
    guard let numbers = (try? JSONValue(parsing: row.value("shape", String.self)))?.arrayValue,
      let shape = try? Shape(numbers.map { $0.integerValue ?? -1 })
    else { throw fail("shape") }
    guard let stream = UInt64(try row.value("stream", String.self)) else { throw fail("stream") }
    guard let law,
      let recipe = try? Recipe(seed: run.seed, stream: stream, dtype: dtype, shape: shape, law: law)
    else { throw fail("law") }
    guard let scheme = try? JSONValue(parsing: row.value("scheme", String.self)) else { throw fail("scheme") }
    guard let digest = Digest(bytes: try row.value("digest", Data.self)) else { throw fail("digest") }
    guard let chunks = DigestList(bytes: Array(try row.value("chunk_digests", Data.self))),
      chunks.count == recipe.chunkCount
    else {
      throw fail("list of chunk digests")
    }
    return RecordedTensor(
      rowID: try row.value("id"), name: name, scheme: scheme, recipe: recipe, digest: digest,
      chunkDigests: chunks,
      isStored: run.isStored || !law.isRegenerable, tiedTo: target)
  }
}
