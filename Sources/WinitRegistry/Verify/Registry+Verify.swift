// verify: the record against itself, the blobs against their digests, and the recipes against the same digests.

import Foundation
import WinitCore
import WinitInitializers
import WinitJSON
public import WinitStorage

extension Registry {
  /// Checks a run. Whatever the mode, the record is held against itself: the id is the manifest's, the manifest is
  /// the tensors', and each recorded scheme still resolves to the recorded law.
  ///
  /// - Parameter sample: how many chunks, drawn at random, are looked at; nil for all.
  /// - Throws: `RegistryError.usage` where stored blobs are to be checked and the run has none; a mismatch is not
  ///   an error but a finding.
  public func verify(
    _ run: Run, mode: VerifyMode = .everything, sample: Int? = nil, threads: Int? = nil,
    progress: ProgressHandler? = nil
  ) throws -> Verification {
    let start = ContinuousClock.now
    let tensors = try store.tensors(of: run)
    if mode == .stored, !run.isStored {
      throw RegistryError.usage(
        "\(run.reference) is recipe-only and has no stored blobs to check; check its regeneration instead")
    }
    var verification = Verification(run: run, mode: mode)
    verification.findings = try store.recordFindings(run, tensors)
    for tensor in tensors {
      if let problem = schemeProblem(tensor) {
        verification.findings.append(Finding(.scheme, tensor.name, problem))
      }
    }
    let all = allChunks(tensors.map(\.recipe.byteCount))
    let chosen = sample.map { drawn($0, ofChunks: tensors.reduce(0) { $0 + $1.chunkDigests.count }) }
    verification.sampledFrom = chosen?.outOf
    let tasks = all.enumerated().lazy.filter { chosen?.indices.contains($0.offset) ?? true }.map(\.element)
    let total =
      chosen == nil
      ? tensors.reduce(0) { $0 + $1.recipe.byteCount } : tasks.reduce(0) { $0 + $1.chunk.byteCount }
    var tallies: [Int: (stored: ChunkMismatches, regenerated: ChunkMismatches)] = [:]
    let literals = tensors.contains { !$0.recipe.law.isRegenerable }
    let readsBlobs = mode != .regenerate && run.isStored || literals
    let pipeline = ChunkPipeline(threads: threads, keepingBytes: readsBlobs)
    let store = store
    try pipeline.run(tasks, totalBytes: total) { tasks, buffers in
      // A literal cannot be filled again, so its stored bytes are checked whatever is asked.
      let isLiteral = tasks.map { !tensors[$0.tensor].recipe.law.isRegenerable }
      let stored = try store.checkStored(
        tasks, of: tensors, buffers, where: isLiteral.map { $0 || mode != .regenerate })
      let regenerated = try store.checkRegenerated(
        tasks, of: tensors, where: isLiteral.map { !$0 && mode != .stored })
      return Array(zip(stored, regenerated))
    } consume: { batch in
      for chunk in batch {
        let (stored, regenerated) = chunk.result
        var tally = tallies[chunk.task.tensor] ?? (ChunkMismatches(), ChunkMismatches())
        if let stored {
          verification.storedChunks += 1
          tally.stored.add(chunk.task.chunk.index, stored)
        }
        if let regenerated {
          verification.regeneratedChunks += 1
          tally.regenerated.add(chunk.task.chunk.index, regenerated)
        }
        tallies[chunk.task.tensor] = tally
        verification.byteCount += chunk.task.chunk.byteCount
      }
      try progress?(verification.byteCount, total)
    }
    for (index, tally) in tallies.sorted(by: { $0.key < $1.key }) {
      verification.findings += findings(tensors[index], stored: tally.stored, regenerated: tally.regenerated)
    }
    verification.duration = .now - start
    return verification
  }

  /// So many different numbers below another, at random.
  private func drawn(_ count: Int, ofChunks all: Int) -> (indices: Set<Int>, outOf: Int) {
    if count >= all { return (Set(0..<all), all) }
    // Floyd's way: as many draws as there are to be numbers.
    var indices: Set<Int> = []
    for last in all - count..<all {
      let index = Int.random(in: 0...last)
      indices.insert(indices.contains(index) ? last : index)
    }
    return (indices, all)
  }

  private func findings(_ tensor: RecordedTensor, stored: ChunkMismatches, regenerated: ChunkMismatches)
    -> [Finding]
  {
    func finding(
      _ kind: Finding.Kind, _ chunks: [Int], _ what: String, _ difference: ElementDifference? = nil
    )
      -> Finding?
    {
      guard !chunks.isEmpty else { return nil }
      let ranges = chunks.map { tensor.recipe.chunk($0).byteRange }
      let place = difference.map { "; \($0.text)" } ?? ""
      var finding = Finding(
        kind, tensor.name,
        "\(chunks.count) of its \(tensor.chunkDigests.count) chunks (\(bytesText(ranges))) \(what)\(place)")
      finding.chunks = chunks
      finding.ranges = ranges
      finding.difference = difference
      return finding
    }
    var damaged = finding(.stored, stored.differing, "are stored with other bytes", stored.difference)
    damaged?.likelyCause =
      stored.difference == nil
      ? "the registry file was damaged"
      : "the registry file was damaged; the recipe still gives the right bytes"
    return [
      finding(.stored, stored.unreadable, "should be stored and cannot be read"), damaged,
      finding(
        .regenerated, regenerated.differing, "do not regenerate to their digests", regenerated.difference),
    ].compactMap(\.self)
  }
}

/// `bytes 0 to 1048575`, of the first three ranges.
func bytesText(_ ranges: [Range<Int>]) -> String {
  let texts = ranges.prefix(3).map { "\($0.lowerBound) to \($0.upperBound - 1)" }
  return "bytes " + texts.joined(separator: ", ") + (ranges.count > 3 ? ", …" : "")
}
