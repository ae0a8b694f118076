// import of a manifest: fills, compares every digest, and records the run.

import WinitCore
import WinitFiles
import WinitJSON
import WinitSpec
import WinitStorage

extension Registry {
  /// Records the run that a manifest describes, as the next version of a name. Every tensor is filled, or read from the
  /// file of literals beside the manifest, and must have the digest that the manifest gives. So the run has the id of
  /// the manifest. A digest that the manifest lacks is computed.
  ///
  /// - Parameters:
  ///   - name: letters, digits, `.`, `_`, `/` and `-`, at most 255.
  ///   - options: what is stored, the number of threads, and the metadata of the run. `dtype` and `like` do not apply.
  ///   - progress: called with the bytes that were filled and the size of all tensors.
  /// - Throws: `RegistryError` with the code `mismatch` if a tensor does not have its digest, `fileNotFound` if the
  ///   file of literals is missing, `invalidFile` if a law does not fit its tensor or the literals do not fit the
  ///   manifest, `invalidName`, `tooLarge` for more than 16 TiB, or `io`.
  package func importManifest(
    _ file: ManifestFile, as name: String, options: CreateOptions = CreateOptions(), progress: ProgressHandler? = nil
  ) throws -> CreateReceipt {
    try translatingErrors {
      let manifest = file.manifest
      guard !manifest.tensors.isEmpty else {
        throw RegistryError(.invalidFile, "\(file.path): the manifest has no tensors", subject: file.path)
      }
      let plan = Plan(manifest, literals: try literals(file))
      try Registry.check(name, plan)
      return try create(
        name, plan, recipes(file), seed: manifest.seed,
        from: .manifest(String(file.path.dropFirst(folderPrefix(of: file.path).count)), file.recipe), options: options,
        progress: progress)
    }
  }

  /// Returns the recipes of a manifest.
  private func recipes(_ file: ManifestFile) throws -> [Recipe] {
    var graph = RecipeGraph(
      file.manifest.tensors.map {
        RecipeGraph.Node(
          name: $0.name, seed: $0.seed ?? file.manifest.seed, stream: $0.stream, dtype: $0.dtype, shape: $0.shape,
          law: $0.law)
      })
    do throws(TensorFailure) { return try graph.all() } catch {
      throw RegistryError(.invalidFile, "\(file.path): \(error)", subject: file.path)
    }
  }

  /// Returns the places of the literals in the file beside the manifest.
  private func literals(_ file: ManifestFile) throws -> [TensorName: LiteralBytes] {
    let wanted = file.manifest.tensors.filter(\.isLiteral)
    guard let first = wanted.first else { return [:] }
    let path = ManifestFile.literalsPath(file.path)
    let entries: [TensorName: Checkpoint.Entry]
    do { entries = try Checkpoint(path).entries.firstByName(\.name) } catch let error as FileError
      where error.isNotFound
    {
      throw RegistryError(
        .fileNotFound,
        "there is no file \(path), which holds the bytes of \(quoted: first.name)\(wanted.count > 1 ? " and of \(wanted.count - 1) other literals" : ""). Put it beside the manifest; `export --manifest` writes both",
        subject: path, underlying: error)
    }
    var places: [TensorName: LiteralBytes] = [:]
    for tensor in wanted {
      guard let entry = entries[tensor.name], entry.dtype == tensor.dtype, entry.shape == tensor.shape else {
        throw RegistryError(
          .invalidFile,
          "\(path) does not hold the literal \(quoted: tensor.name) as \(tensor.dtype) \(tensor.shape), which the manifest needs",
          subject: path)
      }
      places[tensor.name] = .checkpoint(entry.bytes)
    }
    return places
  }

  /// Returns the chunk digests of each tensor of a plan, without storing anything.
  func digests(of source: PlannedChunks, threads: Int?) throws -> [DigestList] {
    let sizes = source.recipes.map(\.byteCount)
    var digests = source.recipes.map { DigestList(repeatingZero: $0.chunkCount) }
    try ChunkPipeline<ChunkID>(threads: threads, memory: .pooled).run(
      allChunks(sizes), totalBytes: sizes.reduce(0, +)
    ) {
      try source.read($0, into: $1).map(\.digest)
    } consume: { batch in
      for chunk in batch {
        if let digest = chunk.result { digests[chunk.item.tensor][chunk.item.chunk.index] = digest }
      }
    }
    return digests
  }

  /// Checks that tensors have the digests of a manifest. If the manifest lacks none, the run has its id, because it has
  /// the same recipes.
  ///
  /// - Parameter digests: the chunk digests of each tensor, in the order of the manifest.
  func check(_ digests: [DigestList], against recipe: RecipeManifest) throws {
    for (tensor, chunks) in zip(recipe.manifest.tensors, digests) where !recipe.lacksDigest(tensor) {
      let digest = SHA256Digest(ofChunks: chunks)
      guard digest == tensor.digest else {
        throw RegistryError.mismatch(
          "the manifest gives tensor \(quoted: tensor.name) the digest \(tensor.digest), but its \(tensor.law.hasLiteral ? "literal has" : "recipe gives") \(digest). Nothing was recorded"
        )
      }
    }
  }
}
