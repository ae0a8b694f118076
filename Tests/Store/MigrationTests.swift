import Foundation
import GRDB
import InitLaw
import Migrations
import Store
import TestSupport
import Testing

/// A file as the last version with an earlier schema left it.
func earlierRegistry(_ schema: Int, in folder: TemporaryFolder) throws -> String {
  let path = folder.path("v\(schema)")
  let sql = try VectorFile.text("registry-v\(schema).sql")
  let db = try DatabaseQueue(path: path)
  try db.writeWithoutTransaction { try $0.execute(sql: sql) }
  try db.close()
  return path
}

@Suite struct MigrationTests {
  /// SHA-256 of the manifests, by the sqlite3 shell, before the file was migrated by anything.
  private let ids = [
    "old/model:v1": "cbd5847653be2c480abaabfcab6f4c6cb585d523b23a36347cf05dcdf3695683",
    "old/model:v2": "a43a516486e1e4fbf92b9aa3ec885a66881a3fa7a6ccb82dc58efff2a6a450a4",
    "old/model:v3": "08222eaf90acdffaad97aedceca3e73ae9d0542030f9ccd25d7ed5fee0d4966e",
    "other:v1": "da319d36a9e3b12e2a7efcb5b6cdb3ac6c3ff7d413104cbefa514f4e4917111d",
  ]

  @Test("the known schema is the one that the migrations make")
  func digest() throws {
    #expect(try Schema.ofVersion(Migration.all.count).digest.hex == Schema.currentDigest)
  }

  @Test("there is a file of every earlier schema to be tested with")
  func complete() throws {
    for schema in 1..<Migration.all.count {
      #expect(throws: Never.self) { try VectorFile.text("registry-v\(schema).sql") }
    }
  }

  @Test(
    "a file of an earlier schema is brought up to date when it is opened, and has what it had", arguments: [1]
  )
  func migrates(from schema: Int) throws {
    let folder = try TemporaryFolder()
    let path = try earlierRegistry(schema, in: folder)
    let store = try Store.open(path)
    let runs = try store.runs()
    #expect(Dictionary(uniqueKeysWithValues: runs.map { ($0.reference, $0.id.hex) }) == ids)
    for run in runs { #expect(try store.tensors(of: run).count == run.tensorCount) }
    // What the newer schema adds, of old runs too.
    #expect(Set(runs.map(\.uid)).count == 4 && runs.allSatisfy { $0.uid.count == 32 })
    var query = RunQuery()
    query.schemes = ["kaiming_normal"]
    query.dtypes = ["float16"]
    #expect(try store.count(query) == 4)
    query.name = "oth*"
    #expect(try store.runs(query).map(\.reference) == ["other:v1"])
    #expect(runs.first { $0.reference == "old/model:v3" }?.isStored == false)
    // Opened again it is what a new file is: the schema is compared then.
    try store.close()
    _ = try Store.open(path)
  }

  @Test("what is only to be read is not brought up to date, but named", arguments: [1])
  func reading(schema: Int) throws {
    let folder = try TemporaryFolder()
    let path = try earlierRegistry(schema, in: folder)
    let before = try folder.bytes("v\(schema)")
    let error = #expect(throws: StoreError.self) { try Store.openForReading(path) }
    #expect(error?.description.contains("older version (schema \(schema))") == true)
    #expect(try folder.bytes("v\(schema)") == before)
  }

  @Test("many openings of an earlier file at once migrate it once")
  func once() throws {
    let folder = try TemporaryFolder()
    let path = try earlierRegistry(1, in: folder)
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      #expect(throws: Never.self) { try Store.open(path).close() }
    }
    let numbers = try DatabaseQueue(path: path).read {
      try Int.fetchAll($0, sql: "SELECT number FROM migrations ORDER BY number")
    }
    #expect(numbers == Array(1...Migration.all.count))
  }
}
