import Foundation
import GRDB
import Testing
import WinitCore
import WinitJSON
import WinitMigrations
import WinitStorage
import WinitTestSupport

/// A file as the last version with an earlier schema left it.
func earlierRegistry(_ schema: Int, in folder: TemporaryFolder) throws -> String {
  let path = folder.path("v\(schema)")
  let sql = try VectorFile.text("registry-v\(schema).sql")
  let db = try DatabaseQueue(path: path)
  try db.writeWithoutTransaction { try $0.execute(sql: sql) }
  try db.close()
  return path
}

/// What a test file of an earlier schema holds: SHA-256 of the manifest of each run, by the sqlite3 shell, before the file was
/// migrated by anything.
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
]

@Suite struct MigrationTests {
  @Test("the known schema is the one that the migrations make")
  func digest() throws {
    #expect(try Schema.ofVersion(Migration.all.count).digest.hex == Schema.currentDigest)
  }

  @Test("every earlier schema has a test file")
  func complete() throws {
    for schema in 1..<Migration.all.count {
      #expect(throws: Never.self) { try VectorFile.text("registry-v\(schema).sql") }
      #expect(ids[schema] != nil)
    }
  }

  @Test("opening a file of an earlier schema migrates it and loses nothing", arguments: [1, 2])
  func migrates(from schema: Int) throws {
    let folder = try TemporaryFolder()
    let path = try earlierRegistry(schema, in: folder)
    let store = try Store.open(path)
    let runs = try store.runRows().compactMap { try store.run(row: $0) }
    #expect(Dictionary(uniqueKeysWithValues: runs.map { ($0.reference, $0.id.hex) }) == ids[schema])
    for run in runs { #expect(try store.tensors(of: run).count == run.tensorCount) }
    #expect(Set(runs.map(\.uid)).count == 4 && runs.allSatisfy { $0.uid.count == 32 })
    var query = RunQuery()
    query.schemes = ["kaiming_normal"]
    query.dtypes = ["float16"]
    #expect(try store.count(query) == (schema == 1 ? 4 : 2))
    // The tables that hold the terms and the verifications agree with the rest.
    #expect(try store.inconsistencies().isEmpty)
    // A migrated file has the schema of a new file: the next opening compares them.
    try store.close()
    _ = try Store.open(path)
  }

  @Test("schema 1: a search finds an old run, and a recipe stays a recipe")
  func firstSchema() throws {
    let folder = try TemporaryFolder()
    let store = try Store.open(earlierRegistry(1, in: folder))
    var query = RunQuery()
    query.name = "oth*"
    #expect(try store.runs(query).map(\.reference) == ["other:v1"])
    #expect(try store.run(named: "old/model", version: 3)?.isStored == false)
  }

  @Test("schema 2: tags, notes, aliases, parents, deletions and an interrupted verification survive")
  func secondSchema() throws {
    let folder = try TemporaryFolder()
    let store = try Store.open(earlierRegistry(2, in: folder))
    let first = try #require(try store.run(named: "m", version: 1))
    #expect(first.tags == [Tag(key: "k", value: "v")] && first.note == "a note" && first.experiment == "e")
    #expect(first.aliases == ["best"] && first.uid == "862ae0207ec8bc2a135888d392e3d0ff")
    #expect(try store.run(named: "m", version: 2)?.parent == first.uid)
    #expect(try store.run(named: "kept")?.deletedAt != nil)
    #expect(try store.newName(of: "gone") == "kept")
    let imported = try #require(try store.run(named: "taken"))
    #expect(imported.isImported)
    let selection: JSONValue = ["level": "everything", "since": .null]
    #expect(try store.unfinishedPass(selection)?.seen == [imported.uid: true])
  }

  @Test(
    "opening a file of an earlier schema for reading only is refused and changes nothing", arguments: [1, 2])
  func reading(schema: Int) throws {
    let folder = try TemporaryFolder()
    let path = try earlierRegistry(schema, in: folder)
    let before = try folder.bytes("v\(schema)")
    let error = #expect(throws: StoreError.self) { try Store.openForReading(path) }
    #expect(error?.description.contains("older version (schema \(schema))") == true)
    #expect(try folder.bytes("v\(schema)") == before)
  }

  @Test("many openings of an earlier file at once migrate it once", arguments: [1, 2])
  func once(schema: Int) throws {
    let folder = try TemporaryFolder()
    let path = try earlierRegistry(schema, in: folder)
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      #expect(throws: Never.self) { try Store.open(path).close() }
    }
    let numbers = try DatabaseQueue(path: path).read {
      try Int.fetchAll($0, sql: "SELECT number FROM migrations ORDER BY number")
    }
    #expect(numbers == Array(1...Migration.all.count))
  }
}
