// The checks of a registry file.

import WinitCore
import WinitStorage

/// Checks a registry file without changing it.
struct IntegrityCheck {
  let store: Store
  let progress: ProgressHandler?

  /// Runs all checks.
  ///
  /// - Parameter full: whether every chunk is read and hashed.
  func run(full: Bool) throws -> IntegrityReport {
    var report = IntegrityReport()
    report.structure = try store.structureProblems()
    try progress?(0, 0)
    report.references = try readable(&report, []) { try store.inconsistencies() }
    var uses: [ChunkUse] = []
    let rows = try readable(&report, []) { try store.runRows() }
    report.unreadableRuns = try forEachRun(rows) { run, tensors in
      report.runCount += 1
      let details = try store.detailFindings(run, tensors).map { Verification.Finding(.record, nil, $0.message) }
      let findings = try store.recordFindings(run, tensors) + store.sizeFindings(run, tensors) + details
      report.records += findings.map { .init(run: Run(run), finding: $0) }
      uses += try store.missingChunks(of: run, tensors)
      try progress?(0, 0)
    }
    report.chunks = missingChunks(uses)
    // Damage of the structure does not name the runs that it affects; damaged chunks do.
    if full || !report.structure.isEmpty {
      let before = report
      do { try hashAllChunks(&report) } catch StoreError.damaged(_, let what) {
        report = before
        report.structure.append(what)
        try hashChunksOfRuns(&report)
      }
    }
    report.unreferencedBytes = try readable(&report, 0) { try store.spaceUse().reclaimable }
    return report
  }

  private func missingChunks(_ uses: [ChunkUse]) -> [IntegrityReport.DamagedChunk] {
    Dictionary(grouping: uses, by: \.digest).map { digest, uses in
      IntegrityReport.DamagedChunk(problem: .missing, digest: digest, uses: uses)
    }.sorted { $0.digest.hex < $1.digest.hex }
  }

  /// Calls `body` with each run. Skips a run that was collected meanwhile.
  ///
  /// - Returns: the runs that cannot be read, and why. `body` is still called with the other runs.
  private func forEachRun(
    _ rows: [Int64], _ body: (RunRecord, [TensorRecord]) throws -> Void
  ) throws -> [IntegrityReport.UnreadableRun] {
    var unreadable: [IntegrityReport.UnreadableRun] = []
    for row in rows {
      var reference = "the run in row \(row)"
      do {
        guard let run = try store.run(row: row) else { continue }
        reference = run.reference
        try body(run, store.tensors(of: run))
      } catch let error as StoreError {
        guard case .damaged(_, let what) = error else { throw error }
        if (try? store.hasRun(row: row)) == false { continue }
        unreadable.append(.init(reference: reference, problem: what))
      }
    }
    return unreadable
  }

  /// Returns the result of a read of the file. If pages cannot be read, adds a finding and returns the fallback.
  private func readable<T>(_ report: inout IntegrityReport, _ fallback: T, _ look: () throws -> T) throws -> T {
    do { return try look() } catch StoreError.damaged(_, let what) {
      report.structure.append(what)
      return fallback
    }
  }

  /// Reads and hashes every chunk of the file, unreferenced chunks included.
  private func hashAllChunks(_ report: inout IntegrityReport) throws {
    let store = store
    let chunks = try store.storedChunks()
    let total = chunks.reduce(0) { $0 + $1.byteCount }
    let reporter = ProgressReporter(progress, total: total)
    try ChunkPipeline<StoredChunk>(threads: nil, memory: .pooled).run(
      chunks, totalBytes: total, progress: reporter
    ) { chunks, buffers in
      let isRead = try zip(chunks, buffers).map { try store.read($0, into: $1) }
      let digests = SHA256Digest.each(of: buffers.map { UnsafeRawBufferPointer($0) })
      return zip(isRead, digests).map { $0 ? ChunkRead.read($1) : .unreadable }
    } consume: { batch in
      for chunk in batch where chunk.result != .read(chunk.item.digest) {
        // A chunk that was collected since it was listed is no damage.
        guard try chunk.result != .unreadable || store.contains(chunk.item) else { continue }
        report.chunks.append(
          IntegrityReport.DamagedChunk(
            problem: chunk.result == .unreadable ? .unreadable : .differs, digest: chunk.item.digest,
            uses: try store.uses(of: chunk.item)))
      }
      report.hashedChunks += batch.count
      try reporter.add(batch.reduce(0) { $0 + $1.item.byteCount })
    }
  }

  /// Reads and hashes every chunk that a run refers to, one by one, because the file cannot be read in order.
  private func hashChunksOfRuns(_ report: inout IntegrityReport) throws {
    var seen = Set(report.chunks.map(\.digest))
    var found: [IntegrityReport.DamagedChunk] = []
    // Runs that cannot be read are in the report already.
    _ = try forEachRun((try? store.runRows()) ?? []) { run, tensors in
      let source = StoredChunks(store: store, tensors: tensors)
      for id in allChunks(tensors.map(\.recipe.byteCount)) where tensors[id.tensor].isStored {
        let (tensor, digest) = (tensors[id.tensor], tensors[id.tensor].chunkDigests[id.chunk.index])
        guard seen.insert(digest).inserted else { continue }
        var bytes = [UInt8](repeating: 0, count: id.byteCount)
        let outcome = try bytes.withUnsafeMutableBytes { try source.read([id], into: [$0])[0] }
        if outcome == .read(digest) { continue }
        let use = ChunkUse(
          run: run, tensor: tensor.name.string, position: id.chunk.index, digest: digest,
          byteCount: tensor.recipe.byteCount)
        found.append(
          .init(problem: outcome.digest == nil ? .unreadable : .differs, digest: digest, uses: [use]))
      }
      try progress?(0, 0)
    }
    report.hashedChunks += seen.count
    report.chunks += found
  }
}

extension StoredChunk: PipelineItem {}
