// verify --against: a checkpoint on disk, held against a run.

import Foundation
import WinitCore
import WinitFiles
public import WinitStorage

extension Registry {
  /// Compares a .safetensors file, or a sharded checkpoint by its index, with a run: names, dtypes, shapes and bits.
  /// For each differing tensor the first differing element is named, and the likely cause where it can be told.
  ///
  /// The file is read and hashed once; only chunks whose digests differ are filled again.
  ///
  /// - Throws: why the file cannot be read or is no checkpoint; a mismatch is not an error but a finding.
  public func verify(
    _ run: Run, against path: String, threads: Int? = nil, progress: ProgressHandler? = nil
  ) throws -> Verification {
    let start = ContinuousClock.now
    let tensors = try store.tensors(of: run)
    let entries = try Checkpoint(path).entries
    var verification = Verification(run: run, against: path)
    verification.findings = try store.recordFindings(run, tensors)
    let explainer = MismatchExplainer(tensors: tensors, otherSeeds: try store.seeds())
    let pairs = matchNames(tensors, entries, &verification, explainer)

    let tasks = allChunks(pairs.map(\.tensor.recipe.byteCount))
    let total = pairs.reduce(0) { $0 + $1.tensor.recipe.byteCount }
    var tallies: [Int: ChunkMismatches] = [:]
    let pipeline = ChunkPipeline(threads: threads, keepingBytes: true)
    try pipeline.run(tasks, totalBytes: total) { tasks, buffers in
      for (task, buffer) in zip(tasks, buffers) {
        let entry = pairs[task.tensor].entry
        try entry.file.read(at: entry.offset + task.chunk.byteRange.lowerBound, into: buffer)
      }
      let bytes = buffers.map { UnsafeRawBufferPointer($0) }
      return zip(tasks, zip(bytes, Digest.each(of: bytes))).map { task, read in
        pairs[task.tensor].tensor.state(task.chunk, read.1, read.0)
      }
    } consume: { batch in
      for chunk in batch {
        verification.fileChunks += 1
        verification.byteCount += chunk.bytes.count
        tallies[chunk.task.tensor, default: ChunkMismatches()].add(chunk.task.chunk.index, chunk.result)
      }
      try progress?(verification.byteCount, total)
    }
    for (index, tally) in tallies.sorted(by: { $0.key < $1.key }) where !tally.differing.isEmpty {
      let (tensor, entry) = pairs[index]
      try progress?(verification.byteCount, total)
      verification.findings.append(
        finding(
          tensor, entry, tally, explainer,
          explain: verification.findings.count < MismatchExplainer.limit))
    }
    verification.duration = .now - start
    return verification
  }

  /// The pairs whose elements can be compared; everything else becomes a finding.
  private func matchNames(
    _ tensors: [RecordedTensor], _ entries: [Checkpoint.Entry], _ verification: inout Verification,
    _ explainer: MismatchExplainer
  ) -> [(tensor: RecordedTensor, entry: Checkpoint.Entry)] {
    let byName = Dictionary(entries.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var pairs: [(RecordedTensor, Checkpoint.Entry)] = []
    for tensor in tensors {
      let recipe = tensor.recipe
      guard let entry = byName[tensor.name] else {
        verification.findings.append(Finding(.missing, tensor.name, "the file does not hold it"))
        continue
      }
      if entry.dtype != recipe.dtype {
        var finding = Finding(
          .dtype, tensor.name,
          "it is \(recipe.dtype) in the run and \(entry.dtype?.rawValue ?? entry.code) in the file")
        finding.likelyCause = explainer.otherDType(tensor, entry)
        verification.findings.append(finding)
      }
      if entry.shape != recipe.shape {
        var finding = Finding(
          .shape, tensor.name, "its shape is \(recipe.shape) in the run and \(entry.shape) in the file")
        finding.likelyCause = explainer.otherShape(tensor, entry)
        verification.findings.append(finding)
      }
      if entry.dtype == recipe.dtype, entry.shape == recipe.shape { pairs.append((tensor, entry)) }
    }
    let known = Set(tensors.map(\.name))
    for entry in entries where !known.contains(entry.name) {
      verification.findings.append(
        Finding(.unexpected, entry.name, "the file holds it, and the run does not"))
    }
    return pairs
  }

  private func finding(
    _ tensor: RecordedTensor, _ entry: Checkpoint.Entry, _ tally: ChunkMismatches,
    _ explainer: MismatchExplainer,
    explain: Bool
  ) -> Finding {
    guard let difference = tally.difference else {
      var finding = Finding(
        .values, tensor.name,
        "\(tally.differing.count) of its chunks have neither the recorded digest nor a recipe that gives it; verify the run itself"
      )
      finding.chunks = tally.differing
      return finding
    }
    let total = tensor.recipe.shape.elementCount
    let verb = difference.count == 1 ? "differs" : "differ"
    var finding = Finding(
      .values, tensor.name, "\(difference.count) of \(total) elements \(verb); \(difference.text)")
    finding.difference = difference
    finding.chunks = tally.differing
    if explain { finding.likelyCause = explainer.otherValues(tensor, entry, difference) }
    return finding
  }
}
