// create: resolve, fill, hash, store, and make the run visible at the very end.

import CanonicalJSON
import Foundation
import InitLaw
public import ModelSpec
public import Store
public import Tensors

/// How a run is to be created.
public struct CreateOptions: Sendable {
  /// Replaces the dtype of floating-point tensors; nil for what the spec and `like` say.
  public var dtype: DType?
  /// A .safetensors file, or a sharded checkpoint's index, that names, shapes and dtypes are taken from, instead of
  /// the spec's own `like`.
  public var like: String?
  /// Record the recipe and the digests without the bytes.
  public var recipeOnly = false
  /// How many threads fill and hash; nil for one per processor.
  public var threads: Int?

  /// The defaults.
  public init() {}
}

/// What a create did.
public struct CreateReceipt: Sendable {
  /// The run, now recorded durably.
  public let run: Run
  /// Bytes added to the registry as new chunks.
  public let storedBytes: Int
  /// Bytes that the registry held already, or that stand in the run more than once.
  public let sharedBytes: Int
  /// What is odd about the spec but not wrong.
  public let warnings: [SpecDiagnostic]
  /// How long filling, hashing and storing took.
  public let duration: Duration
}

extension Registry {
  /// Creates a run and records it as the next version of its name.
  ///
  /// All or nothing: the run becomes visible in one transaction, after which a power cut loses nothing; a create
  /// that fails or is stopped takes back the chunks it added.
  ///
  /// - Parameters:
  ///   - name: letters, digits, `.`, `_`, `/` and `-`.
  ///   - spec: the model.
  ///   - seed: any 64-bit unsigned integer.
  /// - Throws: `RegistryError`, `SpecError`, `StoreError`, or what `progress` throws.
  public func create(
    _ name: String, spec: ModelSpec, seed: UInt64, options: CreateOptions = CreateOptions(),
    progress: ProgressHandler? = nil
  ) throws -> CreateReceipt {
    try create(
      name, plan: spec.plan(dtype: options.dtype, like: options.like), seed: seed, options: options,
      progress: progress)
  }

  /// Creates a run from a spec that is already resolved.
  public func create(
    _ name: String, plan: Plan, seed: UInt64, options: CreateOptions = CreateOptions(),
    progress: ProgressHandler? = nil
  ) throws -> CreateReceipt {
    try Registry.check(name, plan)
    let recipes = try plan.tensors.map {
      try Recipe(seed: seed, stream: $0.streamName.stream, dtype: $0.dtype, shape: $0.shape, law: $0.law)
    }
    let start = ContinuousClock.now
    let creation = Creation(
      store: store, recipes: recipes, literals: plan.tensors.map(\.literal), options: options,
      progress: progress)
    do {
      try creation.fill(allChunks(recipes.map(\.byteCount)))
      let run = try creation.commit { chunkDigests in
        NewRun(
          name: name, seed: seed, isStored: !options.recipeOnly, createdAt: Date.now.formatted(.iso8601),
          toolVersion: toolVersion, host: hostFacts(),
          tensors: zip(plan.tensors, zip(recipes, chunkDigests)).map { tensor, made in
            NewTensor(
              name: tensor.name, scheme: tensor.record, recipe: made.0, chunkDigests: made.1,
              tiedTo: tensor.tiedTo)
          })
      }
      return CreateReceipt(
        run: run, storedBytes: creation.storedBytes,
        sharedBytes: creation.keptBytes - creation.storedBytes, warnings: plan.warnings,
        duration: .now - start)
    } catch {
      let left = creation.takeBack()
      throw left == 0 ? error : RegistryError.leftBehind(bytes: left, after: error)
    }
  }

  /// No run is larger: 16 TiB, a few trillion parameters.
  static let largestRun = 1 << 44

  /// What can be refused before a registry is opened, so that a refusal does not make one.
  public static func check(_ name: String, _ plan: Plan) throws(RegistryError) {
    guard RunName.isValid(name) else { throw .badName(name) }
    var total = 0
    for tensor in plan.tensors {
      let (sum, overflow) = total.addingReportingOverflow(tensor.shape.byteCount(tensor.dtype))
      guard !overflow, sum <= Registry.largestRun else { throw .tooLarge }
      total = sum
    }
  }
}

/// The state of a create under way.
private final class Creation {
  private let store: Store
  private let recipes: [Recipe]
  private let literals: [LiteralBytes?]
  private let options: CreateOptions
  private let progress: ProgressHandler?
  private let total: Int
  private var done = 0
  private var digests: [DigestList]
  private var added: [AddedChunk] = []
  private(set) var storedBytes = 0
  /// Bytes of the tensors that the store has to hold.
  var keptBytes: Int {
    zip(recipes, literals).reduce(0) { $0 + (options.recipeOnly && $1.1 == nil ? 0 : $1.0.byteCount) }
  }

  init(
    store: Store, recipes: [Recipe], literals: [LiteralBytes?], options: CreateOptions,
    progress: ProgressHandler?
  ) {
    self.store = store
    self.recipes = recipes
    self.literals = literals
    self.options = options
    self.progress = progress
    total = recipes.reduce(0) { $0 + $1.byteCount }
    digests = recipes.map { DigestList(repeatingZero: $0.chunkCount) }
  }

  /// Fills and hashes chunks, and adds them to the store a batch at a time; of a recipe only the literals.
  func fill(_ tasks: some Sequence<ChunkTask>) throws {
    guard options.recipeOnly else { return try fill(tasks, keepingBytes: true) }
    let literals = literals
    try fill(tasks.lazy.filter { literals[$0.tensor] == nil }, keepingBytes: false)
    if literals.contains(where: { $0 != nil }) {
      try fill(tasks.lazy.filter { literals[$0.tensor] != nil }, keepingBytes: true)
    }
  }

  private func fill(_ tasks: some Sequence<ChunkTask>, keepingBytes: Bool) throws {
    let (recipes, literals) = (recipes, literals)
    let pipeline = ChunkPipeline(threads: options.threads, keepingBytes: keepingBytes)
    try pipeline.run(tasks, totalBytes: total) { tasks, buffers in
      guard keepingBytes else {
        return Digest.each(of: tasks.map { RecipeChunk(recipes[$0.tensor], $0.chunk) })
      }
      let filled = tasks.indices.filter { literals[tasks[$0].tensor] == nil }
      let given = tasks.indices.filter { literals[tasks[$0].tensor] != nil }
      for i in given {
        try literals[tasks[i].tensor]?.read(at: tasks[i].chunk.byteRange.lowerBound, into: buffers[i])
      }
      let made = Digest.each(
        filling: filled.map { RecipeChunk(recipes[tasks[$0].tensor], tasks[$0].chunk) },
        into: filled.map { buffers[$0] })
      let read = Digest.each(of: given.map { UnsafeRawBufferPointer(buffers[$0]) })
      return zip(filled + given, made + read).sorted { $0.0 < $1.0 }.map(\.1)
    } consume: { batch in
      for chunk in batch {
        digests[chunk.task.tensor][chunk.task.chunk.index] = chunk.result
        done += chunk.task.chunk.byteCount
      }
      if keepingBytes { try store(batch) }
      try progress?(min(done, total), total)
    }
  }

  private func store(_ batch: [ChunkPipeline.Done<Digest>]) throws {
    let new = try store.addChunks(batch.map { ($0.result, $0.bytes) })
    added += new
    storedBytes += new.reduce(0) { $0 + $1.size }
    // Lets waiting readers in between two transactions.
    usleep(1500)
  }

  /// Makes the run visible. Chunks found in the store while filling may have been taken back since by another
  /// create that failed; those are made again.
  func commit(_ run: ([DigestList]) -> NewRun) throws -> Run {
    let run = run(digests)
    while true {
      do { return try store.commit(run) } catch StoreError.missingChunks(let missing) {
        try fill(
          allChunks(recipes.map(\.byteCount)).filter { task in
            missing.contains(digests[task.tensor][task.chunk.index])
          })
      }
    }
  }

  /// Takes back what was added.
  ///
  /// - Returns: how many bytes could not be; they are never visible, and used by the next create that needs them.
  func takeBack() -> Int { store.removeUnused(added) }
}
