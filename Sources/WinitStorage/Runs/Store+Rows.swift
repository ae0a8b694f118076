// Reading the rows of runs and tensors.

import Foundation
import GRDB
import WinitCore
import WinitJSON

extension Store {
  /// Returns the runs that the rest of a SELECT statement selects.
  ///
  /// - Parameter clauses: the WHERE clause, and what follows it.
  func fetchRuns(_ db: Database, _ clauses: String, _ arguments: StatementArguments) throws -> [RunRecord] {
    // A command reads the record of its run several times.
    let select = try db.cachedStatement(
      sql: """
        SELECT runs.id AS id, uid, name, version, seed, stored, tensor_count, parameter_count, byte_count, created_at,
               tool_version, host, git, preset, origin, experiment, note, parent, deleted_at,
               manifests.digest AS manifest_digest, manifests.weights AS weights,
               manifests.law_version AS law_version,
               (SELECT json_group_object(key, value)
                FROM (SELECT key, value FROM tags WHERE run = runs.id LIMIT \(Store.maximumNameCount + 1))) AS tags,
               (SELECT json_group_array(alias)
                FROM (SELECT alias FROM aliases WHERE run = runs.id LIMIT \(Store.maximumNameCount + 1))) AS aliases
        FROM runs JOIN manifests ON manifests.id = runs.manifest \(clauses)
        """)
    let rows = try Row.fetchCursor(select, arguments: arguments)
    var (runs, seen) = ([RunRecord](), Set<Int64>())
    // Most runs of a page were created on the same machine.
    var lastHost: (text: String, value: JSONValue?)?
    func host(_ text: String) -> JSONValue? {
      if let lastHost, lastHost.text == text { return lastHost.value }
      let value = try? JSONValue(parsing: text)
      lastHost = (text, value)
      return value
    }
    while let row = try rows.next() {
      let run = try run(from: row, host: host)
      guard seen.insert(run.rowID).inserted else { throw repeatedRows("runs") }
      runs.append(run)
    }
    return runs
  }

  /// Returns rows in the order of a column whose values differ.
  ///
  /// - Throws: `StoreError.damaged` if a value occurs again. The pages of a file from elsewhere can lead back to earlier
  ///   ones, so that rows never end.
  func ascendingRows(
    _ db: Database, by column: String, _ sql: String, _ arguments: StatementArguments
  ) throws -> [Row] {
    let cursor = try Row.fetchCursor(db, sql: sql, arguments: arguments)
    var (rows, last) = ([Row](), Int64.min)
    while let row = try cursor.next() {
      let value = try row.value(column, Int64.self)
      guard value > last || rows.isEmpty else { throw repeatedRows(column) }
      last = value
      rows.append(row.copy())
    }
    return rows
  }

  private func repeatedRows(_ what: String) -> StoreError {
    .damaged(path: path, what: "its pages lead to the same rows again and again (\(what))")
  }

  /// The maximum number of tags and of aliases of a run that can be read.
  private static let maximumNameCount = 100_000

  private func run(from row: Row, host: (String) -> JSONValue?) throws -> RunRecord {
    let name: String = try row.value("name")
    let version = try row.number("version", in: 1...Store.maximumVersion)
    let counts = 0...Store.maximumCount
    guard let id = SHA256Digest(bytes: try row.value("manifest_digest", Data.self)),
      let weights = SHA256Digest(bytes: try row.value("weights", Data.self)),
      let seed = UInt64(try row.value("seed", String.self)),
      let host = (try? row.value("host", String.self)).flatMap(host),
      let tags = (try? JSONValue(parsing: row.value("tags", String.self)))?.objectValue,
      let aliases = (try? JSONValue(parsing: row.value("aliases", String.self)))?.arrayValue,
      max(tags.count, aliases.count) <= Store.maximumNameCount,
      Set(aliases.map(\.stringValue)).count == aliases.count
    else { throw StoreError.damaged(path: path, what: "the record of \(name):v\(version) cannot be read") }
    return RunRecord(
      rowID: try row.value("id"), uid: try row.value("uid"), name: name, version: version, id: id,
      weights: weights, seed: seed, isStored: try row.value("stored"),
      tensorCount: try row.number("tensor_count", in: counts),
      parameterCount: try row.number("parameter_count", in: counts),
      byteCount: try row.number("byte_count", in: counts), createdAt: try row.value("created_at"),
      toolVersion: try row.value("tool_version"), lawVersion: try row.value("law_version"), host: host,
      git: try row.value("git", String?.self).flatMap { try? JSONValue(parsing: $0) },
      preset: try row.value("preset", String?.self).flatMap { try? JSONValue(parsing: $0) },
      isImported: try row.value("origin") == "captured", experiment: try row.value("experiment"),
      tags: tags.map { TagRecord(key: $0.key, value: $0.value.stringValue ?? "") }, note: try row.value("note"),
      parent: try row.value("parent"), aliases: aliases.compactMap(\.stringValue),
      deletedAt: try row.value("deleted_at"))
  }

  /// The maximum number of tensors, parameters or bytes of a run: 2⁵³, up to which the numbers of JSON are exact.
  static let maximumCount = 1 << 53

  /// The maximum version of a run, for the same reason.
  static let maximumVersion = 1 << 53

  /// Returns the current record of a run.
  ///
  /// - Throws: `StoreError.gone` if the run was collected after it was read.
  func reload(_ run: RunRecord, _ db: Database) throws -> RunRecord {
    // The row of a run stays the same, except in a registry that was restored from a backup. Finding the row without
    // the index keeps a run readable if the index is damaged.
    if let current = try fetchRuns(db, "WHERE runs.id = ? AND runs.uid = ?", [run.rowID, run.uid]).first {
      return current
    }
    guard let current = try fetchRuns(db, "WHERE runs.uid = ?", [run.uid]).first else {
      throw StoreError.gone(path: path, reference: run.reference)
    }
    return current
  }
}
