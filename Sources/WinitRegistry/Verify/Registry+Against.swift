// verify --against: compares a checkpoint with a run.

import WinitCore
import WinitFiles
import WinitStorage

extension Registry {
  /// Compares a checkpoint with a run: names, dtypes, shapes and bits. For each differing tensor the finding names the
  /// first differing element and, if it can be confirmed, the likely cause.
  ///
  /// The file is read and hashed once; only chunks whose digests differ, parts of tensors and rounded values are
  /// compared with bytes of the run. A tensor that is tied to another may be absent if the file holds the other. The
  /// history does not change: see ``Registry/record(_:)``.
  ///
  /// ```swift
  /// let result = try registry.verify(run, against: "step-0.safetensors")
  /// if let finding = result.findings.first { print(finding.tensor ?? "", finding.message, finding.likelyCause ?? "") }
  /// ```
  ///
  /// - Parameters:
  ///   - run: a run of this registry.
  ///   - path: the path of a .safetensors file, of the index of a sharded checkpoint, or of a folder with them.
  ///   - options: the tensors to compare, and the differences that are allowed; by default every tensor, and none.
  ///   - threads: the number of worker threads; nil for one per processor.
  ///   - progress: called with the bytes that were compared and the size of all tensors that are compared.
  /// - Throws: `RegistryError` with the code `fileNotFound`, `invalidFile` if the file is not a checkpoint,
  ///   `tensorNotFound` if a pattern matches no tensor, `invalidSlice` if the slice does not fit a shape,
  ///   `invalidArgument` for a prefix that no name has, or `io`. A mismatch is a finding and not an error.
  public func verify(
    _ run: Run, against path: String, options: ComparisonOptions = ComparisonOptions(), threads: Int? = nil,
    progress: ProgressHandler? = nil
  ) throws -> Verification {
    try translatingErrors {
      let start = ContinuousClock.now
      let store = try store
      let tensors = try store.tensors(of: run.record)
      let checkpoint = try Checkpoint(path, incompleteShards: .kept)
      let explainer = MismatchExplainer(tensors: tensors, otherSeeds: try store.seeds())
      let match = try CheckpointMatch(
        run, tensors, checkpoint, skipped: store.details(of: run.record).skipped, options, explainer)
      var verification = Verification(run: run, against: path)
      verification.coverage = match.coverage
      verification.findings = try store.recordFindings(run.record, tensors) + match.findings

      let compared = ComparedChunks(store, match.pairs)
      let chunks = compared.chunks
      try compared.checkMemory()
      let total = chunks.reduce(0) { $0 + $1.byteCount }
      let reporter = ProgressReporter(progress, total: total)
      var mismatches: [Int: ChunkMismatches] = [:]
      try ChunkPipeline<ChunkID>(threads: threads, memory: .pooled).run(
        chunks, totalBytes: total, progress: reporter
      ) { chunks, buffers in
        try compared.compare(chunks, buffers)
      } consume: { batch in
        for chunk in batch {
          verification.fileChunks += 1
          mismatches[chunk.item.tensor, default: ChunkMismatches()].add(chunk.item.chunk.index, chunk.result)
        }
        try reporter.add(batch.reduce(0) { $0 + $1.bytes.count })
      }
      verification.byteCount = match.pairs.reduce(0) { $0 + $1.byteCount }
      for (index, mismatch) in mismatches.sorted(by: { $0.key < $1.key }) {
        try reporter.add(0)
        verification.findings += findings(
          match.pairs[index], mismatch, explainer, explain: verification.findings.count < MismatchExplainer.limit)
      }
      verification.duration = .now - start
      return verification
    }
  }

  private func findings(
    _ pair: CheckpointMatch.Pair, _ mismatch: ChunkMismatches, _ explainer: MismatchExplainer, explain: Bool
  ) -> [Verification.Finding] {
    var findings: [Verification.Finding] = []
    if !mismatch.unreadable.isEmpty {
      var finding = Verification.Finding(
        .values, pair.tensor.name,
        "\(mismatch.unreadable.count) chunks could not be compared, because the registry does not have their recorded bytes. Verify the run itself"
      )
      finding.chunks = mismatch.unreadable
      findings.append(finding)
    }
    guard !mismatch.differing.isEmpty else { return findings }
    guard let difference = mismatch.difference else {
      var finding = Verification.Finding(
        .values, pair.tensor.name,
        "\(mismatch.differing.count) chunks differ from their recorded digests; the elements are not known, because the registry does not have the recorded bytes. Verify the run itself"
      )
      finding.chunks = mismatch.differing
      return findings + [finding]
    }
    let total = pair.elementCount
    let verb = difference.count == 1 ? "differs" : "differ"
    let rounded = pair.isCast ? ", rounded from \(pair.tensor.recipe.dtype) to \(pair.entry.dtype)" : ""
    var finding = Verification.Finding(
      .values, pair.tensor.name, "\(difference.count) of \(total) elements \(verb); \(difference.text)\(rounded)")
    finding.difference = difference
    finding.chunks = mismatch.differing
    if explain, pair.isWhole { finding.likelyCause = explainer.otherValues(pair.tensor, pair.entry, difference) }
    return findings + [finding]
  }
}
