// How the guard writes the pages of a registry: joined, and without losing an error or a page.

import CWinitStorage
import Foundation
import GRDB
import GRDBSQLite
import Synchronization
import Testing
import WinitCore
import WinitStorage
import WinitTestSupport

/// The disk under SQLite: the writes to one file, and those that fail.
private struct Disk {
  var file = stat()
  /// The sizes of the writes to the file, in order.
  var sizes: [Int] = []
  /// The number of the first write that fails, counted from 0, and whether the later ones fail too.
  var failing: (first: Int, andLater: Bool)?
  var code = ENOSPC
  /// The size of a full disk: the file cannot become larger.
  var size = Int.max

  /// Records a write. Returns the error number of one that fails.
  mutating func write(_ descriptor: Int32, _ count: Int, at offset: Int) -> Int32? {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_ino == file.st_ino, status.st_dev == file.st_dev else {
      return nil
    }
    defer { sizes.append(count) }
    if offset + count > size { return ENOSPC }
    guard let failing else { return nil }
    return sizes.count == failing.first || sizes.count > failing.first && failing.andLater ? code : nil
  }
}

private let disk = Mutex(Disk())

/// The system's pwrite, with the failures of `disk`. SQLite calls it for every file; other files are not affected.
private let failingWrite: @convention(c) (Int32, UnsafeRawPointer?, Int, off_t) -> Int = {
  descriptor, bytes, count, offset in
  if let code = disk.withLock({ $0.write(descriptor, count, at: Int(offset)) }) {
    errno = code
    return -1
  }
  return pwrite(descriptor, bytes, count, offset)
}

/// Lets SQLite write through `failingWrite`. Some systems build SQLite with the call of 64-bit offsets.
private let installed: Bool = {
  guard let system = sqlite3_vfs_find(nil), let replace = system.pointee.xSetSystemCall else { return false }
  let function = unsafeBitCast(failingWrite, to: sqlite3_syscall_ptr.self)
  let codes = [replace(system, "pwrite", function), replace(system, "pwrite64", function)]
  return codes.contains(SQLITE_OK)
}()

@Suite(.serialized) struct JoinedWriteTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    #expect(installed)
    folder = try TemporaryFolder()
    path = folder.path("r")
    try Store.openOrCreate(path).close()
  }

  /// Chunks of 100,000 bytes that differ by their seed.
  private func chunks(_ count: Int, seed: Int) -> [(digest: SHA256Digest, bytes: [UInt8])] {
    (0..<count).map { index in
      var bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: 7 * index + seed), count: 100_000)
      bytes.replaceSubrange(0..<2, with: [UInt8(index), UInt8(truncatingIfNeeded: seed)])
      return (SHA256Digest(of: bytes), bytes)
    }
  }

  private func add(_ chunks: [(digest: SHA256Digest, bytes: [UInt8])], to store: Store) throws {
    let buffers = chunks.map { chunk in
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk.bytes.count, alignment: 1)
      buffer.copyBytes(from: chunk.bytes)
      return (digest: chunk.digest, bytes: UnsafeRawBufferPointer(buffer))
    }
    defer { for buffer in buffers { buffer.bytes.deallocate() } }
    _ = try store.addChunks(buffers, Lease())
  }

  /// Runs a body on a failing disk. Returns the sizes of the writes to the registry.
  @discardableResult
  private func onDisk(
    _ failing: (Int, Bool)? = nil, code: Int32 = ENOSPC, isFull: Bool = false, _ body: () throws -> Void
  ) rethrows -> [Int] {
    disk.withLock {
      $0 = Disk(failing: failing.map { (first: $0, andLater: $1) }, code: code)
      _ = stat(path, &$0.file)
      if isFull { $0.size = Int($0.file.st_size) }
    }
    defer { disk.withLock { $0.file = stat() } }
    try body()
    return disk.withLock { $0.sizes }
  }

  /// The digests of all chunks, whose bytes must have them, read by SQLite without the guard and the store.
  private func stored() throws -> Set<SHA256Digest> {
    try DatabaseQueue(path: path).read { db in
      #expect(try String.fetchAll(db, sql: "PRAGMA integrity_check") == ["ok"])
      return try Set(
        Row.fetchAll(db, sql: "SELECT digest, bytes FROM chunks").map { row in
          let (digest, bytes): (Data, Data) = (row[0], row[1])
          let right = SHA256Digest(of: Array(bytes))
          #expect(right.bytes == Array(digest))
          return right
        })
    }
  }

  @Test func `the system gets adjacent pages in writes of 64 KiB`() throws {
    let store = try Store.openOrCreate(path)
    let sizes = try onDisk { try add(chunks(20, seed: 1), to: store) }
    // 2,000,000 bytes are 123 pages: 31 writes, and a few of the pages between them and before.
    #expect(sizes.count { $0 == 65536 } >= 28 && sizes.count <= 50 && sizes.reduce(0, +) >= 2_000_000, "\(sizes)")
    #expect(try stored() == Set(chunks(20, seed: 1).map(\.digest)))
  }

  @Test func `a transaction that fails gives back the space that was reserved for it`() throws {
    let store = try Store.openOrCreate(path)
    // The first write of the pages behind the end of the file fails.
    onDisk(isFull: true) {
      #expect(throws: StoreError.self) { try add(chunks(80, seed: 1), to: store) }
    }
    var status = stat()
    #expect(stat(path, &status) == 0)
    #expect(512 * Int(status.st_blocks) <= Int(status.st_size) + 1 << 20)
    try add(chunks(80, seed: 1), to: store)
    #expect(try stored().count == 80)
  }

  @Test(arguments: [(ENOSPC, SQLITE_FULL), (EIO, SQLITE_IOERR)])
  func `whichever write fails, its transaction fails and changes nothing, and the next one succeeds`(
    _ system: Int32, expected: Int32
  ) throws {
    let store = try Store.openOrCreate(path)
    try add(chunks(3, seed: 1), to: store)
    var present = try stored()
    var failures = 0
    while true {
      let new = chunks(8, seed: 2 + failures)
      var error: (any Error)?
      let sizes = onDisk((failures, false), code: system) {
        do { try add(new, to: store) } catch let caught { error = caught }
      }
      guard let error else {
        // Only a transaction without a failed write succeeds.
        #expect(sizes.count == failures)
        #expect(try stored() == present.union(new.map(\.digest)))
        break
      }
      failures += 1
      guard case StoreError.sqlite(path, let code, _) = error, code & 255 == expected else {
        throw error
      }
      #expect(try stored() == present, "write \(failures)")
      let next = chunks(1, seed: 100 + failures)
      try add(next, to: store)
      present.formUnion(next.map(\.digest))
      #expect(try stored() == present)
    }
    // The pages of 800,000 bytes, and those of the indices.
    #expect(failures >= 12)
  }

  @Test func `a transaction whose rollback cannot be written is rolled back when the registry is opened again`() throws
  {
    let store = try Store.openOrCreate(path)
    try add(chunks(3, seed: 1), to: store)
    let present = try stored()
    let count = try onDisk { try add(chunks(8, seed: 2), to: store) }.count
    let before = try stored()
    #expect(before.count == present.count + 8)
    for first in 0..<count {
      onDisk((first, true)) { #expect(throws: StoreError.self) { try add(chunks(8, seed: 3), to: store) } }
    }
    try store.close()
    let reopened = try Store.open(path)
    #expect(try reopened.runs().isEmpty)
    #expect(try stored() == before)
    try add(chunks(8, seed: 4), to: reopened)
    #expect(try stored().count == before.count + 8)
  }

  @Test func `a transaction that does not fit on the disk is rolled back at once, while the disk is full`() throws {
    let store = try Store.openOrCreate(path)
    try add(chunks(3, seed: 1), to: store)
    let (present, size) = (try stored(), try folder.bytes("r").count)
    try onDisk(isFull: true) {
      expectError {
        try add(chunks(8, seed: 2), to: store)
      } where: {
        if case .sqlite(path, SQLITE_FULL, _) = $0 { true } else { false }
      }
      #expect(try stored() == present && folder.bytes("r").count == size)
      // Adding chunks that are already stored changes pages, and needs no new ones.
      try add(chunks(3, seed: 1), to: store)
    }
  }

  /// A transaction that is larger than SQLite's cache writes pages before its end, and reads and changes them again.
  /// With OFF, SQLite does not flush. The seed is arbitrary.
  @Test(arguments: ["FULL", "OFF"])
  func `a transaction reads its own pages back that the cache did not keep, and all pages are there at its end`(
    synchronous: String
  ) throws {
    #expect(winit_guard_begin(Int32(WINIT_CREATING.rawValue), 0, { _, _ in 0 }) == 0)
    defer { winit_guard_end() }
    let queue = try DatabaseQueue(path: folder.path("spilled"))
    var random = SplitMix(state: 42)
    var expected: [Int: Data] = [:]
    /// Compares the file with the rows, through another connection, which does not use the guard.
    func check() throws {
      try DatabaseQueue(path: folder.path("spilled")).read { db in
        #expect(try String.fetchAll(db, sql: "PRAGMA integrity_check") == ["ok"])
        let rows = try Row.fetchAll(db, sql: "SELECT id, b FROM t").map { ($0[0] as Int, $0[1] as Data) }
        #expect(Dictionary(uniqueKeysWithValues: rows) == expected)
        #expect(try Int.fetchOne(db, sql: "PRAGMA page_count") == folder.bytes("spilled").count / 16384)
      }
    }
    try queue.writeWithoutTransaction { db in
      #expect(winit_guard_holds(UnsafeMutableRawPointer(db.sqliteConnection)) != 0)
      try db.execute(sql: "PRAGMA page_size = 16384; PRAGMA synchronous = \(synchronous)")
      try db.execute(sql: "PRAGMA cache_size = 20; CREATE TABLE t (id INTEGER PRIMARY KEY, b)")
      for round in 0..<6 {
        let before = expected
        var differing = 0
        try db.execute(sql: "BEGIN")
        for _ in 0..<150 {
          let id = Int(random.next() % 60)
          let bytes = Data(repeating: UInt8(truncatingIfNeeded: random.next()), count: Int(random.next() % 90_000))
          try db.execute(sql: "INSERT OR REPLACE INTO t VALUES (?, ?)", arguments: [id, bytes])
          expected[id] = bytes
          let other = Int(random.next() % 60)
          let read = try Data.fetchOne(db, sql: "SELECT b FROM t WHERE id = ?", arguments: [other])
          differing += read == expected[other] ? 0 : 1
        }
        #expect(differing == 0)
        let isKept = round % 3 != 1
        try db.execute(sql: isKept ? "COMMIT" : "ROLLBACK")
        if !isKept { expected = before }
        try check()
      }
    }
    try queue.close()
    try check()
  }
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
private struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
