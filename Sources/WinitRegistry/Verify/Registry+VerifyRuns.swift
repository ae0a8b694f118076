// Verification of many runs: in order, sampled over all of them, recorded in the history, and resumable.

import WinitCore
import WinitJSON
import WinitStorage

extension Registry {
  /// Verifies many runs and records each outcome in the history.
  ///
  /// If the record of a run is damaged, the other runs are still verified. Any other error, such as a lock that another
  /// process keeps, ends the verification, which `resuming` continues.
  ///
  /// ```swift
  /// let summary = try registry.verify(.all, level: .stored)
  /// for result in summary.results where !result.matches { print(result.run.reference, result.findings.count) }
  /// ```
  ///
  /// - Parameters:
  ///   - selection: the runs to verify.
  ///   - level: the bytes to check: stored, regenerated, or both.
  ///   - sample: the number of chunks (of 1 MiB), drawn at random over all runs, to check; nil for all chunks.
  ///   - resuming: whether to continue the newest interrupted verification of the same selection and level. If there is
  ///     none, a new one begins.
  ///   - threads: the number of worker threads; nil for one per processor.
  ///   - progress: called with the bytes that were checked and the bytes to check, of all runs together.
  /// - Throws: `RegistryError` with the code `invalidArgument` if the level is `stored` and one of the given runs has
  ///   no stored bytes, `damagedRegistry` if the list of runs cannot be read, or `io`. A mismatch is a finding and not
  ///   an error.
  public func verify(
    _ selection: RunSelection, level: Verification.Level = .everything, sample: Int? = nil, resuming: Bool = false,
    threads: Int? = nil, progress: ProgressHandler? = nil
  ) throws -> VerificationSummary {
    try verify(
      selection, level: level, sample: sample, resuming: resuming, threads: threads, progress: progress
    ) { _ in }
  }

  /// Verifies many runs, and reports each event as it happens.
  package func verify(
    _ selection: RunSelection, level: Verification.Level, sample: Int?, resuming: Bool, threads: Int?,
    progress: ProgressHandler?, onEvent: (VerificationEvent) throws -> Void
  ) throws -> VerificationSummary {
    try translatingErrors {
      if let sample, sample < 0 { throw RegistryError.invalidArgument("a sample cannot have \(sample) chunks") }
      var summary = VerificationSummary()
      var runs = try selected(selection)
      let pass = sample == nil ? beginPass(selection, level, resuming: resuming) : nil
      let seen = pass?.seen ?? [:]
      summary.resumedAfter = seen.count
      summary.failedBefore = runs.filter { seen[$0.uid] == false }
      let isSingle = runs.count == 1
      runs.removeAll { seen[$0.uid] != nil }
      summary.selectedCount = runs.count
      if !seen.isEmpty { try onEvent(.resumed(after: seen.count, failed: summary.failedBefore.count)) }
      let shares = sample.map { allocateSample($0, among: runs) }
      // The size of the work on each run. The records of a foreign registry can have any sizes, whose sum would overflow.
      let sizes = runs.enumerated().map { index, run in
        selection.skips(run, at: level)
          ? 0 : min(shares.map { $0[index] * chunkSize } ?? max(run.byteCount, 1), 1 << 40)
      }
      let total = sizes.reduce(0, +)
      var done = 0
      for (index, run) in runs.enumerated() where shares?[index] != 0 {
        if selection.skips(run, at: level) {
          summary.skipped.append(run)
          try onEvent(.skipped(run))
          continue
        }
        do {
          try onEvent(.started(run))
          let result = try verify(
            run, level: level, sample: shares?[index], threads: threads
          ) { try progress?(done + scaled($0, of: $1, to: sizes[index]), total) }
          summary.results.append(result)
          try onEvent(.finished(result))
          do { try record(result, in: pass) } catch {
            try onEvent(.notRecorded(warning: summary.addWarning(notRecorded: run, error)))
          }
        } catch let error as RegistryError where !isSingle && error.isAboutOneRun {
          let failure = VerificationFailure(run: run, error: error)
          summary.failures.append(failure)
          try onEvent(.failed(failure))
        }
        done += sizes[index]
        try progress?(done, total)
      }
      if let pass, summary.failures.isEmpty { try? store.finish(pass) }
      return summary
    }
  }

  /// Returns the share of `size` that corresponds to a part of a total.
  private func scaled(_ part: Int, of total: Int, to size: Int) -> Int {
    total > 0 ? Int(Double(size) * min(1, Double(part) / Double(total))) : 0
  }

  private func selected(_ selection: RunSelection) throws -> [Run] {
    var query = RunQuery()
    switch selection {
    case .runs(let runs): return runs
    case .all: break
    case .since(let date, _): query.since = date
    }
    return try runs(query)
  }

  /// Begins or resumes a pass. Returns nil for a list of given runs, and for a registry that cannot be written: such a
  /// verification cannot be resumed.
  private func beginPass(_ selection: RunSelection, _ level: Verification.Level, resuming: Bool) -> VerificationPass? {
    let since: JSONValue
    switch selection {
    case .runs: return nil
    case .all: since = .null
    case .since(_, let label): since = .string(label)
    }
    let key: JSONValue = ["level": .string(level.rawValue), "since": since]
    guard let store = try? store else { return nil }
    if resuming, let pass = try? store.unfinishedPass(key) { return pass }
    return try? store.beginPass(key)
  }

  /// Records the outcome of a verification in the history of its run.
  ///
  /// - Throws: `RegistryError` with the code `runCollected` if the run was collected meanwhile, or `io`.
  public func record(_ verification: Verification) throws { try record(verification, in: nil) }

  private func record(_ verification: Verification, in pass: VerificationPass?) throws {
    try translatingErrors {
      var detail: [JSONValue.Member] = [
        .init("matches", .bool(verification.matches)), .init("level", .string(verification.scope)),
      ]
      if let against = verification.against {
        detail.append(.init("against", .string(String(against.split(separator: "/").last ?? ""))))
      }
      if !verification.matches {
        let tensors = Set(verification.findings.compactMap(\.tensorName)).map(\.string).sorted()
        detail += [
          .init("findings", .integer(verification.findings.count)),
          .init("tensors", .array(tensors.prefix(10).map { .string($0) })),
        ]
      }
      try store.record(
        Event("verify", .object(detail), by: currentActor()), verification.run.record, matches: verification.matches,
        in: pass)
    }
  }

  /// Divides a sample of chunks among runs at random, in proportion to their sizes.
  ///
  /// - Returns: for each run the number of chunks to check.
  func allocateSample(_ count: Int, among runs: [Run]) -> [Int] {
    var shares = [Int](repeating: 0, count: runs.count)
    var ends: [Int] = []
    for run in runs { ends.append((ends.last ?? 0) + min(max(run.byteCount, 1), Registry.largestRun)) }
    guard let total = ends.last else { return [] }
    // A tensor has one chunk for each MiB and one more at its end.
    let limit = runs.reduce(0) {
      $0 + min($1.byteCount, Registry.largestRun) / chunkSize + min($1.tensorCount, 1 << 24)
    }
    for _ in 0..<min(count, limit) {
      let place = Int.random(in: 0..<total)
      // Binary search for the first run that ends beyond the place.
      var (low, high) = (0, ends.count - 1)
      while low < high {
        let middle = (low + high) / 2
        if ends[middle] > place { high = middle } else { low = middle + 1 }
      }
      shares[low] += 1
    }
    return shares
  }
}

extension RegistryError {
  /// Whether the error is about the record of one run, so that other runs may still be read.
  fileprivate var isAboutOneRun: Bool {
    switch underlying as? StoreError {
    case .damaged, .gone: true
    default: false
    }
  }
}

extension RunSelection {
  /// Whether the verification of many runs leaves out a run, which has no stored bytes to verify.
  fileprivate func skips(_ run: Run, at level: Verification.Level) -> Bool {
    if case .runs = self { return false }
    return level == .stored && !run.isStored
  }
}
