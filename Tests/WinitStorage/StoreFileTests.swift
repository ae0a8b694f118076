import Foundation
import GRDB
import Testing
import WinitMigrations
import WinitStorage
import WinitTestSupport

/// A big-endian field of a SQLite header (file format, section 1.3).
private func field(_ bytes: [UInt8], _ offset: Int, _ size: Int) -> Int {
  bytes[offset..<offset + size].reduce(0) { $0 << 8 | Int($1) }
}

private func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return ""
  } catch { return "\(error)" }
}

@Suite struct StoreFileTests {
  @Test("the migrations in the binary are the files of the folder, in order, with their text")
  func migrations() throws {
    let folder = VectorFile.repository.appending(path: "migrations")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
      $0.hasSuffix(".sql")
    }.sorted()
    #expect(Migration.all.map { "\($0.name).sql" } == files)
    #expect(Migration.all.map(\.number) == Array(1...files.count))
    for migration in Migration.all {
      let text = try String(contentsOf: folder.appending(path: "\(migration.name).sql"), encoding: .utf8)
      #expect(migration.sql == text)
    }
  }

  @Test("a new registry has the marks and the settings that cannot be changed later")
  func header() throws {
    let folder = try TemporaryFolder()
    _ = try Store.openOrCreate(folder.path("r"))
    let header = try folder.bytes("r")
    #expect(field(header, 16, 2) == 16384)  // page size
    #expect(field(header, 52, 4) != 0)  // auto-vacuum
    #expect(field(header, 64, 4) == 1)  // incremental
    #expect(field(header, 60, 4) == Migration.all.count)  // user_version
    #expect(String(decoding: header[68..<72], as: UTF8.self) == "WNIT")
    #expect(field(header, 18, 2) == 0x0101)  // rollback journal, not WAL
  }

  @Test("only create makes a file; opening one that is not there says so and makes none")
  func absent() throws {
    let folder = try TemporaryFolder()
    #expect(
      message { _ = try Store.open(folder.path("r")) }.hasPrefix(
        "there is no registry at \(folder.path("r"))"))
    #expect(try folder.contents() == [])
    // What a create that was cut off at once leaves.
    try folder.write("empty", "")
    #expect(message { _ = try Store.open(folder.path("empty")) }.hasPrefix("there is no registry"))
    _ = try Store.openOrCreate(folder.path("empty"))
    _ = try Store.open(folder.path("empty"))
  }

  @Test("what is not a registry is refused, and is left as it was")
  func foreign() throws {
    let folder = try TemporaryFolder()
    try folder.write("text", "hello, this is no database")
    let other = try DatabaseQueue(path: folder.path("other"))
    try other.write { try $0.execute(sql: "CREATE TABLE runs (id); PRAGMA application_id = 7") }
    try other.close()
    for name in ["text", "other"] {
      let before = try folder.bytes(name)
      for open in [Store.open, Store.openOrCreate] {
        #expect(message { _ = try open(folder.path(name)) }.contains("is not a registry"))
      }
      #expect(try folder.bytes(name) == before)
    }
    #expect(message { _ = try Store.open(folder.url.path) }.contains("is not a registry: it is a folder"))
    #expect(
      message { _ = try Store.open(folder.path("other")) }.contains("another application (application_id 7)"))
    #expect(try folder.contents() == ["other", "text"])
  }

  @Test("a registry from a newer version is refused by that name, and left as it was")
  func newer() throws {
    let folder = try TemporaryFolder()
    _ = try Store.openOrCreate(folder.path("r"))
    try overwrite(folder.path("r"), at: 60, with: [0, 0, 0, 99])
    let before = try folder.bytes("r")
    for open in [Store.open, Store.openOrCreate] {
      #expect(
        message { _ = try open(folder.path("r")) }.contains(
          "newer version of winit-registry (schema 99; this one knows \(Migration.all.count))"))
    }
    #expect(try folder.bytes("r") == before)
  }

  @Test("a registry whose migration was another text is refused")
  func changedMigration() throws {
    let folder = try TemporaryFolder()
    _ = try Store.openOrCreate(folder.path("r"))
    let db = try DatabaseQueue(path: folder.path("r"))
    try db.write { try $0.execute(sql: "UPDATE migrations SET sha256 = 'x'") }
    try db.close()
    #expect(message { _ = try Store.open(folder.path("r")) }.contains("different v0001_runs"))
  }

  @Test("many first openings at once make one registry")
  func race() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("r")
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      #expect(throws: Never.self) { try Store.openOrCreate(path) }
    }
    let db = try DatabaseQueue(path: path)
    #expect(
      try db.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM migrations") } == Migration.all.count)
  }

  @Test(
    "a path is a file's, whatever it looks like", arguments: [":memory:", "file:x?mode=memory", "file:y"])
  func paths(name: String) throws {
    let folder = try TemporaryFolder()
    let before = FileManager.default.currentDirectoryPath
    let relative = String(folder.path(name).drop { $0 == "/" })
    let up = before.split(separator: "/").map { _ in "../" }.joined()
    _ = try Store.openOrCreate(up + relative)
    #expect(try folder.contents().first == name)
    _ = try Store.open(folder.path(name))
  }

  @Test("an empty path is refused")
  func emptyPath() {
    for open in [Store.open, Store.openOrCreate] {
      #expect(message { _ = try open("") }.contains("the path is empty"))
    }
  }

  @Test("a file with a registry's marks and other tables is refused")
  func otherTables() throws {
    let folder = try TemporaryFolder()
    let db = try DatabaseQueue(path: folder.path("r"))
    try db.write {
      try $0.execute(
        sql: "CREATE TABLE t (x); PRAGMA application_id = \(0x574E_4954); PRAGMA user_version = 1")
    }
    try db.close()
    #expect(message { _ = try Store.open(folder.path("r")) }.contains("its table chunks is missing"))
  }

  @Test(
    "a commit is durable and a key is held: the settings are in force on every connection",
    arguments: [
      ("synchronous", "3"), ("journal_mode", "truncate"), ("foreign_keys", "1"), ("cache_size", "-24000"),
      ("fullfsync", "1"),
    ])
  func settings(name: String, value: String) throws {
    let folder = try TemporaryFolder()
    for open in [Store.openOrCreate, Store.open] { #expect(try open(folder.path("r")).pragma(name) == value) }
  }
}
