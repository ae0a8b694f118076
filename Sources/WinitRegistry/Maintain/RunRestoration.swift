// The runs of a damaged file: each is checked against its manifest, and restored from what was found of it.

import WinitCore
import WinitJSON
import WinitSpec
import WinitStorage

/// Checks the salvaged runs one by one. A run whose tensors do not make its manifest gets them again from the manifest;
/// a run whose manifest is lost gets it again from its tensors. A run of which neither is possible is lost.
struct RunRestoration {
  let salvage: Salvage
  /// Whether the chunks were written to the new registry, so that the tensors can refer to them.
  let linksChunks: Bool
  let progress: ProgressHandler?
  private var report = SalvageReport()
  /// The chunk digests of tensors of one chunk, by the digests of the tensors. Filled at the first use.
  private var singleChunks: [SHA256Digest: SHA256Digest]?

  init(_ salvage: Salvage, linksChunks: Bool, progress: ProgressHandler?) {
    (self.salvage, self.linksChunks, self.progress) = (salvage, linksChunks, progress)
  }

  private var store: Store { salvage.target }

  /// Checks and restores all runs.
  mutating func run() throws -> SalvageReport {
    for row in try salvage.runRows() {
      do { try restore(row) } catch let failure as Failure {
        try salvage.lose(row, failure.problem)
      } catch StoreError.damaged(_, let what) { try salvage.lose(row, what) }
      try progress?(0, 0)
    }
    try salvage.listOtherLostRuns()
    report.lostRuns = salvage.lostRuns.map(SalvageReport.LostRun.init)
    return report
  }

  /// The reason why a run is lost.
  private struct Failure: Error { let problem: String }

  private mutating func restore(_ row: Int64) throws {
    guard var run = try readable({ try store.run(row: row) }) else {
      throw Failure(problem: "its record cannot be read")
    }
    var tensors = try readable { try store.tensors(of: run) }
    if try salvage.lacksManifest(run) {
      guard let tensors else { throw Failure(problem: "its manifest and a part of its tensors cannot be read") }
      guard try salvage.restoreManifest(of: run, Manifest(seed: run.seed, tensors: tensors.map(\.manifestEntry))) else {
        throw Failure(problem: "its manifest cannot be read, and nothing proves that its tensors are intact")
      }
      run = try store.current(run)
    }
    var areRestored = false
    if let tensors { run = try recordSize(of: run, tensors) }
    let findings = try tensors.map { try store.recordFindings(run, $0) } ?? []
    if tensors == nil || !findings.isEmpty {
      // A run of an earlier law cannot be restored, and one that is complete need not be.
      if tensors == nil || run.lawVersion == lawVersion {
        try salvage.replaceTensors(of: run, restoredTensors(of: run))
        let restored = try store.tensors(of: run)
        run = try recordSize(of: run, restored)
        tensors = restored
        areRestored = true
        guard try store.recordFindings(run, restored).isEmpty else {
          throw Failure(problem: "its tensors differ from its manifest")
        }
      }
    }
    guard var tensors else { return }
    var problems: [String] = []
    if salvage.runsOfIndices.contains(row) {
      problems.append("its note, experiment, machine, preset and parent are lost")
      if try !salvage.wasStored(tensors, areRestored: areRestored) {
        try salvage.setStored(run, false)
        run = try store.current(run)
        tensors = try store.tensors(of: run)
      }
    }
    if linksChunks { try salvage.linkChunks(of: tensors) }
    let lost = tensors.filter { $0.isStored && !$0.recipe.isRegenerable }.flatMap(\.chunkDigests).count {
      !salvage.chunks.contains($0)
    }
    if lost > 0 { problems.append("\(lost) of its chunks are lost, and no recipe of the run gives them") }
    report.runCount += 1
    if !problems.isEmpty {
      report.incompleteRuns.append(.init(reference: run.reference, problem: problems.joined(separator: "; ")))
    }
  }

  /// Records the size of a run, and returns the run with it.
  private func recordSize(of run: RunRecord, _ tensors: [TensorRecord]) throws -> RunRecord {
    try store.setSize(of: run, RunSize(tensors))
    return try store.current(run)
  }

  /// Returns what can be read; nil for a record with invalid values.
  private func readable<T>(_ read: () throws -> T?) throws -> T? {
    do { return try read() } catch StoreError.damaged { return nil }
  }

  /// Returns the tensors that the manifest of a run describes, in the order of the spec as far as it is known.
  private mutating func restoredTensors(of run: RunRecord) throws -> [NewTensor] {
    let manifest: Manifest
    do throws(ManifestError) { manifest = try Manifest(json: json(of: run)) } catch {
      throw Failure(problem: "some of its tensors cannot be read, and its manifest does not give them: \(error)")
    }
    var graph = RecipeGraph(
      manifest.tensors.map {
        RecipeGraph.Node(
          name: $0.name, seed: $0.seed ?? manifest.seed, stream: $0.stream, dtype: $0.dtype, shape: $0.shape,
          law: $0.law)
      })
    let recipes: [Recipe]
    do throws(TensorFailure) { recipes = try graph.all() } catch {
      throw Failure(problem: "some of its tensors cannot be read, and its manifest does not give them: \(error)")
    }
    let found = try salvage.foundTensors(of: run)
    let chunks = try chunkDigests(manifest, recipes, found)
    let schemes = Plan(manifest, literals: [:]).tensors.map(\.record)
    let tensors = manifest.tensors.indices.map { index in
      let tensor = manifest.tensors[index]
      return NewTensor(
        name: tensor.name, scheme: found[tensor.name]?.scheme ?? schemes[index], recipe: recipes[index],
        chunkDigests: chunks[index], tiedTo: tensor.tiedTo)
    }
    // The tensors that were found keep their positions, and the others take those between.
    var places = [NewTensor?](repeating: nil, count: tensors.count)
    var others: [NewTensor] = []
    for tensor in tensors {
      if let position = found[tensor.name]?.position, places.indices.contains(position), places[position] == nil {
        places[position] = tensor
      } else {
        others.append(tensor)
      }
    }
    var rest = others.makeIterator()
    return places.compactMap { $0 ?? rest.next() }
  }

  private func json(of run: RunRecord) -> JSONValue {
    (try? JSONValue(parsing: store.manifest(of: run))) ?? .null
  }

  /// Returns the chunk digests of each tensor of a manifest: those that were found, or those of equal tensors, or those
  /// that the recipe gives.
  private mutating func chunkDigests(
    _ manifest: Manifest, _ recipes: [Recipe], _ found: [TensorName: FoundTensor]
  ) throws -> [DigestList] {
    var chunks: [DigestList?] = []
    for (tensor, recipe) in zip(manifest.tensors, recipes) {
      let list = try found[tensor.name]?.chunkDigests ?? salvage.chunkDigests(ofTensorWith: tensor.digest)
      let isRight = list.map { $0.count == recipe.chunkCount && SHA256Digest(ofChunks: $0) == tensor.digest } ?? false
      chunks.append(isRight ? list : otherDigests(tensor, recipe))
    }
    let missing = chunks.indices.filter { chunks[$0] == nil }
    let source = RegeneratedChunks(recipes: missing.map { recipes[$0] })
    var digests = source.recipes.map { DigestList(repeatingZero: $0.chunkCount) }
    let sizes = source.recipes.map(\.byteCount)
    try ChunkPipeline<ChunkID>(threads: nil, memory: .none).run(allChunks(sizes), totalBytes: sizes.reduce(0, +)) {
      chunks, _ in
      try source.digests(chunks)
    } consume: { batch in
      for chunk in batch {
        if let digest = chunk.result.digest { digests[chunk.item.tensor][chunk.item.chunk.index] = digest }
      }
      try progress?(0, 0)
    }
    for (index, list) in zip(missing, digests) {
      guard SHA256Digest(ofChunks: list) == manifest.tensors[index].digest else {
        throw Failure(
          problem:
            "the row of tensor `\(manifest.tensors[index].name)` cannot be read, and no recipe gives the digests of its chunks"
        )
      }
      chunks[index] = list
    }
    return chunks.compactMap(\.self)
  }

  /// Returns the chunk digests of a tensor of at most one chunk; nil if the chunk was not found.
  private mutating func otherDigests(_ tensor: Manifest.Tensor, _ recipe: Recipe) -> DigestList? {
    if recipe.chunkCount == 0 { return [] }
    guard recipe.chunkCount == 1 else { return nil }
    if singleChunks == nil {
      singleChunks = Dictionary(salvage.chunks.map { (SHA256Digest(ofChunks: [$0]), $0) }) { first, _ in first }
    }
    return singleChunks?[tensor.digest].map { [$0] }
  }
}
