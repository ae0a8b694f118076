// How registry files are opened: for reading first, through the guard, and never with a write-ahead log.

import Foundation
import GRDB
import Testing
import WinitJSON
import WinitStorage
import WinitTestSupport

/// Returns for each descriptor of this process that has a file open whether it can write to the file.
private func canWrite(_ path: String) -> [Bool] {
  var file = stat()
  guard stat(path, &file) == 0 else { return [] }
  return (3..<Int32(1024)).compactMap { descriptor in
    var other = stat()
    guard fstat(descriptor, &other) == 0, other.st_ino == file.st_ino, other.st_dev == file.st_dev else { return nil }
    return fcntl(descriptor, F_GETFL) & O_ACCMODE != O_RDONLY
  }
}

private let event = Event("test", by: .object([]))

@Suite struct OpeningTests {
  @Test func `a registry is open for reading only, until the first change`() throws {
    let folder = try TemporaryFolder()
    try Store.openOrCreate(folder.path("r")).close()
    #expect(canWrite(folder.path("r")) == [])
    let store = try Store.open(folder.path("r"))
    #expect(try store.runs().isEmpty && store.structureProblems().isEmpty && store.spaceUse().chunkCount == 0)
    #expect(canWrite(folder.path("r")) == [false])
    try store.record(event, nil)
    #expect(canWrite(folder.path("r")).contains(true))
    #expect(try store.history(of: nil, limit: nil).count == 1)
    try store.close()
    #expect(canWrite(folder.path("r")) == [])
  }

  @Test func `the source of a copy is open for reading only`() throws {
    let folder = try TemporaryFolder()
    try Store.openOrCreate(folder.path("r")).close()
    let db = try DatabaseQueue(path: folder.path("r"))
    try db.write {
      try $0.execute(sql: "INSERT INTO chunks (digest, size, bytes) VALUES (zeroblob(32), 5, zeroblob(5))")
    }
    try db.close()
    let store = try Store.open(folder.path("r"))
    var calls = 0
    try store.copy(to: folder.path("copy")) { _, _ in
      calls += 1
      #expect(canWrite(folder.path("r")).allSatisfy { !$0 } && !canWrite(folder.path("r")).isEmpty)
    }
    #expect(calls > 0)
    #expect(try Store.open(folder.path("copy")).inconsistencies().isEmpty)
    let chunks = try DatabaseQueue(path: folder.path("copy")).read {
      try Int.fetchOne($0, sql: "SELECT sum(size) FROM chunks")
    }
    #expect(chunks == 5)
  }

  @Test func `a registry that is opened for reading is never changed`() throws {
    let folder = try TemporaryFolder()
    try Store.openOrCreate(folder.path("r")).close()
    let before = try folder.bytes("r")
    let store = try Store.openForReading(folder.path("r"))
    #expect(throws: StoreError.self) { try store.record(event, nil) }
    #expect(try folder.bytes("r") == before)
    #expect(try store.runs().isEmpty)
  }

  @Test func `a registry whose file and folder cannot be written can be read`() throws {
    let folder = try TemporaryFolder()
    try Store.openOrCreate(folder.path("r")).close()
    chmod(folder.path("r"), 0o400)
    chmod(folder.url.path, 0o500)
    defer { chmod(folder.url.path, 0o700) }
    let store = try Store.open(folder.path("r"))
    #expect(try store.runs().isEmpty && store.inconsistencies().isEmpty)
    try store.close()
    #expect(try folder.contents().filter { $0 != "r-journal" } == ["r"])
  }

  @Test func `another program's write-ahead log is not used, and a repair folds it into the file`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("r")
    try Store.openOrCreate(path).close()
    unlink(path + "-journal")
    for hasLog in [true, false] {
      let other = try DatabaseQueue(path: path)
      let files = try other.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA journal_mode = WAL; INSERT INTO names VALUES ('name-' || \(hasLog), 1, NULL)")
        return try (folder.bytes("r"), folder.bytes("r-wal"))
      }
      try other.close()
      if hasLog {
        // As the other program leaves them when it is killed.
        try folder.write("r", files.0)
        try folder.write("r-wal", files.1)
      }
      let before = try folder.contents()
      for open in [Store.open, Store.openOrCreate, Store.openForReading] as [(String) throws -> Store] {
        expectError {
          try open(path)
        } where: {
          if case .foreignCompanion(path, path + "-wal", .log) = $0 { true } else { false }
        }
      }
      #expect(try folder.contents() == before)
      #expect(!hasLog || before == ["r", "r-wal"])
      let store = try Store.openFoldingLog(path)
      #expect(try store.inconsistencies().isEmpty)
      try store.close()
      #expect(try folder.bytes("r")[18..<20] == [1, 1])
      #expect(try folder.contents().filter { $0 != "r-journal" } == ["r"])
      _ = try Store.open(path)
    }
    let names = try DatabaseQueue(path: path).read { try Int.fetchOne($0, sql: "SELECT count(*) FROM names") }
    #expect(names == 2)
  }

  @Test func `a write-ahead log beside a registry that has none is refused, and neither changes`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("r")
    try Store.openOrCreate(path).close()
    let plain = try folder.bytes("r")
    let other = try DatabaseQueue(path: path)
    let log = try other.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA journal_mode = WAL; INSERT INTO names VALUES ('n', 1, NULL)")
      return try folder.bytes("r-wal")
    }
    try other.close()
    try folder.write("r", plain)
    try folder.write("r-wal", log)
    for open in [Store.open, Store.openOrCreate, Store.openForReading, Store.openFoldingLog]
      as [(String) throws -> Store]
    {
      expectError {
        try open(path)
      } where: {
        if case .foreignCompanion(path, path + "-wal", .strayLog) = $0 { true } else { false }
      }
    }
    #expect(try folder.bytes("r") == plain && folder.bytes("r-wal") == log && !folder.exists("r-shm"))
    // An empty log, which other programs leave, says nothing.
    try folder.write("r-wal", "")
    _ = try Store.open(path)
  }

  @Test(arguments: ["-wal", "-shm"], ["a link", "a pipe", "a folder", "a hard link"])
  func `a log or an index of a log that is no file of its own is not folded in, and what it is does not change`(
    ending: String, kind: String
  ) throws {
    let (folder, outside) = (try TemporaryFolder(), try TemporaryFolder())
    let path = folder.path("r")
    try Store.openOrCreate(path).close()
    let other = try DatabaseQueue(path: path)
    let files = try other.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA journal_mode = WAL; INSERT INTO names VALUES ('n', 1, NULL)")
      return try (folder.bytes("r"), folder.bytes("r-wal"))
    }
    try other.close()
    try folder.write("r", files.0)
    if ending == "-shm" { try folder.write("r-wal", files.1) }
    let victim = try outside.write("victim", files.1)
    switch kind {
    case "a link": #expect(symlink(victim, path + ending) == 0)
    case "a pipe": #expect(mkfifo(path + ending, 0o600) == 0)
    case "a folder": #expect(mkdir(path + ending, 0o700) == 0)
    default: #expect(link(victim, path + ending) == 0)
    }
    expectError {
      try Store.openFoldingLog(path)
    } where: {
      if case .foreignCompanion(path, path + ending, let problem) = $0 {
        problem == (kind == "a hard link" ? .severalNames : .notRegular)
      } else {
        false
      }
    }
    #expect(try outside.bytes("victim") == files.1)
    #expect(try folder.bytes("r") == files.0)
  }

  @Test func `the database of another application with a write-ahead log is refused and not changed`() throws {
    let folder = try TemporaryFolder()
    let other = try DatabaseQueue(path: folder.path("r"))
    try other.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL; CREATE TABLE t (x)") }
    let before = try (folder.bytes("r"), folder.bytes("r-wal"))
    for open in [Store.open, Store.openOrCreate, Store.openForReading, Store.openFoldingLog]
      as [(String) throws -> Store]
    {
      expectError {
        try open(folder.path("r"))
      } where: {
        if case .notARegistry = $0 { true } else { false }
      }
    }
    #expect(try folder.bytes("r") == before.0 && folder.bytes("r-wal") == before.1)
    try other.close()
  }

  @Test func `connections of other code in the process keep SQLite's logs and its transactions over several files`()
    throws
  {
    let folder = try TemporaryFolder()
    try Store.openOrCreate(folder.path("r")).close()
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      for round in 0..<40 {
        #expect(throws: Never.self) {
          if thread < 2 {
            let store = try Store.open(folder.path("r"))
            #expect(try store.runs().isEmpty)
            try store.close()
          } else {
            let name = folder.path("other-\(thread)-\(round)")
            let other = try DatabaseQueue(path: name)
            try other.writeWithoutTransaction { db in
              if round.isMultiple(of: 2) { try db.execute(sql: "PRAGMA journal_mode = WAL") }
              try db.execute(sql: "CREATE TABLE t (x); ATTACH '\(name)-2' AS two; CREATE TABLE two.t (x)")
              try db.execute(sql: "BEGIN; INSERT INTO t VALUES (1); INSERT INTO two.t VALUES (2); COMMIT")
              let sum = "SELECT (SELECT sum(x) FROM t) + (SELECT sum(x) FROM two.t)"
              #expect(try Int.fetchOne(db, sql: sum) == 3)
            }
            try other.close()
          }
        }
      }
    }
  }

  @Test func `many stores of one file, opened at once, read and write`() throws {
    let folder = try TemporaryFolder()
    try Store.openOrCreate(folder.path("r")).close()
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      for _ in 0..<10 {
        #expect(throws: Never.self) {
          let store = try Store.open(folder.path("r"))
          #expect(try store.runs().isEmpty)
          try store.record(event, nil)
          try store.close()
        }
      }
    }
    #expect(try Store.open(folder.path("r")).history(of: nil, limit: nil).count == 80)
  }

  @Test(arguments: ["target", "other/target", "up"])
  func `a registry that is created where a link leads belongs to its owner alone`(to target: String) throws {
    let folder = try TemporaryFolder()
    #expect(mkdir(folder.path("other"), 0o700) == 0)
    let destination = target == "up" ? "\(folder.url.path)/other/../other/deep" : target
    #expect(symlink(destination, folder.path("link")) == 0)
    let mask = umask(0o022)
    defer { umask(mask) }
    try Store.openOrCreate(folder.path("link")).close()
    let file = target == "up" ? folder.path("other/deep") : folder.path(target)
    for path in [file, file + "-journal"] {
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect(attributes[.posixPermissions] as? Int == 0o600, "\(path)")
    }
    _ = try Store.open(folder.path("link"))
  }

  @Test func `links in a circle, and a pipe, are no place for a registry`() throws {
    let folder = try TemporaryFolder()
    #expect(symlink("b", folder.path("a")) == 0 && symlink("a", folder.path("b")) == 0)
    expectError {
      try Store.openOrCreate(folder.path("a"))
    } where: {
      if case .cannotReach(folder.path("a"), _) = $0 { true } else { false }
    }
    #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
    for open in [Store.open, Store.openOrCreate, Store.openForReading] as [(String) throws -> Store] {
      expectError {
        try open(folder.path("pipe"))
      } where: {
        if case .notARegistry(folder.path("pipe"), _) = $0 { true } else { false }
      }
    }
  }
}
