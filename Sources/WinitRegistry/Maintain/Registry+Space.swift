// Space: what the file holds, what of it nobody needs, bytes dropped and put back.

import Foundation
import WinitCore
import WinitJSON
public import WinitStorage

extension Registry {
  /// What the file holds, and what of it a collection would free.
  public func spaceUse() throws -> SpaceUse { try store.spaceUse() }

  /// How long a deleted run can be restored unless something else is said.
  public static let gracePeriod = Duration.seconds(30 * 24 * 3600)

  /// What a collection would take. Changes nothing.
  ///
  /// - Parameter grace: how long ago a run must have been deleted.
  public func collectable(grace: Duration = gracePeriod) throws -> GarbageCollection {
    try store.collectable(deletedBefore: time(ago: grace))
  }

  /// Takes deleted runs whose grace period has passed for good, and with them the chunks that no run needs and no create
  /// under way holds. Each step is whole; one that is stopped or killed goes on with the next collection.
  ///
  /// - Parameter progress: called with how many of how many chunks have been looked at.
  /// - Returns: what was taken.
  public func collect(grace: Duration = gracePeriod, progress: ProgressHandler? = nil) throws
    -> GarbageCollection
  {
    let time = time(ago: grace)
    let actor = currentActor()
    let planned = try store.collectable(deletedBefore: time)
    var runs: [Run] = []
    for run in planned.runs {
      let detail: JSONValue = [
        "id": .string(run.id.description), "deleted_at": .string(run.deletedAt ?? ""),
        "stored": .bool(run.isStored),
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
      try store.removeUnneeded { count, bytes, total in
        removed = (count, bytes)
        try progress?(count, total)
      }
    } catch {
      // What was freed before it was stopped is in the history too.
      try? record()
      throw error
    }
    try record()
    return planned.taking(runs, removed)
  }

  private func time(ago duration: Duration) -> String {
    Date.now.addingTimeInterval(-(duration / .seconds(1))).formatted(.iso8601)
  }

  /// Drops the bytes of a run that its recipe gives. First everything is filled again: what would not come back is not
  /// dropped.
  ///
  /// - Returns: the run as it is then, and how many bytes were freed; chunks that others need stay.
  /// - Throws: `RegistryError.mismatch` where the recipe does not give the recorded digests; `RegistryError.usage` where
  ///   there is no recipe.
  public func strip(_ run: Run, threads: Int? = nil, progress: ProgressHandler? = nil) throws -> (
    run: Run, freed: Int
  ) {
    guard run.isStored else { return (run, 0) }
    guard try store.tensors(of: run).contains(where: \.recipe.law.isRegenerable) else {
      throw RegistryError.usage(
        "\(run.reference) has no recipe that its bytes could come back from; `rm` deletes it whole")
    }
    let verification = try verify(run, mode: .regenerate, threads: threads, progress: progress)
    if let finding = verification.findings.first(where: { $0.kind != .scheme }) {
      let subject = finding.tensor.map { "tensor `\($0)`: " } ?? ""
      throw RegistryError.mismatch(
        "\(run.reference) would not come back: \(subject)\(finding.message); nothing was dropped")
    }
    let (stripped, bytes) = try store.strip(run, Event("strip", by: currentActor()))
    return (stripped, bytes)
  }

  /// Fills a recipe again, checks it against the recorded digests, and keeps the bytes.
  ///
  /// - Returns: the run as it is then, and how many bytes were added; chunks that were there are shared.
  /// - Throws: `RegistryError.mismatch` where the recipe does not give the recorded digests; then nothing has changed.
  public func materialize(_ run: Run, threads: Int? = nil, progress: ProgressHandler? = nil) throws -> (
    run: Run, added: Int
  ) {
    if run.isStored { return (run, 0) }
    let tensors = try store.tensors(of: run)
    try store.checkRecord(run, tensors)
    let missing = tensors.filter(\.recipe.law.isRegenerable)
    let sizes = missing.map(\.recipe.byteCount)
    return try ChunkWriter.run(store, total: sizes.reduce(0, +), threads: threads, progress: progress) {
      writer in
      let store = store
      func fill(_ tasks: some Sequence<ChunkID>) throws {
        try writer.add(tasks) { tasks, buffers in
          _ = try store.checkedChunks(tasks, of: missing, into: buffers)
          return tasks.map { missing[$0.tensor].chunkDigests[$0.chunk.index] }
        }
      }
      try fill(allChunks(sizes))
      let event = Event("materialize", by: currentActor())
      let stored = try writer.commit {
        try store.materialize(run, missing, writer.lease, event)
      } again: { digests in
        try fill(
          allChunks(sizes).filter { digests.contains(missing[$0.tensor].chunkDigests[$0.chunk.index]) })
      }
      return (stored, writer.storedBytes)
    }
  }
}
