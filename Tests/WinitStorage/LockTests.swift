// Waits for the locks of other connections: for how long, and what stops them.

import Foundation
import GRDB
import Synchronization
import Testing
import WinitCore
import WinitStorage
import WinitTestSupport

@Suite struct LockTests {
  private struct Stopped: Error {}

  /// Runs a body while another connection of this process keeps the file locked.
  private func whileLocked<T>(_ path: String, _ body: () throws -> T) throws -> T {
    let other = try DatabaseQueue(path: path)
    return try other.writeWithoutTransaction { db in
      try db.execute(sql: "BEGIN EXCLUSIVE")
      defer { try? db.execute(sql: "ROLLBACK") }
      return try body()
    }
  }

  @Test(arguments: [0.0, 0.4])
  func `a wait for a lock ends after the timeout by the clock, with an error of its own`(seconds: Double) throws {
    let folder = try TemporaryFolder()
    var context = OperationContext()
    context.lockTimeout = .seconds(seconds)
    let store = try OperationContext.$current.withValue(context) { try Store.openOrCreate(folder.path("r")) }
    try whileLocked(folder.path("r")) {
      let start = ContinuousClock.now
      expectError {
        try store.spaceUse()
      } where: {
        if case .locked = $0 { true } else { false }
      }
      let took = ContinuousClock.now - start
      #expect(took >= .seconds(seconds) && took < .seconds(seconds + 10))
    }
    #expect(try store.spaceUse().chunkCount == 0)
  }

  @Test func `a request to stop ends a wait for a lock, and every later operation`() throws {
    let folder = try TemporaryFolder()
    let context = OperationContext()
    let store = try OperationContext.$current.withValue(context) { try Store.openOrCreate(folder.path("r")) }
    try whileLocked(folder.path("r")) {
      DispatchQueue.global().asyncAfter(deadline: .now() + 0.2) { context.cancellation.request(Stopped()) }
      let start = ContinuousClock.now
      #expect(throws: Stopped.self) { try store.spaceUse() }
      #expect(ContinuousClock.now - start < .seconds(10))
    }
    #expect(throws: Stopped.self) { try store.spaceUse() }
  }

  @Test func `a request to stop ends an integrity check, and the rollback after it works`() throws {
    let folder = try TemporaryFolder()
    let context = OperationContext()
    let store = try OperationContext.$current.withValue(context) { try Store.openOrCreate(folder.path("r")) }
    let lease = Lease()
    let bytes: [UInt8] = [1, 2, 3]
    _ = try bytes.withUnsafeBytes { try store.addChunks([(SHA256Digest(of: bytes), $0)], lease) }
    // Rows for a check of some tens of milliseconds, so that the request usually comes while it runs.
    try DatabaseQueue(path: folder.path("r")).write {
      try $0.execute(
        sql: """
          WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
          INSERT INTO history (at, action, detail, actor) SELECT '2026-01-01T00:00:00Z', 'x', '{}', '{}' FROM n
          """)
    }
    DispatchQueue.global().asyncAfter(deadline: .now() + 0.1) { context.cancellation.request(Stopped()) }
    #expect(throws: Stopped.self) {
      let start = ContinuousClock.now
      while ContinuousClock.now - start < .seconds(60) {
        let problems = try store.structureProblems()
        #expect(problems.isEmpty)
      }
    }
    #expect(store.rollBack(lease) == 0)
    #expect(try count("chunks", folder) == 0)
    #expect(try count("leases", folder) == 0)
  }

  @Test func `a wait that takes longer than a second is announced once`() throws {
    let folder = try TemporaryFolder()
    let messages = Messages()
    let context = OperationContext(lockTimeout: .seconds(1.5)) { messages.add($0) }
    let store = try OperationContext.$current.withValue(context) { try Store.openOrCreate(folder.path("r")) }
    try whileLocked(folder.path("r")) {
      for _ in 0..<2 {
        expectError {
          try store.spaceUse()
        } where: {
          if case .locked = $0 { true } else { false }
        }
      }
    }
    #expect(messages.all.count == 1)
    #expect(messages.all.first?.contains(folder.path("r")) == true)
  }

  private final class Messages: Sendable {
    private let texts = Mutex<[String]>([])
    var all: [String] { texts.withLock(\.self) }
    func add(_ text: String) { texts.withLock { $0.append(text) } }
  }
}
