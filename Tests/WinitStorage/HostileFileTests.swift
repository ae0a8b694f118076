// Registry files that were changed, cut off or made elsewhere.

import Foundation
import GRDB
import Testing
import WinitStorage
import WinitTestSupport

@Suite struct HostileFileTests {
  @Test(arguments: [
    ("DROP TABLE tags; CREATE VIEW tags AS SELECT 1 AS run, 'k' AS key, 'v' AS value", "table tags"),
    ("ALTER TABLE runs RENAME TO old; CREATE VIEW runs AS SELECT * FROM old", "table"),
    ("CREATE TRIGGER more AFTER INSERT ON runs BEGIN DELETE FROM runs; END", "trigger more"),
    ("DROP TRIGGER history_is_not_deleted", "trigger history_is_not_deleted"),
    ("ALTER TABLE tags ADD COLUMN double TEXT AS (value || value)", "table tags"),
    ("CREATE TABLE pragma_application_id (application_id)", "table pragma_application_id"),
    ("CREATE TABLE json_tree (key, type, atom)", "table json_tree"),
    ("CREATE INDEX more ON runs (abs(version))", "index more"),
    ("DROP INDEX runs_by_uid", "index runs_by_uid"),
    ("CREATE VIRTUAL TABLE more USING fts5 (text)", "table more"),
  ])
  func `a file with another schema is refused with the name of the object that differs, and is not changed`(
    sql: String, object: String
  ) throws {
    let folder = try TemporaryFolder()
    try Store.openOrCreate(folder.path("r")).close()
    let db = try DatabaseQueue(path: folder.path("r"))
    try db.writeWithoutTransaction { try $0.execute(sql: sql) }
    try db.close()
    let before = try folder.bytes("r")
    for open in [Store.open, Store.openOrCreate, Store.openForReading] {
      expectError("\(sql)") {
        try open(folder.path("r"))
      } where: {
        if case .changedSchema(_, let what) = $0 { what.contains(object) } else { false }
      }
    }
    #expect(try folder.bytes("r") == before)
  }

  @Test func `a file that was analyzed has the same schema: the tables of statistics are not compared`() throws {
    let folder = try TemporaryFolder()
    try Store.openOrCreate(folder.path("r")).close()
    let db = try DatabaseQueue(path: folder.path("r"))
    try db.write { try $0.execute(sql: "INSERT INTO names VALUES ('a', 1, NULL); ANALYZE") }
    #expect(try db.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_stat1") } ?? 0 > 0)
    try db.close()
    #expect(throws: Never.self) { try Store.open(folder.path("r")) }
  }

  @Test func `on a connection SQL cannot corrupt the schema, and the schema is not trusted`() throws {
    let folder = try TemporaryFolder()
    let store = try Store.openOrCreate(folder.path("r"))
    for (name, value) in [("trusted_schema", "0"), ("cell_size_check", "1"), ("writable_schema", "0")] {
      #expect(try store.pragma(name) == value)
    }
    #expect(try store.isDefensive())
  }

  @Test func `a file that is cut off at any length gives an error or runs, and never a crash`() throws {
    let folder = try TemporaryFolder()
    let path = try earlierRegistry(1, in: folder)
    try Store.open(path).close()
    let whole = try folder.bytes("v1")
    var opened = 0
    for length in stride(from: 0, to: whole.count, by: 1500) {
      try folder.write("cut", Array(whole[..<length]))
      do {
        let store = try Store.open(folder.path("cut"))
        for run in try store.runs() { _ = try store.tensors(of: run) }
        opened += 1
      } catch is StoreError {}
    }
    #expect(opened < whole.count / 1500)
  }

  @Test func `only the owner can read and write a new registry, and wider permissions stay as they are`() throws {
    let folder = try TemporaryFolder()
    try Store.openOrCreate(folder.path("r")).close()
    for name in try folder.contents() {
      let attributes = try FileManager.default.attributesOfItem(atPath: folder.path(name))
      #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
    }
    // The owner has opened the file to others.
    chmod(folder.path("r"), 0o644)
    try Store.openOrCreate(folder.path("r")).close()
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.path("r"))
    #expect(attributes[.posixPermissions] as? Int == 0o644)
  }
}
