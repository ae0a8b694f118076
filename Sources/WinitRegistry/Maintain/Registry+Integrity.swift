// doctor: checks the file, and names the affected runs.

import WinitCore
import WinitJSON
import WinitStorage

extension Registry {
  /// Checks the file: the integrity of the database, references between rows, every record against itself, and the
  /// presence of every chunk that a run refers to. (The schema was checked when the file was opened.)
  ///
  /// ```swift
  /// let report = try registry.checkIntegrity(full: true)
  /// if !report.isSound { print(report.affectedRuns) }
  /// ```
  ///
  /// - Parameters:
  ///   - full: whether every chunk is read and hashed too.
  ///   - repair: whether damaged chunks are regenerated from any recipe that gives them; includes a full check. A file
  ///     whose structure is damaged is rebuilt from what can be read of it. Without a repair nothing changes.
  ///   - progress: called with the bytes that were hashed and the bytes of all chunks; with zeros while records are
  ///     checked.
  /// - Throws: `RegistryError` with the code `io`, or `damagedRegistry` if the file is so damaged that nothing can be
  ///   checked. Other damage is part of the report and not an error.
  public func checkIntegrity(
    full: Bool = false, repair: Bool = false, progress: ProgressHandler? = nil
  ) throws -> IntegrityReport {
    try translatingErrors {
      let start = ContinuousClock.now
      let store = try store
      var report = try IntegrityCheck(store: store, progress: progress).run(full: full || repair)
      if repair, !report.isSound {
        report = try Repair(store: store, progress: progress).run(report)
        let detail: JSONValue = [
          "repaired_chunks": .integer(report.chunks.count(where: \.isRepaired)),
          "damaged_chunks": .integer(report.chunks.count { !$0.isRepaired }),
          "rebuilt": .bool(report.isRebuilt),
        ]
        try store.record(Event("repair", detail, by: currentActor()), nil)
      }
      report.duration = .now - start
      return report
    }
  }
}
