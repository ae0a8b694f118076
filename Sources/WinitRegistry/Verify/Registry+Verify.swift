// verify: checks the record of a run, its stored bytes, and the bytes that its recipe regenerates.

import WinitCore
import WinitStorage

extension Registry {
  /// Verifies a run. At every level the record is checked too: the id is the digest of the manifest, the manifest
  /// agrees with the tensors, and each recorded scheme still resolves to the recorded law.
  ///
  /// ```swift
  /// let result = try registry.verify(registry.run("gpt2"), level: .regenerate)
  /// for finding in result.findings { print(finding.message) }
  /// ```
  ///
  /// The history does not change: see ``Registry/record(_:)``.
  ///
  /// - Parameters:
  ///   - run: a run of this registry.
  ///   - level: the bytes to check: stored, regenerated, or both.
  ///   - sample: the number of chunks (of 1 MiB), drawn at random, to check; nil for all chunks.
  ///   - threads: the number of worker threads; nil for one per processor.
  ///   - progress: called with the bytes that were checked and the bytes of all chunks to check.
  /// - Throws: `RegistryError` with the code `invalidArgument` if the level is `stored` and the run has no stored
  ///   bytes. A mismatch is a finding and not an error.
  public func verify(
    _ run: Run, level: Verification.Level = .everything, sample: Int? = nil, threads: Int? = nil,
    progress: ProgressHandler? = nil
  ) throws -> Verification {
    try translatingErrors {
      let start = ContinuousClock.now
      if let sample, sample < 0 { throw RegistryError.invalidArgument("a sample cannot have \(sample) chunks") }
      let store = try store
      let run = Run(try store.current(run.record))
      let tensors = try store.tensors(of: run.record)
      if level == .stored, !run.isStored {
        throw RegistryError.invalidArgument(
          "\(run.reference) is recipe-only and has no stored bytes to verify. Verify its regeneration instead")
      }
      var verification = Verification(run: run, level: level)
      verification.findings =
        try store.recordFindings(run.record, tensors) + store.sizeFindings(run.record, tensors)
      for tensor in tensors {
        let scheme = RecordedScheme(tensor)
        if let problem = scheme.problem { verification.findings.append(.init(.scheme, tensor.name, problem)) }
        if let note = scheme.note { verification.notes.append(.init(tensor: tensor.name.string, message: note)) }
      }
      let sampled = sample.map { sampleChunks($0, of: tensors.reduce(0) { $0 + $1.chunkDigests.count }) }
      verification.sampledFrom = sampled?.outOf
      let chunks = allChunks(tensors.map(\.recipe.byteCount)).enumerated().lazy
        .filter { sampled?.indices.contains($0.offset) ?? true }.map(\.element)
      let total =
        sampled == nil
        ? tensors.reduce(0) { $0 + $1.recipe.byteCount } : chunks.reduce(0) { $0 + $1.byteCount }
      if level != .stored {
        let indices = sampled == nil ? nil : Set(chunks.map(\.tensor))
        try Recipe.checkMemory(
          tensors.indices.lazy.filter { (indices?.contains($0) ?? true) && tensors[$0].recipe.isRegenerable }
            .map { (tensors[$0].name, tensors[$0].recipe) })
      }
      try verifyChunks(chunks, of: tensors, store, &verification, total: total, threads: threads, progress: progress)
      verification.duration = .now - start
      return verification
    }
  }

  private func verifyChunks(
    _ chunks: some Sequence<ChunkID>, of tensors: [TensorRecord], _ store: Store, _ verification: inout Verification,
    total: Int, threads: Int?, progress: ProgressHandler?
  ) throws {
    let level = verification.level ?? .everything
    let stored = StoredChunks(store: store, tensors: tensors)
    let regenerated = RegeneratedChunks(recipes: tensors.map(\.recipe))
    let verifier = ChunkVerifier(store: store, tensors: tensors)
    // Nothing regenerates a literal, so its stored bytes are verified at every level.
    let readsAll = level != .regenerate && verification.run.isStored
    let hasLiterals = tensors.contains { !$0.recipe.isRegenerable }
    var mismatches: [Int: (stored: ChunkMismatches, regenerated: ChunkMismatches)] = [:]
    let pipeline = ChunkPipeline<ChunkID>(threads: threads, memory: readsAll || hasLiterals ? .pooled : .none)
    let reporter = ProgressReporter(progress, total: total)
    try pipeline.run(chunks, totalBytes: total, progress: reporter) { chunks, buffers in
      let read = chunks.indices.filter { readsAll || !tensors[chunks[$0].tensor].recipe.isRegenerable }
      var results = [(stored: ChunkResult?, regenerated: ChunkResult?)](repeating: (nil, nil), count: chunks.count)
      let (readChunks, readBuffers) = (read.map { chunks[$0] }, read.map { buffers[$0] })
      let outcomes = try stored.read(readChunks, into: readBuffers)
      for (i, result) in zip(read, try verifier.compare(readChunks, outcomes, readBuffers)) {
        results[i].stored = result
      }
      if level != .stored {
        let digests = try regenerated.digests(chunks)
        for (i, result) in try verifier.compareRegenerated(chunks, digests).enumerated() {
          results[i].regenerated = result
        }
      }
      return results
    } consume: { batch in
      for chunk in batch {
        var mismatch = mismatches[chunk.item.tensor] ?? (ChunkMismatches(), ChunkMismatches())
        if let result = chunk.result.stored {
          verification.storedChunks += 1
          mismatch.stored.add(chunk.item.chunk.index, result)
        }
        if let result = chunk.result.regenerated {
          verification.regeneratedChunks += 1
          mismatch.regenerated.add(chunk.item.chunk.index, result)
        }
        mismatches[chunk.item.tensor] = mismatch
        verification.byteCount += chunk.item.byteCount
      }
      try reporter.add(batch.reduce(0) { $0 + $1.item.byteCount })
    }
    for (index, mismatch) in mismatches.sorted(by: { $0.key < $1.key }) {
      verification.findings += findings(tensors[index], mismatch.stored, mismatch.regenerated)
    }
  }

  /// Returns distinct indices of chunks, drawn at random.
  private func sampleChunks(_ count: Int, of all: Int) -> (indices: Set<Int>, outOf: Int) {
    if count >= all { return (Set(0..<all), all) }
    // Floyd's algorithm: one draw for each number.
    var indices: Set<Int> = []
    for last in all - count..<all {
      let index = Int.random(in: 0...last)
      indices.insert(indices.contains(index) ? last : index)
    }
    return (indices, all)
  }

  private func findings(
    _ tensor: TensorRecord, _ stored: ChunkMismatches, _ regenerated: ChunkMismatches
  ) -> [Verification.Finding] {
    func finding(
      _ kind: Verification.Finding.Kind, _ chunks: [Int], _ what: String, _ difference: ElementDifference? = nil
    ) -> Verification.Finding? {
      guard !chunks.isEmpty else { return nil }
      let ranges = chunks.map { tensor.recipe.chunk($0).byteRange }
      let place = difference.map { "; \($0.text)" } ?? ""
      var finding = Verification.Finding(
        kind, tensor.name,
        "\(chunks.count) of \(tensor.chunkDigests.count) chunks (\(bytesText(ranges))) \(what)\(place)")
      finding.chunks = chunks
      finding.ranges = ranges
      finding.difference = difference
      return finding
    }
    var damaged = finding(.stored, stored.differing, "are stored with other bytes", stored.difference)
    damaged?.likelyCause =
      stored.difference == nil
      ? "the registry file was damaged" : "the registry file was damaged; the recipe still gives the right bytes"
    return [
      finding(.stored, stored.unreadable, "are missing or cannot be read"), damaged,
      finding(
        .regenerated, regenerated.differing, "do not regenerate to their digests", regenerated.difference),
    ].compactMap(\.self)
  }
}

/// Returns `bytes 0 to 1048575`, of the first three ranges.
func bytesText(_ ranges: [Range<Int>]) -> String {
  let texts = ranges.prefix(3).map { "\($0.lowerBound) to \($0.upperBound - 1)" }
  return "bytes " + texts.joined(separator: ", ") + (ranges.count > 3 ? ", …" : "")
}
