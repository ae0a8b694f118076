// The manifests, runs and tensors of a damaged file.

import Foundation
import GRDB
import WinitCore
import WinitJSON

extension Salvage {
  func copyManifests(_ db: Database) throws {
    let insert = try db.makeStatement(
      sql: "INSERT OR IGNORE INTO manifests (id, digest, weights, law_version, json) VALUES (?, ?, ?, ?, ?)")
    try pages.forEachRow(of: .manifests) { row in
      guard let json = row.values[4].text, SHA256Digest(of: json.utf8).bytes == row.values[1].blob else { return }
      _ = try db.inserts([.integer(row.id)] + row.values[1...], insert)
    }
  }

  /// The values of the columns that a run of an earlier schema lacks, and of a row that is made from indices.
  private static let defaults: [RecordValue] = [
    .null, .null, .null, .null, .text("0"), .integer(1), .integer(0), .integer(0), .integer(0), .null,
    .text("unknown"), .text("{}"), .text(""), .text("created"), .null, .text(""), .null, .null, .null, .null,
    .text("{}"),
  ]

  /// The indices of columns in the table of runs.
  private enum Column {
    static let (name, version, manifest, seed, tensorCount, parameterCount, byteCount) = (1, 2, 3, 4, 6, 7, 8)
    static let (createdAt, host, uid, origin, experiment, deletedAt) = (9, 11, 12, 13, 14, 18)
    /// The columns that hold JSON.
    static let json = [11, 17, 19, 20]
  }

  func copyRuns(_ db: Database, _ history: FoundHistory) throws {
    let insert = try db.makeStatement(
      sql: """
        INSERT OR IGNORE INTO runs (id, name, version, manifest, seed, stored, tensor_count, parameter_count, byte_count,
          created_at, tool_version, host, uid, origin, experiment, note, parent, git, deleted_at, preset, details)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    var seen: Set<Int64> = []
    func add(_ row: DamagedPages.FoundRow) throws {
      guard !seen.contains(row.id) else { return }
      var values = row.values + Salvage.defaults[row.values.count...]
      values[0] = .integer(row.id)
      if values[Column.uid] == .text("") { values[Column.uid] = .text(newUID()) }
      // A page that no tree reaches may be older than the collection of the run.
      if row.rank > .reachable, let uid = values[Column.uid].text, history.collected.contains(uid) { return }
      // A run of a free page was deleted, or its page has changed places with a free one.
      if row.rank == .free, values[Column.uid].text.flatMap({ history.living[$0] }) == nil { return }
      seen.insert(row.id)
      guard let manifest = values[Column.manifest].integer else { return }
      let id = try addPlace(ofManifest: manifest, db)
      // The manifest is proven; the row is not.
      if let row = try Row.fetchOne(
        db,
        sql: """
          SELECT json_extract(json, '$.seed') AS seed, json_array_length(json, '$.tensors') AS count
          FROM manifests WHERE id = ? AND json <> ''
          """, arguments: [manifest]),
        let seed = try row.value("seed", String?.self), let count = try row.value("count", Int64?.self)
      {
        (values[Column.seed], values[Column.tensorCount]) = (.text(seed), .integer(count))
      }
      // The size is counted again when the tensors are there.
      (values[Column.parameterCount], values[Column.byteCount]) = (.integer(0), .integer(0))
      for column in Column.json {
        guard let text = values[column].text, (try? JSONValue(parsing: text)) == nil else { continue }
        values[column] = Salvage.defaults[column]
      }
      guard try !db.inserts(values, insert) else { return }
      let reference = values[Column.name].text.flatMap { name in
        values[Column.version].integer.map { "\(name):v\($0)" }
      }
      values[Column.uid].text.map { _ = lostUIDs.insert($0) }
      lostRuns.append(LostRun(reference: reference, id: id, problem: "a value of its record is not valid"))
    }
    try pages.forEachRow(of: .runs, add)
    for row in try rowsOfIndices(history) where !seen.contains(row.id) {
      runsOfIndices.insert(row.id)
      try add(row)
    }
  }

  /// Adds a manifest without text if the manifest of a run is lost: the tensors of the run may make it again.
  ///
  /// - Returns: the id; nil if the manifest is lost.
  private func addPlace(ofManifest row: Int64, _ db: Database) throws -> SHA256Digest? {
    let found = try Row.fetchOne(db, sql: "SELECT digest, json FROM manifests WHERE id = ?", arguments: [row])
    if let found {
      return try found.value("json") == "" ? nil : SHA256Digest(bytes: try found.value("digest", Data.self))
    }
    lostManifests.insert(row)
    try db.execute(
      sql: "INSERT INTO manifests (id, digest, weights, law_version, json) VALUES (?, ?, ?, ?, '')",
      arguments: [
        row, Data(SHA256Digest(of: "lost manifest \(row)".utf8).bytes), Data(repeating: 0, count: 32), lawVersion,
      ])
    return nil
  }

  /// Returns the rows of runs that the indices of the table give: their names, versions, manifests, uids and times.
  private func rowsOfIndices(_ history: FoundHistory) throws -> [DamagedPages.FoundRow] {
    var rows: [Int64: [RecordValue]] = [:]
    func collect(
      _ table: SalvagedTable, _ columns: [Int],
      where isValid: ([RecordValue], _ run: [RecordValue]) -> Bool = { _, _ in true }
    ) throws {
      try pages.forEachRow(of: table, upTo: .unreachable) { row in
        guard let id = row.values.last?.integer, isValid(row.values, rows[id] ?? Salvage.defaults) else { return }
        var values = rows[id] ?? Salvage.defaults
        for (column, value) in zip(columns, row.values) where values[column] == Salvage.defaults[column] {
          values[column] = value
        }
        rows[id] = values
      }
    }
    try collect(.runsByManifest, [Column.manifest])
    // Only these rows have a proof.
    rows = rows.filter { $0.value[Column.manifest].integer != nil }
    let known = Set(rows.keys)
    try collect(.runsByVersion, [Column.name, Column.version])
    // An index of the history has records of the same types, with the rows of other runs.
    try collect(.runsByUID, [Column.uid]) { entry, run in
      guard let reference = entry[0].text.flatMap({ history.living[$0] }), let version = run[Column.version].integer
      else { return true }
      return reference.hasSuffix(":v\(version)")
    }
    // An index of the aliases has records of the same types.
    try collect(.runsByTime, [Column.deletedAt, Column.createdAt]) { entry, _ in
      entry[1].text.map { $0.utf8.count >= 20 && $0.dropFirst(4).hasPrefix("-") } ?? false
    }
    return known.sorted().compactMap { id in
      guard let values = rows[id], values[Column.name] != .null, values[Column.createdAt] != .null else { return nil }
      return DamagedPages.FoundRow(id: id, values: values, rank: .unreachable)
    }
  }

  func copyTensors(_ db: Database) throws {
    let insert = try db.makeStatement(
      sql: """
        INSERT OR IGNORE INTO tensors (id, run, position, name, dtype, shape, scheme, law, stream, digest, chunk_digests,
          seed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    let runs = Set(try Int64.fetchAll(db, sql: "SELECT id FROM runs"))
    try pages.forEachRow(of: .tensors) { row in
      let values = row.values + (row.values.count < 12 ? [.null] : [])
      guard let run = values[1].integer, runs.contains(run), let chunks = values[10].blob,
        SHA256Digest(of: chunks).bytes == values[9].blob,
        let scheme = values[6].text, (try? JSONValue(parsing: scheme)) != nil
      else { return }
      _ = try db.inserts([.integer(row.id)] + values[1...], insert)
    }
  }
}
