// verify --against: compares a checkpoint with a run.

import WinitCore
import WinitFiles
import WinitStorage

extension Registry {
  /// Compares a checkpoint with a run: names, dtypes, shapes and bits. For each differing tensor the finding names the
  /// first differing element and, if it can be confirmed, the likely cause.
  ///
  /// The file is read and hashed once; only chunks whose digests differ are regenerated. The history does not change:
  /// see ``Registry/record(_:)``.
  ///
  /// ```swift
  /// let result = try registry.verify(run, against: "step-0.safetensors")
  /// if let finding = result.findings.first { print(finding.tensor ?? "", finding.message, finding.likelyCause ?? "") }
  /// ```
  ///
  /// - Parameters:
  ///   - run: a run of this registry.
  ///   - path: the path of a .safetensors file, or of the index of a sharded checkpoint.
  ///   - threads: the number of worker threads; nil for one per processor.
  ///   - progress: called with the bytes that were compared and the size of all tensors that are compared.
  /// - Throws: `RegistryError` with the code `fileNotFound`, `invalidFile` if the file is not a checkpoint, or `io`. A
  ///   mismatch is a finding and not an error.
  public func verify(
    _ run: Run, against path: String, threads: Int? = nil, progress: ProgressHandler? = nil
  ) throws -> Verification {
    try translatingErrors {
      let start = ContinuousClock.now
      let store = try store
      let tensors = try store.tensors(of: run.record)
      let entries = try Checkpoint(path).entries
      var verification = Verification(run: run, against: path)
      verification.findings = try store.recordFindings(run.record, tensors)
      let explainer = MismatchExplainer(tensors: tensors, otherSeeds: try store.seeds())
      let pairs = matchNames(tensors, entries, &verification, explainer)

      let source = CheckpointChunks(entries: pairs.map(\.entry))
      let verifier = ChunkVerifier(store: store, tensors: pairs.map(\.tensor))
      let total = pairs.reduce(0) { $0 + $1.tensor.recipe.byteCount }
      var mismatches: [Int: ChunkMismatches] = [:]
      try ChunkPipeline<ChunkID>(threads: threads, memory: .pooled).run(
        allChunks(pairs.map(\.tensor.recipe.byteCount)), totalBytes: total
      ) { chunks, buffers in
        verifier.compare(chunks, try source.read(chunks, into: buffers), buffers)
      } consume: { batch in
        for chunk in batch {
          verification.fileChunks += 1
          verification.byteCount += chunk.bytes.count
          mismatches[chunk.item.tensor, default: ChunkMismatches()]
            .add(chunk.item.chunk.index, chunk.result ?? .unreadable)
        }
        try progress?(verification.byteCount, total)
      }
      for (index, mismatch) in mismatches.sorted(by: { $0.key < $1.key }) where !mismatch.differing.isEmpty {
        let (tensor, entry) = pairs[index]
        try progress?(verification.byteCount, total)
        verification.findings.append(
          finding(
            tensor, entry, mismatch, explainer, explain: verification.findings.count < MismatchExplainer.limit))
      }
      verification.duration = .now - start
      return verification
    }
  }

  /// Matches the tensors of the run and of the checkpoint by name. Returns the pairs whose elements can be compared,
  /// and adds a finding for every other tensor.
  private func matchNames(
    _ tensors: [TensorRecord], _ entries: [Checkpoint.Entry], _ verification: inout Verification,
    _ explainer: MismatchExplainer
  ) -> [(tensor: TensorRecord, entry: Checkpoint.Entry)] {
    let byName = entries.firstByName(\.name)
    var pairs: [(TensorRecord, Checkpoint.Entry)] = []
    for tensor in tensors {
      let recipe = tensor.recipe
      guard let entry = byName[tensor.name] else {
        verification.findings.append(.init(.missing, tensor.name, "the file does not hold this tensor"))
        continue
      }
      if entry.dtype != recipe.dtype {
        var finding = Verification.Finding(
          .dtype, tensor.name,
          "the dtype is \(recipe.dtype) in the run and \(entry.dtype?.rawValue ?? entry.code) in the file")
        finding.likelyCause = explainer.otherDType(tensor, entry)
        verification.findings.append(finding)
      }
      if entry.shape != recipe.shape {
        var finding = Verification.Finding(
          .shape, tensor.name, "the shape is \(recipe.shape) in the run and \(entry.shape) in the file")
        finding.likelyCause = explainer.otherShape(tensor, entry)
        verification.findings.append(finding)
      }
      if entry.dtype == recipe.dtype, entry.shape == recipe.shape { pairs.append((tensor, entry)) }
    }
    let known = Set(tensors.map(\.name))
    for entry in entries where !known.contains(entry.name) {
      verification.findings.append(.init(.unexpected, entry.name, "the file holds this tensor, and the run does not"))
    }
    return pairs
  }

  private func finding(
    _ tensor: TensorRecord, _ entry: Checkpoint.Entry, _ mismatch: ChunkMismatches, _ explainer: MismatchExplainer,
    explain: Bool
  ) -> Verification.Finding {
    guard let difference = mismatch.difference else {
      var finding = Verification.Finding(
        .values, tensor.name,
        "\(mismatch.differing.count) chunks differ from their recorded digests, and no recipe gives the recorded bytes. Verify the run itself"
      )
      finding.chunks = mismatch.differing
      return finding
    }
    let total = tensor.recipe.shape.elementCount
    let verb = difference.count == 1 ? "differs" : "differ"
    var finding = Verification.Finding(
      .values, tensor.name, "\(difference.count) of \(total) elements \(verb); \(difference.text)")
    finding.difference = difference
    finding.chunks = mismatch.differing
    if explain { finding.likelyCause = explainer.otherValues(tensor, entry, difference) }
    return finding
  }
}
