// create: resolves a spec, fills, hashes and stores its tensors, and records the run in one commit.

import Foundation
import WinitCore
import WinitDiagnosis
import WinitJSON
package import WinitSpec
import WinitStorage

/// The result of creating a run or of importing a checkpoint.
public struct CreateReceipt: Sendable {
  /// The run, which is recorded durably.
  public let run: Run
  /// The bytes added to the registry as new chunks.
  public let storedBytes: Int
  /// The bytes of the run that the registry had already, or that occur more than once in the run.
  package let sharedBytes: Int
  /// Warnings about the spec, each with its file and line, and the warning that the git commit is not recorded.
  public let warnings: [String]
  /// The time that the operation took.
  package let duration: Duration
  /// The references of other runs of the registry with the same id, oldest first and at most 100.
  package var sameID: [String] = []
  /// The runs whose tensors a graft has; empty for any other run.
  package var sources: [TensorSource] = []

  /// A run, and the number of tensors that another run took from it.
  package struct TensorSource: Sendable {
    package let reference: String
    package let tensorCount: Int
  }
}

extension Store {
  /// Returns the references of the other runs with the id of a run that was just recorded. The run is durable, so a
  /// failure to read must not look like a failure to record it: then no run is named.
  func sameID(as run: RunRecord) -> [String] { (try? referencesOfOthers(withIDOf: run)) ?? [] }
}

extension Registry {
  /// Creates a run and records it as the next version of its name.
  ///
  /// The run becomes visible in one transaction, after which a power cut loses nothing. A create that fails or is
  /// stopped rolls back the chunks that it added.
  ///
  /// ```swift
  /// let receipt = try registry.create("gpt2", spec: ModelSpec(contentsOf: "gpt2.yaml"), seed: 42)
  /// print(receipt.run.reference, receipt.run.id)
  /// ```
  ///
  /// - Parameters:
  ///   - name: letters, digits, `.`, `_`, `/` and `-`, at most 255.
  ///   - spec: the tensors of the model and their schemes.
  ///   - seed: any 64-bit unsigned integer.
  ///   - options: the dtype, what is stored, the number of threads, and the metadata of the run.
  ///   - progress: called with the bytes that were filled and the size of all tensors. An error that the handler throws
  ///     stops the create.
  /// - Returns: the run, and the bytes that were added to the file.
  /// - Throws: `RegistryError` with the code `invalidSpec` if a tensor has no valid scheme, shape or dtype,
  ///   `invalidName` for the name or the key of a tag, `tooLarge` for more than 16 TiB, `fileNotFound` or `invalidFile`
  ///   for the checkpoint that the spec or ``CreateOptions/like`` names, or `io`, for example on a full disk.
  public func create(
    _ name: String, spec: ModelSpec, seed: UInt64, options: CreateOptions = CreateOptions(),
    progress: ProgressHandler? = nil
  ) throws -> CreateReceipt {
    try create(name, spec: spec, seed: seed, options: options, progress: progress) { _ in }
  }

  /// Creates a run. Reports each warning about the spec before the first tensor is filled, and the warning that the
  /// git commit is not recorded at the end.
  ///
  /// - Parameter planned: the plan of the spec with these options, if the caller has made it already.
  package func create(
    _ name: String, spec: ModelSpec, planned: Plan? = nil, seed: UInt64, options: CreateOptions,
    progress: ProgressHandler?, onWarning: (String) -> Void
  ) throws -> CreateReceipt {
    try translatingErrors {
      let plan = try planned ?? spec.plan(dtype: options.dtype, like: options.like)
      for warning in plan.warningTexts { onWarning(warning) }
      try Registry.check(name, plan)
      let receipt = try create(
        name, plan, plan.recipes(seed: seed), seed: seed, options: options, progress: progress)
      for warning in receipt.run.gitWarnings { onWarning(warning) }
      return receipt
    }
  }

  /// Creates a run from a plan and the recipes of its tensors.
  func create(
    _ name: String, _ plan: Plan, _ recipes: [Recipe], seed: UInt64, from origin: NewRunOrigin = .spec,
    options: CreateOptions, progress: ProgressHandler?
  ) throws -> CreateReceipt {
    let start = ContinuousClock.now
    let producer = try Producer(options)
    let environment = options.recordsEnvironment ? Environment(producer) : nil
    let tags = try checkedTags(options.tags)
    let details = WinitStorage.RunDetails.bounded(
      skipped: plan.skipped, metadata: plan.metadata, network: plan.network?.json, allowed: plan.allowed.map(\.json),
      meantConstants: plan.meantConstants)
    let source = PlannedChunks(
      recipes: recipes, literals: try plan.literals(recipes), names: plan.tensors.map(\.name))
    try Recipe.checkMemory(
      zip(plan.tensors, recipes).lazy.filter { $1.isRegenerable }.map { ($0.name, $1) })
    // A manifest that cannot be imported, and an element that has no value, create no registry.
    if try !hasFile {
      if case .manifest(_, let recipe) = origin {
        try check(try digests(of: source, threads: options.threads), against: recipe)
      } else {
        _ = try digests(of: source.fallible, threads: options.threads)
      }
    }
    return try addingRuns { store, isNew in
      let total = recipes.reduce(0) { $0 + $1.byteCount }
      var digests = recipes.map { DigestList(repeatingZero: $0.chunkCount) }
      return try ChunkWriter.run(
        store, isNew: isNew, total: total, threads: options.threads, progress: progress
      ) { writer in
        let run = try writer.write(loads(source, recipeOnly: options.recipeOnly)) {
          digests[$0.tensor][$0.chunk.index]
        } added: { id, digest in
          digests[id.tensor][id.chunk.index] = digest
        } commit: {
          var new = NewRun(
            name: name, seed: seed, isStored: !options.recipeOnly, createdAt: recordText(.now),
            toolVersion: Registry.version,
            tensors: zip(plan.tensors, zip(recipes, digests)).map { tensor, made in
              NewTensor(
                name: tensor.name, scheme: tensor.record, recipe: made.0, chunkDigests: made.1, tiedTo: tensor.tiedTo)
            })
          new.host = environment?.host ?? .object([])
          new.git = try environment?.git()
          new.preset = plan.preset?.json
          new.isImported = origin.isCaptured
          new.details = details.recorded
          new.experiment = options.experiment
          new.tags = tags
          new.note = options.note
          new.parent = options.parent?.uid
          if case .manifest(_, let recipe) = origin { try check(digests, against: recipe) }
          let event = Event(origin.action, origin.detail, by: environment == nil ? .object([]) : currentActor())
          return try store.commit(new, lease: writer.lease, event)
        }
        let keptBytes = zip(recipes, source.literals).reduce(0) {
          $0 + (options.recipeOnly && $1.1 == nil ? 0 : $1.0.byteCount)
        }
        return CreateReceipt(
          run: Run(run), storedBytes: writer.storedBytes, sharedBytes: keptBytes - writer.storedBytes,
          warnings: plan.warningTexts + details.warnings + Run(run).gitWarnings, duration: .now - start,
          sameID: store.sameID(as: run))
      }
    }
  }

  /// Returns the chunks of a plan that are written. For a recipe-only run only the literals are stored, because no
  /// recipe regenerates them.
  private func loads(_ source: PlannedChunks, recipeOnly: Bool) -> [ChunkWriter.Load] {
    let sizes = source.recipes.map(\.byteCount)
    let chunks = allChunks(sizes)
    let isQuick = ChunkPipeline<ChunkID>.isFasterWithoutWorkers(
      byteCount: sizes.reduce(0, +), recipes: source.recipes)
    func stored(_ chunks: some Sequence<ChunkID>) -> ChunkWriter.Load {
      ChunkWriter.Load(chunks, usesCallingThread: isQuick) { try source.read($0, into: $1).compactMap(\.digest) }
    }
    guard recipeOnly else { return [stored(chunks)] }
    let recipes = ChunkWriter.Load(
      chunks.lazy.filter { !source.isLiteral($0) }, keepsBytes: false, usesCallingThread: isQuick
    ) { chunks, _ in
      try source.digests(chunks).compactMap(\.digest)
    }
    guard source.literals.contains(where: { $0 != nil }) else { return [recipes] }
    return [recipes, stored(chunks.lazy.filter { source.isLiteral($0) })]
  }

  /// The maximum size of a run: 16 TiB, a few trillion parameters.
  static let largestRun = 1 << 44

  /// Checks the name of a new run, and the names and the size of its tensors.
  ///
  /// - Throws: `RegistryError` with the code `invalidName`, `invalidFile` for the name of a tensor, or `tooLarge`.
  static func check(_ name: String, _ plan: Plan) throws {
    try RegistryError.checkNewName(name)
    var total = 0
    for tensor in plan.tensors {
      if let problem = tensor.name.problem {
        throw RegistryError(.invalidFile, "tensor \(quoted: tensor.name) cannot be recorded: \(problem)")
      }
      let (sum, overflow) = total.addingReportingOverflow(tensor.shape.byteCount(tensor.dtype))
      guard !overflow, sum <= Registry.largestRun else { throw RegistryError.tooLarge }
      total = sum
    }
  }
}

/// What a new run is made from.
enum NewRunOrigin {
  case spec
  /// A checkpoint with this file name.
  case checkpoint(String)
  /// A manifest in a file with this name.
  case manifest(String, RecipeManifest)

  /// The action in the history.
  var action: String {
    switch self {
    case .spec: "create"
    case .checkpoint: "capture"
    case .manifest: "import"
    }
  }

  /// The detail of the action in the history.
  var detail: JSONValue {
    switch self {
    case .spec: .object([])
    case .checkpoint(let file), .manifest(let file, _): ["file": .string(file)]
    }
  }

  /// Whether the run has bytes only, without recipe and seed. The manifest of an imported run has literals and the seed
  /// 0.
  var isCaptured: Bool {
    switch self {
    case .spec: false
    case .checkpoint: true
    case .manifest(_, let recipe):
      recipe.manifest.seed == 0 && recipe.manifest.tensors.allSatisfy { $0.law == .literal }
    }
  }
}

extension ChunkRead {
  /// The digest of the bytes that were read.
  var digest: SHA256Digest? { if case .read(let digest) = self { digest } else { nil } }
}
