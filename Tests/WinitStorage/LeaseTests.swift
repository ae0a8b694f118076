// Leases: which chunks a collection keeps, and for how long.

import Foundation
import GRDB
import Testing
import WinitCore
import WinitStorage
import WinitTestSupport

@Suite struct LeaseTests {
  private let folder: TemporaryFolder
  private let store: Store

  init() throws {
    folder = try TemporaryFolder()
    store = try Store.openOrCreate(folder.path("r"))
  }

  private func add(_ text: String, _ lease: Lease) throws {
    let bytes = Array(text.utf8)
    _ = try bytes.withUnsafeBytes { try store.addChunks([(SHA256Digest(of: bytes), $0)], lease) }
  }

  private func chunks() throws -> Int { try store.spaceUse().chunkCount }

  /// Deletes unreferenced chunks and returns their number.
  private func collect() throws -> Int {
    var count = 0
    try store.deleteUnreferencedChunks { deleted, _, _ in count = deleted }
    return count
  }

  private func change(_ sql: String) throws {
    try DatabaseQueue(path: folder.path("r")).write { try $0.execute(sql: sql) }
  }

  @Test func `a collection keeps the chunks that a live lease holds, whether the lease added or found them`() throws {
    try add("old", Lease())
    try change("DELETE FROM lease_chunks; DELETE FROM leases")
    let lease = Lease()
    try add("old", lease)
    try add("new", lease)
    #expect(try store.spaceUse().leased == 6 && store.spaceUse().reclaimable == 0)
    #expect(try collect() == 0)
    #expect(try chunks() == 2)
    #expect(store.rollBack(lease) == 0)
    #expect(try chunks() == 0)
  }

  /// The number of transactions that have changed the registry (the change counter of SQLite's file format).
  private func transactions() throws -> Int { try folder.bytes("r")[24..<28].reduce(0) { $0 << 8 | Int($1) } }

  @Test func `chunks that are ready join the transaction of the chunks before them`() throws {
    let lease = Lease()
    let texts = [["a", "bc"], ["def"], ["bc", "ghij"]].map { $0.map { Array($0.utf8) } }
    let batches = texts.map { batch in
      batch.map { text in
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: text.count, alignment: 1)
        copy.copyBytes(from: text)
        return (digest: SHA256Digest(of: text), bytes: UnsafeRawBufferPointer(copy))
      }
    }
    defer { for batch in batches { for chunk in batch { chunk.bytes.deallocate() } } }
    let before = try transactions()
    var rest = batches.dropFirst()
    var calls = 0
    let added = try store.addChunks(batches[0], lease) {
      calls += 1
      return rest.popFirst()
    }
    #expect(try transactions() == before + 1)
    #expect(calls == 3)
    #expect(try added == 10 && chunks() == 4 && store.spaceUse().leased == 10)
    #expect(store.rollBack(lease) == 0)
    #expect(try chunks() == 0)
  }

  @Test(arguments: [(1500, 4, 2), (9, 1 << 20, 3), (17, 1 << 20, 2)])
  func `a transaction of many chunks, or of many bytes, takes no further ones`(
    chunks count: Int, size: Int, calls expected: Int
  ) throws {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count * size, alignment: 8)
    defer { memory.deallocate() }
    var (calls, number) = (0, UInt32(0))
    /// Chunks that differ in their first four bytes.
    func batch() -> [(digest: SHA256Digest, bytes: UnsafeRawBufferPointer)] {
      (0..<count).map { index in
        let chunk = UnsafeMutableRawBufferPointer(rebasing: memory[index * size..<(index + 1) * size])
        number += 1
        chunk.storeBytes(of: number, as: UInt32.self)
        return (SHA256Digest(of: chunk), UnsafeRawBufferPointer(chunk))
      }
    }
    memory.initializeMemory(as: UInt8.self, repeating: 0)
    _ = try store.addChunks(batch(), Lease()) {
      calls += 1
      // More calls than the limits allow would not end.
      return calls > 8 ? nil : batch()
    }
    #expect(calls == expected)
    #expect(try self.chunks() == count * (expected + 1))
  }

  @Test func `an error of the chunks that join a transaction leaves none of its chunks`() throws {
    struct Stopped: Error {}
    let bytes: [UInt8] = [1, 2, 3]
    #expect(throws: Stopped.self) {
      _ = try bytes.withUnsafeBytes { buffer in
        try store.addChunks([(SHA256Digest(of: bytes), buffer)], Lease()) { throw Stopped() }
      }
    }
    #expect(try chunks() == 0)
  }

  @Test func `a chunk held by two leases is collected only after both are released`() throws {
    let (a, b) = (Lease(), Lease())
    try add("x", a)
    try add("x", b)
    #expect(store.rollBack(a) == 0)
    #expect(try chunks() == 1)
    _ = store.rollBack(b)
    #expect(try chunks() == 0)
  }

  @Test func `a lease that was not renewed for an hour, or whose process has ended, holds no chunks`() throws {
    // A process of this machine that has ended: no process has its number now.
    let gone = try ChildProcess("/bin/sh", ["-c", "exit 0"], in: folder.url.path)
    let pid = gone.pid
    _ = gone.wait()
    for sql in [
      "UPDATE leases SET renewed_at = renewed_at - 3601",
      "UPDATE leases SET holder = json_set(holder, '$.pid', \(pid))",
      "UPDATE leases SET holder = json_set(holder, '$.start', '1')",
    ] {
      try add("x", Lease())
      #expect(try collect() == 0)
      try change(sql)
      #expect(try store.spaceUse().reclaimable == 1, "\(sql)")
      #expect(try collect() == 1, "\(sql)")
      #expect(try chunks() == 0)
    }
  }

  @Test func `a lease of another machine or container holds its chunks for an hour`() throws {
    try add("x", Lease())
    try change("UPDATE leases SET holder = json_set(holder, '$.space', 'elsewhere', '$.pid', 1)")
    #expect(try collect() == 0)
  }
}
