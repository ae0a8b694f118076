// Files of earlier schemas, and the migrations that bring them up to date.

import Foundation
import GRDB
import Testing
import WinitCore
import WinitJSON
import WinitMigrations
import WinitStorage
import WinitTestSupport

/// The id of each run of a test file: SHA-256 of its manifest, computed with the sqlite3 shell before any migration.
private let ids = [
  1: [
    "old/model:v1": "cbd5847653be2c480abaabfcab6f4c6cb585d523b23a36347cf05dcdf3695683",
    "old/model:v2": "a43a516486e1e4fbf92b9aa3ec885a66881a3fa7a6ccb82dc58efff2a6a450a4",
    "old/model:v3": "08222eaf90acdffaad97aedceca3e73ae9d0542030f9ccd25d7ed5fee0d4966e",
    "other:v1": "da319d36a9e3b12e2a7efcb5b6cdb3ac6c3ff7d413104cbefa514f4e4917111d",
  ],
  2: [
    "m:v1": "fd96204d2bbfca2c5e62c1e4a581fca6db10e068fd7bc7ca2c521bf30755c1bb",
    "m:v2": "542f80f2b498b7c906fe010c703639f1f1fcf662fedceab22a39e2e5af614275",
    "kept:v1": "dfdde9d98a8ce7f12be5dfed751d238aa0303faa14ba568e4e4325eb4d5f93db",
    "taken:v1": "14cddec333e898e92affa6ce42110d2a81e1c7982fc0c9fb15b553661da1dc0f",
  ],
  3: [
    "m:v1": "0adb6b60e5cf916b4c0d2eb74644d63da2181b6dfe60ce53f44457852522832a",
    "m:v2": "21e66cbcce4dda2b397d0ad58d0b304c72671d1f065284bec853a087194aafbd",
    "kept:v1": "9dbe9f8b4f848a5b29d44beb75aba76426e78d796c88b34dc412b83fff826983",
    "taken:v1": "26c1e75860eb82a7a164a67ff9ec3a9acfe16f9a30930477ae971a1cc285bbca",
  ],
  4: [
    "m:v1": "605f9a19dea7011517a07a0bb73823e20c74e879822c6aeaa7c597069eede386",
    "m:v2": "48848aa0588be902dc3a044138940a37c08f9996bcbdae304c30bb594c9dc00d",
    "kept:v1": "a1ea41c555439935ca47063ef9e8bc6d60544c8e9a241eefe6aa7529355b148a",
    "taken:v1": "f4c94253bcc4eba4b6eed3735f8e588e051e8d96d84b0778c9d4f1028389c983",
  ],
  5: [
    "m:v1": "605f9a19dea7011517a07a0bb73823e20c74e879822c6aeaa7c597069eede386",
    "m:v2": "48848aa0588be902dc3a044138940a37c08f9996bcbdae304c30bb594c9dc00d",
    "kept:v1": "a1ea41c555439935ca47063ef9e8bc6d60544c8e9a241eefe6aa7529355b148a",
    "taken:v1": "d23542522eea728292de1c57cdb618b3add00b21491983ae000f9f1364a56b3b",
  ],
]

@Suite struct MigrationTests {
  @Test func `the digest of the current schema is that of the schema that the migrations make`() throws {
    #expect(try Schema.ofVersion(Migration.all.count).digest.hex == Schema.currentDigest)
  }

  @Test func `every earlier schema has a test file`() throws {
    for schema in 1..<Migration.all.count {
      #expect(throws: Never.self) { try VectorFile.text("registry-v\(schema).sql") }
      #expect(ids[schema] != nil)
    }
  }

  @Test(arguments: 1..<Migration.all.count)
  func `opening a file of an earlier schema migrates it and loses nothing`(from schema: Int) throws {
    let folder = try TemporaryFolder()
    let path = try earlierRegistry(schema, in: folder)
    let store = try Store.open(path)
    let runs = try store.runRows().compactMap { try store.run(row: $0) }
    #expect(Dictionary(uniqueKeysWithValues: runs.map { ($0.reference, $0.id.hex) }) == ids[schema])
    for run in runs { #expect(try store.tensors(of: run).count == run.tensorCount) }
    #expect(Set(runs.map(\.uid)).count == 4 && runs.allSatisfy { $0.uid.count == 32 })
    var filter = RunFilter()
    filter.schemes = ["kaiming_normal"]
    filter.dtypes = ["float16"]
    #expect(try store.count(filter) == (schema == 1 ? 4 : 2))
    // The tables that hold the terms and the verifications agree with the rest.
    #expect(try store.inconsistencies().isEmpty)
    // A migrated file has the schema of a new file: the next opening compares them.
    try store.close()
    _ = try Store.open(path)
  }

  @Test func `schema 1: a filter finds a migrated run, and a recipe-only run stays recipe-only`() throws {
    let folder = try TemporaryFolder()
    let store = try Store.open(earlierRegistry(1, in: folder))
    var filter = RunFilter()
    filter.name = "oth*"
    #expect(try store.runs(filter).map(\.reference) == ["other:v1"])
    #expect(try store.run(named: "old/model", version: 3)?.isStored == false)
  }

  @Test func `schema 2: tags, notes, aliases, parents, deletions and an interrupted verification survive`() throws {
    let folder = try TemporaryFolder()
    let store = try Store.open(earlierRegistry(2, in: folder))
    let first = try #require(try store.run(named: "m", version: 1))
    #expect(first.tags == [TagRecord(key: "k", value: "v")] && first.note == "a note" && first.experiment == "e")
    #expect(first.aliases == ["best"] && first.uid == "862ae0207ec8bc2a135888d392e3d0ff")
    #expect(try store.run(named: "m", version: 2)?.parent == first.uid)
    #expect(try store.run(named: "kept")?.deletedAt != nil)
    #expect(try store.newName(of: "gone") == "kept")
    let imported = try #require(try store.run(named: "taken"))
    #expect(imported.isImported)
    let selection: JSONValue = ["level": "everything", "since": .null]
    #expect(try store.unfinishedPass(selection)?.seen == [imported.uid: true])
  }

  @Test func `schema 4: seeds of tensors, presets, skipped tensors and the metadata of a checkpoint survive`() throws {
    let folder = try TemporaryFolder()
    let store = try Store.open(earlierRegistry(4, in: folder))
    let first = try #require(try store.run(named: "m", version: 1))
    #expect(try store.tensors(of: first).map(\.ownSeed) == [nil, 77, nil])
    let kept = try #require(try store.run(named: "kept"))
    #expect(kept.preset?["name"]?.stringValue == "torch")
    #expect(try store.details(of: kept).skipped.map(\.string) == ["other.weight"])
    let imported = try #require(try store.run(named: "taken"))
    let metadata = try store.details(of: imported).metadata
    #expect(metadata.map { "\($0.key)=\($0.value)" } == ["format=pt", "epoch=3"])
    // The table of diagnoses is new, and empty.
    #expect(try store.diagnoses(of: first).isEmpty)
  }

  @Test func `schema 5: kept diagnoses survive, and a list finds the runs of an experiment in every order`() throws {
    let folder = try TemporaryFolder()
    let store = try Store.open(earlierRegistry(5, in: folder))
    let first = try #require(try store.run(named: "m", version: 1))
    #expect(try store.diagnoses(of: first).map(\.kind) == [.weights])
    var filter = RunFilter()
    filter.experiments = [TextCondition(TextPattern(literal: "e"))]
    for order in RunFilter.Order.allCases {
      (filter.order, filter.deleted) = (order, false)
      #expect(try store.runs(filter).map(\.reference) == ["m:v1"])
      filter.deleted = true
      #expect(try store.runs(filter).map(\.reference) == ["kept:v1"])
    }
  }

  @Test(arguments: ["words", "words_by_run", "passes", "pass_runs"])
  func `schema 2: damage in a renamed table or its index does not keep the file from being migrated`(
    object: String
  ) throws {
    let folder = try TemporaryFolder()
    let path = try earlierRegistry(2, in: folder)
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    let root = try DatabaseQueue(path: path, configuration: configuration).write { db in
      try db.execute(
        sql: """
          INSERT INTO words VALUES ('scheme', 'zeros', 999);
          INSERT INTO pass_runs VALUES (999, 'x', 1);
          """)
      return try Int.fetchOne(db, sql: "SELECT rootpage FROM sqlite_schema WHERE name = ?", arguments: [object])
    }
    try overwrite(path, at: (#require(root) - 1) * 16384, with: [UInt8](repeating: 0xFF, count: 64))
    let store = try Store.open(path)
    let run = try #require(try store.run(named: "m", version: 1))
    #expect(try store.tensors(of: run).count == run.tensorCount)
  }

  @Test(arguments: 1..<Store.oldestReadableSchema)
  func `a file of a schema with other tables cannot be opened for reading only, and is not changed`(
    schema: Int
  ) throws {
    let folder = try TemporaryFolder()
    let path = try earlierRegistry(schema, in: folder)
    let before = try folder.bytes("v\(schema)")
    expectError {
      try Store.openForReading(path)
    } where: {
      if case .olderVersion(path, schema) = $0 { true } else { false }
    }
    #expect(try folder.bytes("v\(schema)") == before)
  }

  @Test(arguments: Store.oldestReadableSchema..<Migration.all.count)
  func `a file of a schema with fewer indices is read as it is, and not changed`(schema: Int) throws {
    let folder = try TemporaryFolder()
    let path = try earlierRegistry(schema, in: folder)
    let before = try folder.bytes("v\(schema)")
    let store = try Store.openForReading(path)
    let runs = try store.runRows().compactMap { try store.run(row: $0) }
    #expect(Dictionary(uniqueKeysWithValues: runs.map { ($0.reference, $0.id.hex) }) == ids[schema])
    var filter = RunFilter()
    filter.experiments = [TextCondition(TextPattern(literal: "e"))]
    for order in RunFilter.Order.allCases {
      filter.order = order
      #expect(try store.runs(filter).map(\.reference) == ["m:v1"])
    }
    try store.close()
    #expect(try folder.bytes("v\(schema)") == before)
  }

  @Test(arguments: ["BEGIN; SELECT count(*) FROM runs", "BEGIN IMMEDIATE"])
  func `schema 5: a file that another program has locked is read as it is, without waiting`(lock: String) throws {
    let folder = try TemporaryFolder()
    let path = try earlierRegistry(5, in: folder)
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let other = try DatabaseQueue(path: path, configuration: configuration)
    try other.inDatabase { try $0.execute(sql: lock) }
    // A wait ends with a message after a second. The test would wait for a minute.
    let context = OperationContext { message in Issue.record("\(message)") }
    try OperationContext.$current.withValue(context) {
      let store = try Store.open(path)
      #expect(try !store.runRows().isEmpty)
      try store.close()
    }
    try other.inDatabase { try $0.execute(sql: "COMMIT") }
    // The next opening migrates.
    try Store.open(path).close()
    #expect(try other.read { try Int.fetchOne($0, sql: "SELECT max(number) FROM migrations") } == Migration.all.count)
  }

  @Test func `later migrations than that of the oldest readable schema change no table`() throws {
    func tables(_ schema: Int) throws -> [String] {
      let db = try DatabaseQueue()
      return try db.write { db in
        for migration in Migration.all.prefix(schema) { try db.execute(sql: migration.sql) }
        return try String.fetchAll(
          db, sql: "SELECT name || sql FROM sqlite_schema WHERE type IN ('table', 'trigger', 'view') ORDER BY name")
      }
    }
    #expect(try tables(Store.oldestReadableSchema) == tables(Migration.all.count))
    #expect(try tables(Store.oldestReadableSchema - 1) != tables(Store.oldestReadableSchema))
  }

  @Test func `schema 5: a file with damaged rows is read as it is, and cannot be written`() throws {
    let folder = try TemporaryFolder()
    let path = try earlierRegistry(5, in: folder)
    // The migration reads the rows of `runs`.
    let root = try DatabaseQueue(path: path).read {
      try Int.fetchOne($0, sql: "SELECT rootpage FROM sqlite_schema WHERE name = 'runs'")
    }
    try overwrite(path, at: (#require(root) - 1) * 16384, with: [UInt8](repeating: 0xFF, count: 64))
    let before = try folder.bytes("v5")
    let store = try Store.open(path)
    #expect(try store.history(of: nil, limit: 1).count == 1)
    expectError {
      try store.beginPass(["level": "everything"])
    } where: {
      if case .damaged = $0 { true } else { false }
    }
    #expect(try folder.bytes("v5") == before)
  }

  @Test(arguments: 1..<Migration.all.count)
  func `a file of an earlier schema that is opened several times at once is migrated once`(schema: Int) throws {
    let folder = try TemporaryFolder()
    let path = try earlierRegistry(schema, in: folder)
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      #expect(throws: Never.self) { try Store.open(path).close() }
    }
    // Each of the eight may have met another, and has then read a file that needs no migration as it was.
    if schema >= Store.oldestReadableSchema { try Store.open(path).close() }
    let numbers = try DatabaseQueue(path: path).read {
      try Int.fetchAll($0, sql: "SELECT number FROM migrations ORDER BY number")
    }
    #expect(numbers == Array(1...Migration.all.count))
  }
}
