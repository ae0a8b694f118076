// Registry files whose rows hold anything at all.

import Foundation
import GRDB
import Testing
import WinitRegistry
import WinitTestSupport

/// Writes rows that the schema forbids: changes the schema, runs a statement, and restores the schema.
private func corrupt(_ path: String, _ sql: String) throws {
  func open(_ body: (Database) throws -> Void) throws {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    let db = try DatabaseQueue(path: path, configuration: configuration)
    try db.writeWithoutTransaction { db in
      try db.execute(
        sql: "PRAGMA synchronous = OFF; PRAGMA writable_schema = ON; PRAGMA ignore_check_constraints = ON")
      try body(db)
    }
    try db.close()
  }
  var schema: [Row] = []
  try open { db in
    schema = try Row.fetchAll(db, sql: "SELECT rowid, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    try db.execute(
      sql: """
        UPDATE sqlite_schema SET sql = replace(replace(sql, ' STRICT', ''), 'STRICT,', '') WHERE type = 'table';
        UPDATE sqlite_schema SET sql = replace(sql, 'NOT NULL', '') WHERE type = 'table';
        UPDATE sqlite_schema SET sql = replace(sql, 'RAISE(ABORT', 'nullif(''x''') WHERE type = 'trigger'
        """)
  }
  try open { db in try db.execute(sql: sql) }
  try open { db in
    for row in schema {
      try db.execute(
        sql: "UPDATE sqlite_schema SET sql = ? WHERE rowid = ?",
        arguments: [row["sql"] as String, row["rowid"] as Int64])
    }
  }
}

@Suite struct HostileRowTests {
  private static let values = [
    "NULL", "'text'", "x'00ff'", "-1", "9223372036854775807", "-9223372036854775808", "1.5", "''", "'[[[[['",
    "CAST(x'ff' AS TEXT)",
  ]

  private static let columns: [String: [String]] = [
    "runs": [
      "name", "version", "manifest", "seed", "stored", "tensor_count", "parameter_count", "byte_count",
      "created_at", "tool_version", "host", "uid", "origin", "experiment", "note", "parent", "git",
      "deleted_at", "preset", "details",
    ],
    "manifests": ["digest", "weights", "law_version", "json"],
    "tensors": [
      "run", "position", "name", "dtype", "shape", "scheme", "law", "stream", "digest", "chunk_digests",
    ],
    "chunks": ["digest", "size", "bytes"], "tensor_chunks": ["position", "chunk"],
    "tags": ["key", "value"], "aliases": ["name", "alias", "run"], "names": ["last_version", "renamed_to"],
    "history": ["at", "action", "run", "reference", "detail", "actor"], "run_terms": ["term"],
    "leases": ["holder", "renewed_at"], "verification_passes": ["selection", "finished_at"],
    "pass_runs": ["run", "matches"],
  ]

  @Test(arguments: columns.keys.sorted())
  func `whatever a column holds, every method returns or throws RegistryError, and the bytes of tensors are right`(
    table: String
  ) throws {
    let original = try Fixture()
    _ = try original.create("m", "tensors: {w: [40, 8], b: [3]}\nrules: [{match: '*', init: normal}]")
    let right = try original.registry.bytes(of: "w", in: original.registry.run("m"))
    var update = RunMetadataUpdate()
    update.tags = [Run.Tag(key: "k", value: "v")]
    _ = try original.registry.update(original.registry.run("m"), update)
    _ = try original.registry.setAlias("a", of: original.registry.run("m"))
    // A verification of all runs that was interrupted after the run.
    _ = try original.registry.verify(.all)
    try original.tamper(
      """
      UPDATE verification_passes SET finished_at = NULL;
      INSERT INTO pass_runs (pass, run, matches) SELECT 1, uid, 1 FROM runs
      """)
    let lease = "INSERT INTO leases VALUES (5, '{}', 5); INSERT INTO lease_chunks VALUES (5, 1);"
    try original.tamper(lease)
    let file = try original.folder.bytes("r")
    for (index, column) in (Self.columns[table] ?? []).enumerated() {
      for (turn, value) in Self.values.enumerated() {
        let fixture = try TemporaryFolder()
        let path = try fixture.write("r", file)
        try corrupt(path, "UPDATE OR IGNORE \(table) SET \(column) = \(value)")
        let what = "\(table).\(column) = \(value)"
        try read(path, right, what)
        // Writing takes longer, so each column is tried with some of the values.
        if (index + turn) % 4 == 0 { try write(path, right, what) }
      }
    }
  }

  /// Runs a body, which may throw `RegistryError` and nothing else.
  private func attempt(_ body: () throws -> Void) throws {
    do { try body() } catch is RegistryError {}
  }

  private func read(_ path: String, _ right: [UInt8], _ what: String) throws {
    try attempt {
      let registry = try Registry(opening: path)
      try attempt { for entry in try registry.history() { _ = (entry.date, entry.actorText, entry.detailText) } }
      try attempt { _ = try registry.space() }
      try attempt { _ = try registry.garbage(grace: .zero) }
      try attempt { _ = try registry.checkIntegrity(full: true) }
      for reference in ["m", "m:v1", "m:a", "sha256:0"] {
        try attempt {
          let run = try registry.run(reference, includingDeleted: true)
          _ = (run.createdAt, run.deletedAt, run.git, run.tags, run.user)
          try attempt {
            let bytes = try registry.bytes(of: "w", in: run)
            #expect(bytes == right, "\(what)")
          }
          try attempt { for tensor in try registry.tensors(of: run) { _ = (tensor.scheme, tensor.law) } }
          try attempt { _ = try registry.verify(run) }
          try attempt { _ = try registry.difference(between: run, and: run) }
        }
      }
      for order in RunQuery.Order.allCases {
        var query = RunQuery()
        query.order = order
        try attempt { for run in try registry.runs(query) { _ = run.reference } }
      }
    }
  }

  private func write(_ path: String, _ right: [UInt8], _ what: String) throws {
    try attempt {
      let registry = try Registry(opening: path)
      try attempt { _ = try registry.verify(.all, resuming: true) }
      for run in (try? registry.runs()) ?? [] {
        try attempt { try registry.exportBundle([run], to: path + ".bundle", replacing: true) }
      }
      try attempt {
        _ = try registry.create(
          "m", spec: ModelSpec(parsing: "tensors: {x: [2]}\nrules: [{match: x, init: normal}]"), seed: 3)
      }
      try attempt { _ = try registry.collectGarbage(grace: .zero) }
      try attempt { _ = try registry.checkIntegrity(repair: true) }
    }
    try attempt {
      let other = try Registry(openingOrCreating: path + ".other")
      try other.importBundle(path)
      for run in try other.runs() {
        try attempt {
          let bytes = try other.bytes(of: "w", in: run)
          #expect(bytes == right, "\(what)")
        }
      }
    }
  }
}
