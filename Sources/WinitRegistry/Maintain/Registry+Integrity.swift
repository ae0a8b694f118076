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
  ///   - repair: whether damaged chunks are regenerated from any recipe that gives them; includes a full check. If the
  ///     structure of the file is damaged, a new file with everything that can be salvaged takes its place, and the
  ///     damaged file stays beside it as `NAME.damaged-1`. The same is done if records are still damaged and a new file
  ///     would have every run whole. Without a repair nothing changes.
  ///   - progress: called with the bytes that were hashed and the bytes of all chunks; with zeros while records are
  ///     checked.
  /// - Throws: `RegistryError` with the code `io`, or `damagedRegistry` if the file is so damaged that nothing can be
  ///   checked. Other damage is part of the report and not an error.
  public func checkIntegrity(
    full: Bool = false, repair: Bool = false, progress: ProgressHandler? = nil
  ) throws -> IntegrityReport {
    try translatingErrors {
      let start = ContinuousClock.now
      var report = try IntegrityCheck(store: store, progress: progress).run(full: full || repair)
      if !repair, !report.structure.isEmpty {
        report.salvage = try FileSalvage(path: path, progress: progress).preview()
      } else if repair, !report.isSound {
        report = try repaired(report, progress)
      }
      report.duration = .now - start
      return report
    }
  }

  private func repaired(_ report: IntegrityReport, _ progress: ProgressHandler?) throws -> IntegrityReport {
    let store = try store
    let salvage = FileSalvage(path: path, progress: progress)
    if report.structure.isEmpty, let repaired = try Repair(store: store, progress: progress).run(report),
      try !canRestoreRecords(repaired) || !salvage.preview().isComplete
    {
      let detail: JSONValue = [
        "repaired_chunks": .integer(repaired.chunks.count(where: \.isRepaired)),
        "damaged_chunks": .integer(repaired.chunks.count { !$0.isRepaired }), "rebuilt": false,
      ]
      try store.record(Event("repair", detail, by: currentActor()), nil)
      return repaired
    }
    let repaired = try salvage.repair(report)
    try reopen()
    return repaired
  }

  /// Whether runs are still damaged, and other parts of the file may give what they should be. A run of another law is a
  /// record that this version cannot prove.
  private func canRestoreRecords(_ report: IntegrityReport) -> Bool {
    !report.isSound && report.records.allSatisfy { $0.run.record.lawVersion == Registry.lawVersion }
  }
}
