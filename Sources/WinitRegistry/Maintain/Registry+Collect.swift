// gc: collects deleted runs after their grace period, and unreferenced chunks.

import Foundation
import WinitCore
import WinitJSON
package import WinitStorage

/// The deleted runs and unreferenced chunks that a garbage collection removes, or has removed.
public struct GarbageCollection: Sendable {
  package let record: CollectionRecord

  /// The deleted runs whose grace period has ended.
  public var runs: [Run] { record.runs.map(Run.init) }
  /// The number of unreferenced chunks.
  package var chunkCount: Int { record.chunkCount }
  /// The bytes of the unreferenced chunks.
  public var byteCount: Int { record.bytes }
  /// The number of deleted runs whose grace period has not ended.
  package var waitingCount: Int { record.waiting }
  /// The bytes of the chunks that only leases refer to.
  package var leasedBytes: Int { record.leased }
}

extension Registry {
  /// The default grace period of a deleted run: 30 days. A garbage collection removes no run that was deleted more
  /// recently.
  public static let gracePeriod = Duration.seconds(30 * 24 * 3600)

  /// Returns what a garbage collection would remove. Changes nothing.
  ///
  /// - Parameter grace: the minimum time since the deletion of a run; 0 for every deleted run.
  /// - Throws: `RegistryError` with the code `damagedRegistry` or `io`.
  public func garbage(grace: Duration = gracePeriod) throws -> GarbageCollection {
    try translatingErrors { GarbageCollection(record: try store.collectable(deletedBefore: time(ago: grace))) }
  }

  /// Removes deleted runs whose grace period has ended, and chunks that no run refers to and no running create holds.
  /// Each step is all or nothing; the next collection continues one that was stopped.
  ///
  /// - Parameters:
  ///   - grace: the minimum time since the deletion of a run; 0 for every deleted run.
  ///   - progress: called with the number of chunks that were examined and the number of all unreferenced chunks, not
  ///     with bytes. An error that the handler throws stops the collection and keeps what was done.
  /// - Returns: the runs and chunks that were removed.
  /// - Throws: `RegistryError` with the code `damagedRegistry` or `io`.
  public func collectGarbage(grace: Duration = gracePeriod, progress: ProgressHandler? = nil) throws
    -> GarbageCollection
  {
    try translatingErrors {
      let store = try store
      let time = time(ago: grace)
      let actor = currentActor()
      let planned = try store.collectable(deletedBefore: time)
      var runs: [RunRecord] = []
      for run in planned.runs {
        let detail: JSONValue = [
          "id": .string(run.id.description), "deleted_at": .string(run.deletedAt ?? ""), "stored": .bool(run.isStored),
        ]
        if try store.collect(run, deletedBefore: time, Event("collect", detail, by: actor)) { runs.append(run) }
        try progress?(0, planned.chunkCount)
      }
      var removed = (count: 0, bytes: 0)
      func record() throws {
        guard removed.count > 0 else { return }
        let detail: JSONValue = ["chunks": .integer(removed.count), "bytes": .integer(removed.bytes)]
        try store.record(Event("free", detail, by: actor), nil)
      }
      do {
        try store.deleteUnreferencedChunks { count, bytes, total in
          removed = (count, bytes)
          try progress?(count, total)
        }
      } catch {
        // The history also holds what was freed before an interruption.
        try? record()
        throw error
      }
      try record()
      return GarbageCollection(record: planned.taking(runs, removed))
    }
  }

  private func time(ago duration: Duration) -> String {
    recordText(Date.now.addingTimeInterval(-(duration / .seconds(1))))
  }
}
