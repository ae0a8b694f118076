// The registry file: its header, and which files are opened.

import Foundation
import GRDB
import Testing
import WinitCore
import WinitJSON
import WinitMigrations
import WinitStorage
import WinitTestSupport

/// Returns a big-endian field of a SQLite header (SQLite's file format, section 1.3).
private func field(_ bytes: [UInt8], _ offset: Int, _ size: Int) -> Int {
  bytes[offset..<offset + size].reduce(0) { $0 << 8 | Int($1) }
}

@Suite struct StoreFileTests {
  @Test func `the migrations in the binary equal the files of the folder, in order`() throws {
    let folder = VectorFile.repository.appending(path: "migrations")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
      $0.hasSuffix(".sql")
    }.sorted()
    #expect(Migration.all.map { "\($0.name).sql" } == files)
    #expect(Migration.all.map(\.number) == Array(1...files.count))
    for migration in Migration.all {
      let text = try String(contentsOf: folder.appending(path: "\(migration.name).sql"), encoding: .utf8)
      #expect(migration.sql == text)
      #expect(migration.sha256 == SHA256Digest(of: text.utf8).hex)
    }
  }

  @Test func `the header of a new registry has its marks and the settings that cannot be changed later`() throws {
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

  @Test func `only openOrCreate creates a file; open throws noRegistry and creates none`() throws {
    let folder = try TemporaryFolder()
    func expectAbsent(_ path: String) {
      expectError {
        try Store.open(path)
      } where: {
        if case .noRegistry(path) = $0 { true } else { false }
      }
    }
    expectAbsent(folder.path("r"))
    #expect(try folder.contents() == [])
    // An empty file, as a create leaves it that was killed at its beginning.
    try folder.write("empty", "")
    expectAbsent(folder.path("empty"))
    _ = try Store.openOrCreate(folder.path("empty"))
    _ = try Store.open(folder.path("empty"))
  }

  @Test func `a create that failed does not remove a registry that has taken the place of its own`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("r")
    try folder.write("r", "")
    let other = try Store.openOrCreate(folder.path("other"))
    try other.record(Event("test", by: .object([])), nil)
    try other.close()
    let before = try folder.bytes("other")
    // The failed create opens its file, and waits for the lock of another process, which replaces the file meanwhile.
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let holder = try DatabaseQueue(path: path, configuration: configuration)
    try holder.writeWithoutTransaction { try $0.execute(sql: "BEGIN EXCLUSIVE") }
    let removal = DispatchQueue(label: "removal")
    let store = try Store.empty(at: path)
    nonisolated(unsafe) var isRemoved = false
    removal.async { isRemoved = store.removeIfUnused() }
    usleep(300_000)
    #expect(rename(folder.path("other"), path) == 0)
    try holder.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
    removal.sync {}
    #expect(!isRemoved)
    #expect(try folder.bytes("r") == before)
    try holder.close()
  }

  @Test func `openIfExists returns nil where there is no file, creates none, and refuses a missing folder`() throws {
    let folder = try TemporaryFolder()
    #expect(try Store.openIfExists(folder.path("r")) == nil)
    #expect(try folder.contents() == [])
    try Store.openOrCreate(folder.path("r")).close()
    #expect(try Store.openIfExists(folder.path("r"))?.runs().isEmpty == true)
    for open in [Store.openIfExists, Store.openOrCreate, Store.open] as [(String) throws -> Store?] {
      expectError {
        try open(folder.path("none/r"))
      } where: {
        if case .noFolder(folder.path("none/r")) = $0 { true } else { false }
      }
    }
    #expect(!folder.exists("none"))
  }

  @Test
  func `a database without tables, which an interrupted first create leaves, counts as no file, and is used later`()
    throws
  {
    let folder = try TemporaryFolder()
    let database = try DatabaseQueue(path: folder.path("r"))
    try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA page_size = 16384; VACUUM") }
    try database.close()
    let bytes = try folder.bytes("r")
    #expect(field(bytes, 16, 2) == 16384)
    #expect(try Store.openIfExists(folder.path("r")) == nil)
    #expect(try folder.bytes("r") == bytes)
    try Store.openOrCreate(folder.path("r")).close()
    #expect(try Store.openIfExists(folder.path("r"))?.inconsistencies().isEmpty == true)
    #expect(String(decoding: try folder.bytes("r")[68..<72], as: UTF8.self) == "WNIT")
  }

  @Test
  func `an empty store has the path of the file it stands for, the schema and no runs, and creates no file`() throws {
    let folder = try TemporaryFolder()
    let store = try Store.empty(at: folder.path("r"))
    #expect(store.path == folder.path("r"))
    #expect(try store.runs().isEmpty && store.history(of: nil, limit: nil).isEmpty && store.spaceUse().chunkCount == 0)
    #expect(try store.inconsistencies().isEmpty)
    #expect(try folder.contents() == [])
  }

  @Test func `a file that is not a registry is refused and not changed`() throws {
    let folder = try TemporaryFolder()
    try folder.write("text", "hello, this is no database")
    let other = try DatabaseQueue(path: folder.path("other"))
    try other.write { try $0.execute(sql: "CREATE TABLE runs (id); PRAGMA application_id = 7") }
    try other.close()
    for name in ["text", "other"] {
      let before = try folder.bytes(name)
      for open in [Store.open, Store.openOrCreate] {
        expectError {
          try open(folder.path(name))
        } where: {
          if case .notARegistry(folder.path(name), _) = $0 { true } else { false }
        }
      }
      #expect(try folder.bytes(name) == before)
    }
    expectError {
      try Store.open(folder.url.path)
    } where: {
      if case .notARegistry(folder.url.path, _) = $0 { true } else { false }
    }
    #expect(try folder.contents() == ["other", "text"])
  }

  @Test func `a registry of a newer version is refused with its schema, and is not changed`() throws {
    let folder = try TemporaryFolder()
    _ = try Store.openOrCreate(folder.path("r"))
    let db = try DatabaseQueue(path: folder.path("r"))
    let next = Migration.all.count + 1
    try db.write {
      try $0.execute(sql: "INSERT INTO migrations VALUES (\(next), 'v000\(next)_next', '00', '2030-01-01')")
    }
    try db.close()
    try overwrite(folder.path("r"), at: 60, with: [0, 0, 0, 99])
    let before = try folder.bytes("r")
    for open in [Store.open, Store.openOrCreate] {
      expectError {
        try open(folder.path("r"))
      } where: {
        if case .newerVersion(folder.path("r"), 99, Migration.all.count) = $0 { true } else { false }
      }
    }
    #expect(try folder.bytes("r") == before)
  }

  @Test func `a registry that was made by a different migration is refused with the name of the migration`() throws {
    let folder = try TemporaryFolder()
    _ = try Store.openOrCreate(folder.path("r"))
    let db = try DatabaseQueue(path: folder.path("r"))
    try db.write { try $0.execute(sql: "UPDATE migrations SET sha256 = 'x'") }
    try db.close()
    expectError {
      try Store.open(folder.path("r"))
    } where: {
      if case .changedMigration(folder.path("r"), "v0001_runs") = $0 { true } else { false }
    }
  }

  @Test func `a registry that is created several times at once is created once`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("r")
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      #expect(throws: Never.self) { try Store.openOrCreate(path) }
    }
    let db = try DatabaseQueue(path: path)
    #expect(
      try db.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM migrations") } == Migration.all.count)
  }

  @Test(arguments: [":memory:", "file:x?mode=memory", "file:y"])
  func `a path is the path of a file, even where SQLite would take it for something else`(name: String) throws {
    let folder = try TemporaryFolder()
    let before = FileManager.default.currentDirectoryPath
    let relative = String(folder.path(name).drop { $0 == "/" })
    let up = before.split(separator: "/").map { _ in "../" }.joined()
    _ = try Store.openOrCreate(up + relative)
    #expect(try folder.contents().first == name)
    _ = try Store.open(folder.path(name))
  }

  @Test func `an empty path is refused`() {
    for open in [Store.open, Store.openOrCreate] {
      expectError {
        try open("")
      } where: {
        if case .notARegistry = $0 { true } else { false }
      }
    }
  }

  @Test func `a file with the marks of a registry and other tables is refused`() throws {
    let folder = try TemporaryFolder()
    let db = try DatabaseQueue(path: folder.path("r"))
    try db.write {
      try $0.execute(
        sql: "CREATE TABLE t (x); PRAGMA application_id = \(0x574E_4954); PRAGMA user_version = 1")
    }
    try db.close()
    expectError {
      try Store.open(folder.path("r"))
    } where: {
      if case .changedSchema(folder.path("r"), let what) = $0 { what.contains("table chunks") } else { false }
    }
  }

  @Test(arguments: [
    ("synchronous", "3"), ("journal_mode", "truncate"), ("foreign_keys", "1"), ("cache_size", "-24000"),
    ("fullfsync", "1"),
  ])
  func `every connection has the settings that make commits durable and enforce foreign keys`(
    name: String, value: String
  ) throws {
    let folder = try TemporaryFolder()
    for open in [Store.openOrCreate, Store.open] {
      #expect(try open(folder.path("r")).pragma(name, writing: true) == value)
    }
  }
}
