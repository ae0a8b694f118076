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
    _ = try bytes.withUnsafeBytes { try store.addChunks([(Digest(of: bytes), $0)], lease) }
  }

  private func chunks() throws -> Int { try store.spaceUse().chunkCount }

  /// Collects; gives how many chunks that took.
  private func free() throws -> Int {
    var count = 0
    try store.removeUnneeded { removed, _, _ in count = removed }
    return count
  }

  private func change(_ sql: String) throws {
    try DatabaseQueue(path: folder.path("r")).write { try $0.execute(sql: sql) }
  }

  @Test("a collection leaves what a living lease holds, what was added and what was found alike")
  func held() throws {
    try add("old", Lease())
    try change("DELETE FROM lease_chunks; DELETE FROM leases")
    let lease = Lease()
    try add("old", lease)
    try add("new", lease)
    #expect(try store.spaceUse().leased == 6 && store.spaceUse().reclaimable == 0)
    #expect(try free() == 0)
    #expect(try chunks() == 2)
    #expect(store.rollBack(lease) == 0)
    #expect(try chunks() == 0)
  }

  @Test("what two hold is taken when both have let go")
  func two() throws {
    let (a, b) = (Lease(), Lease())
    try add("x", a)
    try add("x", b)
    #expect(store.rollBack(a) == 0)
    #expect(try chunks() == 1)
    _ = store.rollBack(b)
    #expect(try chunks() == 0)
  }

  @Test("a lease that was not renewed for an hour, or whose process has ended, holds nothing")
  func dead() throws {
    // A process that has been: this machine's, by its own identity, with a number that is nobody's now.
    let gone = try ChildProcess("/bin/sh", ["-c", "exit 0"], in: folder.url.path)
    let pid = gone.pid
    _ = gone.wait()
    for sql in [
      "UPDATE leases SET renewed_at = renewed_at - 3601",
      "UPDATE leases SET holder = json_set(holder, '$.pid', \(pid))",
      "UPDATE leases SET holder = json_set(holder, '$.start', '1')",
    ] {
      try add("x", Lease())
      #expect(try free() == 0)
      try change(sql)
      #expect(try store.spaceUse().reclaimable == 1, "\(sql)")
      #expect(try free() == 1, "\(sql)")
      #expect(try chunks() == 0)
    }
  }

  @Test("a lease of another machine or container holds for its hour")
  func elsewhere() throws {
    try add("x", Lease())
    try change("UPDATE leases SET holder = json_set(holder, '$.space', 'elsewhere', '$.pid', 1)")
    #expect(try free() == 0)
  }
}
