// Rollback journals beside a registry: those of killed writers, and those from elsewhere.

import Foundation
import GRDB
import Testing
import WinitJSON
import WinitMigrations
import WinitStorage
import WinitTestSupport

/// A registry `r` and its journal, as a program leaves them that is killed while it writes. SQLite itself wrote both.
struct KilledWriter {
  let folder: TemporaryFolder
  var path: String { folder.path("r") }
  /// The registry before the transaction that was not finished.
  let before: [UInt8]

  /// - Parameter sql: the statements of the transaction. A small cache makes SQLite write pages before the commit.
  init(_ sql: String = "UPDATE names SET last_version = 2; PRAGMA user_version = \(Migration.all.count)") throws {
    let folder = try TemporaryFolder()
    let path = folder.path("r")
    try Store.openOrCreate(path).close()
    let writer = try DatabaseQueue(path: path)
    try writer.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA journal_mode = TRUNCATE; PRAGMA foreign_keys = OFF")
      try db.execute(
        sql: """
          WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 3000)
          INSERT INTO names SELECT 'name-' || x || '-' || hex(zeroblob(50)), 1, NULL FROM n
          """)
    }
    before = try folder.bytes("r")
    let files = try writer.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; \(sql)")
      let files = try (folder.bytes("r"), folder.bytes("r-journal"))
      try db.execute(sql: "ROLLBACK")
      return files
    }
    try writer.close()
    unlink(path)
    try folder.write("r", files.0)
    try folder.write("r-journal", files.1)
    self.folder = folder
    try #require(Array(files.1.prefix(8)) == journalMark, "the cache was not written")
  }

  func journal() throws -> [UInt8] { try folder.bytes("r-journal") }

  /// Replaces a big-endian number of the header of the journal.
  func setHeader(_ offset: Int, _ number: UInt32) throws {
    try overwrite(folder.path("r-journal"), at: offset, with: bigEndian(number))
  }
}

private let openings: [@Sendable (String) throws -> Store] = [Store.open, Store.openOrCreate, Store.openFoldingLog]

@Suite struct JournalTests {
  @Test(arguments: ["absolute", "relative", "inside", "a link"])
  func `a journal that names another file is refused, and neither that file nor the registry changes`(how: String)
    throws
  {
    let folder = try TemporaryFolder()
    let outside = try TemporaryFolder()
    try Store.openOrCreate(folder.path("r")).close()
    let victim = try outside.write("victim", "precious")
    try folder.write("inside", "precious")
    try FileManager.default.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: victim)
    let before = try folder.bytes("r")
    let name =
      switch how {
      case "absolute": victim
      case "relative": "\(folder.url.path)/../\(outside.url.lastPathComponent)/victim"
      case "inside": folder.path("inside")
      default: folder.path("link")
      }
    let pages = before.count / 16384
    let journals = [
      emptyJournal(pages: pages) + superJournal(name),
      // Without a header, which SQLite then does not need.
      [7] + superJournal(name), [UInt8](repeating: 7, count: 700) + superJournal(name),
    ]
    for journal in journals {
      try folder.write("r-journal", journal)
      for open in openings {
        expectError {
          try open(folder.path("r"))
        } where: {
          if case .foreignCompanion(_, folder.path("r-journal"), .superJournal) = $0 { true } else { false }
        }
      }
      expectError {
        try Store.openForReading(folder.path("r"))
      } where: {
        if case .needsRollback = $0 { true } else { false }
      }
      #expect(try folder.bytes("r") == before)
      #expect(try folder.bytes("r-journal") == journal)
      #expect(folder.exists("link"))
      for file in [outside.path("victim"), folder.path("inside")] {
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "precious")
      }
    }
  }

  @Test func `a journal that names another file is refused through a link to the registry, beside the target`() throws {
    let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
    try Store.openOrCreate(folder.path("r")).close()
    let victim = try other.write("victim", "precious")
    try folder.write("r-journal", emptyJournal(pages: 45) + superJournal(victim))
    try FileManager.default.createSymbolicLink(atPath: other.path("link"), withDestinationPath: folder.path("r"))
    expectError {
      try Store.open(other.path("link"))
    } where: {
      if case .foreignCompanion(_, folder.path("r-journal"), .superJournal) = $0 { true } else { false }
    }
    #expect(other.exists("victim"))
  }

  @Test(arguments: [
    "UPDATE names SET last_version = 2", "PRAGMA user_version = 9; UPDATE names SET last_version = 2",
    "DELETE FROM names", "DELETE FROM names; DELETE FROM migrations",
    "INSERT INTO names SELECT name || '-', 1, NULL FROM names",
  ])
  func `the journal of a killed writer is rolled back, as SQLite itself does it`(sql: String) throws {
    for open in openings {
      let killed = try KilledWriter(sql)
      let plain = try TemporaryFolder()
      try plain.write("r", killed.folder.bytes("r"))
      try plain.write("r-journal", killed.journal())
      let stock = try DatabaseQueue(path: plain.path("r"))
      let names = try stock.read { try Int.fetchOne($0, sql: "SELECT sum(last_version) FROM names") }
      try stock.close()
      #expect(names == 3000)
      try open(killed.path).close()
      #expect(try killed.folder.bytes("r") == plain.bytes("r"))
      #expect(try killed.folder.bytes("r") == killed.before)
      #expect(try Store.openForReading(killed.path).inconsistencies().isEmpty)
    }
  }

  @Test func `a writer that is killed while a registry is open for reading does not disturb later reads`() throws {
    let killed = try KilledWriter()
    let files = try (killed.folder.bytes("r"), killed.journal())
    unlink(killed.folder.path("r-journal"))
    try overwrite(killed.path, at: 0, with: killed.before)
    let store = try Store.open(killed.path)
    #expect(try store.runs().isEmpty)
    for _ in 0..<3 {
      // Another process is killed.
      try overwrite(killed.path, at: 0, with: files.0)
      try killed.folder.write("r-journal", files.1)
      #expect(try store.runs().isEmpty)
      #expect(try killed.folder.bytes("r") == killed.before)
    }
  }

  @Test func `the journal of a transaction that had shortened the file already is rolled back`() throws {
    // The first page is in the journal, and with it the number of pages.
    let killed = try KilledWriter("PRAGMA user_version = 9; UPDATE names SET last_version = 2")
    #expect(truncate(killed.path, 16384 * 40) == 0)
    try Store.open(killed.path).close()
    #expect(try killed.folder.bytes("r").count == killed.before.count)
  }

  @Test func `a journal of another page size is refused, unless the transaction changed the page size`() throws {
    let killed = try KilledWriter()
    try killed.setHeader(24, 4096)
    expectProblem(.journalPageSize, killed)
    // SQLite's own journal of a VACUUM with another page size, of which the end was not reached.
    let other = try KilledWriter("PRAGMA user_version = 9; UPDATE names SET last_version = 2")
    try overwrite(other.path, at: 16, with: [0x10, 0])
    try Store.open(other.path).close()
    #expect(try other.folder.bytes("r") == other.before)
  }

  @Test(arguments: [
    (20, 0), (20, 31), (20, 48), (20, 1 << 20), (24, 0), (24, 511), (24, 12345), (24, 1 << 17), (24, 1 << 31),
  ])
  func `a journal whose header has values that SQLite never writes is refused`(offset: Int, value: Int) throws {
    let killed = try KilledWriter()
    try killed.setHeader(offset, UInt32(value))
    expectProblem(.journalHeader, killed)
  }

  @Test(arguments: [1, 1000, Int(Int32.max), Int(UInt32.max)])
  func `a journal of a file with more pages is refused`(more: Int) throws {
    let killed = try KilledWriter()
    try killed.setHeader(16, UInt32(min(killed.before.count / 16384 + more, Int(UInt32.max))))
    expectProblem(.journalPageCount, killed)
  }

  @Test(arguments: [0, 1, 3, 37])
  func `a journal that would cut off pages of the registry is refused`(pages: Int) throws {
    // Without a copy of the first page: as a first create leaves it that was killed, beside a restored registry.
    let folder = try TemporaryFolder()
    try Store.openOrCreate(folder.path("r")).close()
    let before = try folder.bytes("r")
    try #require(before.count / 16384 > pages)
    for recordCount in [0, UInt32.max] {
      var journal = emptyJournal(pages: pages)
      journal.replaceSubrange(8..<12, with: bigEndian(recordCount))
      try folder.write("r-journal", journal)
      for open in openings {
        expectError {
          try open(folder.path("r"))
        } where: {
          if case .foreignCompanion(_, folder.path("r-journal"), .journalOfOtherFile) = $0 { true } else { false }
        }
      }
      #expect(try folder.bytes("r") == before)
      #expect(try folder.bytes("r-journal") == journal)
    }
    // With a copy of the first page.
    let killed = try KilledWriter("PRAGMA user_version = 9; UPDATE names SET last_version = 2")
    try killed.setHeader(16, UInt32(pages))
    expectProblem(.journalOfOtherFile, killed)
  }

  @Test func `the journal of a first transaction that was killed is rolled back to an empty file`() throws {
    let folder = try TemporaryFolder()
    let writer = try DatabaseQueue(path: folder.path("r"))
    try writer.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA page_size = 16384; PRAGMA journal_mode = TRUNCATE; PRAGMA cache_size = 1")
      try db.execute(sql: "PRAGMA cache_spill = 1; BEGIN; CREATE TABLE t (x)")
      for _ in 0..<100 { try db.execute(sql: "INSERT INTO t VALUES (zeroblob(16000))") }
      try folder.write("copy", folder.bytes("r"))
      try folder.write("copy-journal", folder.bytes("r-journal"))
      try db.execute(sql: "ROLLBACK")
    }
    try writer.close()
    try #require(folder.bytes("copy").count > 16384, "the cache was not written")
    #expect(try Array(folder.bytes("copy-journal").prefix(8)) == journalMark)
    try Store.openOrCreate(folder.path("copy")).close()
    #expect(try Store.open(folder.path("copy")).runs().isEmpty)
  }

  @Test func `a journal of another state of the registry is refused`() throws {
    let killed = try KilledWriter("PRAGMA user_version = 9; UPDATE names SET last_version = 2")
    let journal = try killed.journal()
    // SQLite writes the change counter to bytes 24 to 27, and counts every transaction.
    let counter = killed.before[24..<28].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    for (difference, isOwn) in [(0, true), (1, true), (2, false), (-1, false), (1000, false)] {
      try killed.folder.write("r", killed.before)
      try killed.folder.write("r-journal", journal)
      try overwrite(killed.path, at: 24, with: bigEndian(UInt32(Int(counter) + difference)))
      if isOwn {
        try Store.open(killed.path).close()
        #expect(try killed.folder.bytes("r") == killed.before)
      } else {
        expectProblem(.journalOfOtherFile, killed)
      }
    }
  }

  @Test func `a journal that a power cut left incomplete is ignored`() throws {
    for journal in [[UInt8](repeating: 0, count: 5000), [UInt8](repeating: 9, count: 5000), [1], journalMark] {
      let folder = try TemporaryFolder()
      try Store.openOrCreate(folder.path("r")).close()
      let before = try folder.bytes("r")
      try folder.write("r-journal", journal)
      #expect(try Store.open(folder.path("r")).runs().isEmpty)
      #expect(try folder.bytes("r") == before)
    }
  }

  @Test(arguments: ["a link", "a pipe", "a folder", "a hard link", "an empty hard link"])
  func `a journal that is no file of its own is refused without waiting, and what it is does not change`(kind: String)
    throws
  {
    let (folder, outside) = (try TemporaryFolder(), try TemporaryFolder())
    let store = try Store.openOrCreate(folder.path("r"))
    try store.close()
    let (journal, victim) = (folder.path("r-journal"), outside.path("victim"))
    unlink(journal)
    let content = kind == "an empty hard link" ? [] : emptyJournal(pages: 45)
    try outside.write("victim", content)
    switch kind {
    case "a link": #expect(symlink(victim, journal) == 0)
    case "a pipe": #expect(mkfifo(journal, 0o600) == 0)
    case "a folder": #expect(mkdir(journal, 0o700) == 0)
    default: #expect(link(victim, journal) == 0)
    }
    expectError {
      // An empty journal is looked at by the first change only.
      try Store.open(folder.path("r")).record(Event("test", by: .object([])), nil)
    } where: {
      if case .foreignCompanion(_, journal, let problem) = $0 {
        problem == (kind.hasSuffix("hard link") ? .severalNames : .notRegular)
      } else {
        false
      }
    }
    #expect(try outside.bytes("victim") == content)
  }

  @Test func `a journal of a user who cannot write the registry is refused`() throws {
    let killed = try KilledWriter()
    let journal = killed.folder.path("r-journal")
    guard chown(journal, 4242, 4242) == 0 else {
      print("➜ only root can give a file to another user: the owner of a journal is not tested")
      return
    }
    expectProblem(.otherOwner, killed)
    // A registry that a group shares.
    chmod(killed.path, 0o660)
    try Store.open(killed.path).close()
    #expect(try killed.folder.bytes("r") == killed.before)
  }

  /// Expects that the journal is refused, and that nothing changes.
  private func expectProblem(
    _ problem: CompanionProblem, _ killed: KilledWriter, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for open in openings {
      let before = try? (killed.folder.bytes("r"), killed.journal())
      expectError(sourceLocation: sourceLocation) {
        try open(killed.path)
      } where: {
        if case .foreignCompanion(_, killed.folder.path("r-journal"), problem) = $0 { true } else { false }
      }
      let after = try? (killed.folder.bytes("r"), killed.journal())
      #expect(before?.0 == after?.0 && before?.1 == after?.1, sourceLocation: sourceLocation)
    }
  }
}

@Suite struct JournalCheckTests {
  @Test func `the check of a journal reads only bytes that are there, whatever the journal contains`() throws {
    let killed = try KilledWriter("PRAGMA user_version = 9; UPDATE names SET last_version = 2")
    let (database, journal) = (try killed.folder.bytes("r"), try killed.journal())
    var random = SystemRandomNumberGenerator()
    var found: Set<CompanionProblem?> = []
    for round in 0..<20_000 {
      var bytes = Array(journal.prefix(Int.random(in: 0...journal.count, using: &random)))
      for _ in 0..<Int.random(in: 0...8, using: &random) where !bytes.isEmpty {
        // Half of the changes are in the header.
        bytes[Int.random(in: 0..<(Bool.random() ? min(28, bytes.count) : bytes.count))] = UInt8.random(in: 0...255)
      }
      if round % 10 == 0 { bytes += superJournal("x") }
      let size = bytes.count
      var check = try RollbackJournal(
        size: size,
        read: { offset, count in
          try #require(offset >= 0 && count >= 0 && offset + count <= size)
          return Array(bytes[offset..<offset + count])
        }, databaseSize: database.count, readDatabase: { Array(database[$0..<$0 + $1]) })
      let problem = try check.problem()
      #expect(round % 10 != 0 || problem == .superJournal)
      found.insert(problem)
    }
    #expect(found.isSuperset(of: [nil, .superJournal, .journalHeader, .journalPageSize, .journalPageCount]))
  }
}
