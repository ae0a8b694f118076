// Stopping an operation: fills that take long, and transactions.

import Foundation
import Synchronization
import Testing
import WinitCore

@Suite struct OperationTests {
  @Test(arguments: [
    (Law.orthogonal(gain: 1, rows: 3000), [3000, 3000]), (.sparse(std: 1, zeros: 100), [3000, 3000]),
    (.batched(.orthogonal(gain: 1, rows: 1500), axes: [1]), [1500, 4, 1500]),
  ])
  func `a cancelled fill of a whole tensor ends early, and the next fill has the right bytes`(
    law: Law, dims: [Int]
  ) throws {
    let recipe = try Recipe(seed: 977, stream: 5, dtype: .float32, shape: Shape(dims), law: law)
    let cancellation = Cancellation()
    cancellation.request(CancellationError())
    let monitor = FillMonitor(cancellation)
    #expect(throws: CancellationError.self) {
      try FillMonitor.$current.withValue(monitor) { _ = try recipe.bytes(0..<10) }
    }
    #expect(monitor.partialBytes == 0)
    // The cache holds nothing of the fill that was cancelled.
    let after = try recipe.bytes(0..<10)
    #expect(try after == FillMonitor.$current.withValue(FillMonitor(Cancellation())) { try recipe.bytes(0..<10) })
    #expect(after.contains { $0 != 0 })
  }

  @Test func `a fill of a whole tensor reports the work that is done, which never decreases`() throws {
    let recipe = try Recipe(
      seed: 978, stream: 5, dtype: .float32, shape: Shape([2500, 2000]), law: .orthogonal(gain: 1, rows: 2500))
    let monitor = FillMonitor(Cancellation())
    let isDone = Mutex(false)
    let group = DispatchGroup()
    DispatchQueue(label: "fill").async(group: group) {
      FillMonitor.$current.withValue(monitor) { _ = try? recipe.bytes(0..<1) }
      isDone.withLock { $0 = true }
    }
    var seen: [Int] = []
    while !isDone.withLock(\.self) {
      seen.append(monitor.partialBytes)
      usleep(1000)
    }
    group.wait()
    // After the end it is 0 again: then the chunks count.
    let rising = seen.reversed().drop { $0 == 0 }.reversed()
    #expect(Array(rising) == rising.sorted())
    #expect(Set(rising).count > 3 && (rising.last ?? 0) <= recipe.byteCount)
    #expect(monitor.partialBytes == 0)
  }

  @Test func `a stop waits for the end of a transaction, and no transaction begins during a stop`() {
    let gate = TransactionGate()
    let events = Mutex<[String]>([])
    @Sendable func note(_ event: String) { events.withLock { $0.append(event) } }
    let group = DispatchGroup()
    let began = DispatchSemaphore(value: 0)
    DispatchQueue(label: "first").async(group: group) {
      gate.transaction {
        began.signal()
        usleep(200_000)
        // A transaction inside another one does not wait for the stop.
        gate.transaction { note("first") }
      }
    }
    began.wait()
    DispatchQueue(label: "stop").async(group: group) {
      gate.betweenTransactions {
      } _: {
        began.signal()
        usleep(200_000)
        note("stop")
      }
    }
    began.wait()
    gate.transaction { note("second") }
    group.wait()
    #expect(events.withLock(\.self) == ["first", "stop", "second"])
  }

  @Test func `a stop that waits for long says so, and does not lock out the transactions that it waits for`() {
    let gate = TransactionGate()
    let group = DispatchGroup()
    let began = DispatchSemaphore(value: 0)
    let delays = Atomic(0)
    let isStopped = Atomic(false)
    DispatchQueue(label: "first").async(group: group) {
      gate.transaction {
        began.signal()
        // Work on other threads, for which the transaction waits.
        let inner = DispatchGroup()
        // The stop says so after a second.
        usleep(3_000_000)
        DispatchQueue(label: "inner").async(group: inner) { gate.transaction { _ = usleep(1000) } }
        inner.wait()
        let isStoppedInside = isStopped.load(ordering: .relaxed)
        #expect(!isStoppedInside)
      }
    }
    began.wait()
    gate.betweenTransactions {
      delays.add(1, ordering: .relaxed)
    } _: {
      isStopped.store(true, ordering: .relaxed)
    }
    group.wait()
    let (stopped, delayed) = (isStopped.load(ordering: .relaxed), delays.load(ordering: .relaxed))
    #expect(stopped && delayed == 1)
  }
}
