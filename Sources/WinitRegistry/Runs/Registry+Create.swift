// create: resolve, fill, hash, store, and make the run visible at the very end.

import Foundation
public import WinitCore
import WinitJSON
public import WinitSpec
public import WinitStorage

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
  /// The experiment the run belongs to.
  public var experiment: String?
  /// Tags; of several with one key the last counts.
  public var tags: [Tag] = []
  /// Words about it.
  public var note = ""
  /// The run it comes from.
  public var parent: Run?
  /// Whether facts about machine, user and git checkout are recorded.
  public var captures = true

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
    return try create(name, plan, recipes, seed: seed, options: options, progress: progress)
  }

  func create(
    _ name: String, _ plan: Plan, _ recipes: [Recipe], seed: UInt64, captured file: String? = nil,
    options: CreateOptions, progress: ProgressHandler?
  ) throws -> CreateReceipt {
    let start = ContinuousClock.now
    let facts = options.captures ? Environment() : nil
    let creation = Creation(recipes: recipes, literals: plan.tensors.map(\.literal), options: options)
    let total = recipes.reduce(0) { $0 + $1.byteCount }
    return try ChunkWriter.run(store, total: total, threads: options.threads, progress: progress) { writer in
      try creation.fill(allChunks(recipes.map(\.byteCount)), writer)
      var new = NewRun(
        name: name, seed: seed, isStored: !options.recipeOnly, createdAt: Date.now.formatted(.iso8601),
        toolVersion: toolVersion,
        tensors: zip(plan.tensors, zip(recipes, creation.digests)).map { tensor, made in
          NewTensor(
            name: tensor.name, scheme: tensor.record, recipe: made.0, chunkDigests: made.1,
            tiedTo: tensor.tiedTo)
        })
      new.host = facts?.host ?? .object([])
      new.git = facts?.git()
      new.isImported = file != nil
      new.experiment = options.experiment
      new.tags = try RunMetadataUpdate.checked(options.tags)
      new.note = options.note
      new.parent = options.parent?.uid
      let event = Event(
        file == nil ? "create" : "capture", file.map { ["file": .string($0)] } ?? .object([]),
        by: facts?.actor ?? .object([]))
      let run = try writer.commit {
        try store.commit(new, lease: writer.lease, event)
      } again: { missing in
        try creation.fill(
          allChunks(recipes.map(\.byteCount)).filter { missing.contains(creation.digest(of: $0)) }, writer)
      }
      guard let run else { throw RegistryError.usage("a run that is made anew has an identity of its own") }
      return CreateReceipt(
        run: run, storedBytes: writer.storedBytes, sharedBytes: creation.keptBytes - writer.storedBytes,
        warnings: plan.warnings, duration: .now - start)
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

/// What a create under way has filled.
private final class Creation {
  private let recipes: [Recipe]
  private let literals: [LiteralBytes?]
  private let recipeOnly: Bool
  private(set) var digests: [DigestList]

  init(recipes: [Recipe], literals: [LiteralBytes?], options: CreateOptions) {
    self.recipes = recipes
    self.literals = literals
    recipeOnly = options.recipeOnly
    digests = recipes.map { DigestList(repeatingZero: $0.chunkCount) }
  }

  /// Bytes of the tensors that the store has to hold.
  var keptBytes: Int {
    zip(recipes, literals).reduce(0) { $0 + (recipeOnly && $1.1 == nil ? 0 : $1.0.byteCount) }
  }

  func digest(of task: ChunkID) -> Digest { digests[task.tensor][task.chunk.index] }

  /// Fills and hashes chunks, and adds them to the store; of a recipe only the literals.
  func fill(_ tasks: some Sequence<ChunkID>, _ writer: ChunkWriter) throws {
    guard recipeOnly else { return try fill(tasks, keepingBytes: true, writer) }
    let literals = literals
    try fill(tasks.lazy.filter { literals[$0.tensor] == nil }, keepingBytes: false, writer)
    if literals.contains(where: { $0 != nil }) {
      try fill(tasks.lazy.filter { literals[$0.tensor] != nil }, keepingBytes: true, writer)
    }
  }

  private func fill(_ tasks: some Sequence<ChunkID>, keepingBytes: Bool, _ writer: ChunkWriter) throws {
    let (recipes, literals) = (recipes, literals)
    try writer.add(tasks, keepingBytes: keepingBytes) { tasks, buffers in
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
    } seen: { task, digest in
      digests[task.tensor][task.chunk.index] = digest
    }
  }
}
