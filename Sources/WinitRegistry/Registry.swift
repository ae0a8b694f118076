// A registry: one SQLite file, and the lookup of runs. The other use cases are extensions, each in a file of its own.

import WinitCore
import WinitStorage

/// A registry of initializations: one SQLite file.
///
/// ```swift
/// let registry = try Registry(openingOrCreating: "winit.sqlite")
/// let spec = try ModelSpec(contentsOf: "gpt2.yaml")
/// let run = try registry.create("gpt2", spec: spec, seed: 42).run
/// let weights = try registry.floats(of: "transformer.wte.weight", in: run)
/// ```
///
/// A value is a handle of the file: copies share the open file, which is closed with the last copy.
///
/// **Threads.** A registry is safe to use from several threads at a time, and several processes may use one file at a
/// time. Every method blocks the calling thread until its work is done. Methods that read or write tensors use worker
/// threads (`threads`; nil for one per processor), keep at most eight buffers of 17 MiB, whatever the size of the
/// model, and take a ``ProgressHandler``, which can stop them. The bits do not depend on the number of threads.
///
/// **Errors.** Every method throws ``RegistryError``; the documentation of a method names the codes that depend on its
/// arguments. In addition, every method that uses the file can fail with the code `damagedRegistry` or `io`. A method
/// that throws has changed nothing, or has rolled back what it did, except where its documentation says otherwise.
public struct Registry: Sendable {
  private let file: StoreFile

  /// The path of the file, as it was given.
  public var path: String { file.path }

  /// Opens a registry that exists.
  ///
  /// - Parameter path: the path of the file. A file with an older schema is migrated.
  /// - Throws: `RegistryError` with the code `registryNotFound` if there is no file, `invalidRegistry` if the file is
  ///   not a registry or has a newer schema, or `networkFileSystem`.
  public init(opening path: String) throws {
    file = StoreFile(try translatingErrors { try Store.open(path) })
  }

  /// Opens a registry, or prepares one if there is no file. The first create or import creates the file; until then
  /// the registry has no runs.
  ///
  /// - Parameter path: the path of the file, whose folder must exist.
  /// - Throws: `RegistryError` with the code `invalidRegistry` if the file is not a registry or has a newer schema,
  ///   `networkFileSystem`, or `fileNotFound` if the folder does not exist.
  public init(openingOrCreating path: String) throws {
    file = try translatingErrors { try StoreFile(openingOrCreating: path) }
  }

  init(_ store: Store) { file = StoreFile(store) }

  /// The open file. Without a file, an empty registry in memory, in which nothing can be found or changed.
  var store: Store { get throws { try file.existing() } }

  /// Whether the file exists.
  var hasFile: Bool { get throws { try file.exists() } }

  /// The open file, for runs that are added. Without a file, creates it.
  func storeForNewRuns() throws -> Store { try file.existingOrNew() }

  /// Returns a page of the runs that a query selects; without a query all runs, newest first.
  ///
  /// - Throws: `RegistryError` with the code `damagedRegistry` or `io`.
  public func runs(_ query: RunQuery = RunQuery()) throws -> [Run] {
    try translatingErrors { try store.runs(query.filter).map(Run.init) }
  }

  /// Returns the number of runs that a query selects, on all pages: ``RunQuery/after`` and ``RunQuery/limit`` have no
  /// effect.
  ///
  /// - Throws: `RegistryError` with the code `damagedRegistry` or `io`.
  public func runCount(_ query: RunQuery = RunQuery()) throws -> Int {
    try translatingErrors { try store.count(query.filter) }
  }

  /// Returns the run that a reference names.
  ///
  /// - Parameters:
  ///   - reference: `gpt2` (the latest version), `gpt2:v2`, `gpt2:baseline` (an alias), `gpt2@sha256:…` or `sha256:…`
  ///     (the first digits of the id are enough).
  ///   - includingDeleted: whether a deleted run is returned; otherwise a reference to it is the error `runDeleted`.
  /// - Throws: `RegistryError` with the code `runNotFound`, `ambiguousID`, `invalidReference`, `runDeleted` or
  ///   `runCollected`.
  public func run(_ reference: String, includingDeleted: Bool = false) throws -> Run {
    try translatingErrors {
      let reference = try RunReference(parsing: reference)
      guard let record = try find(reference) else {
        if case .version = reference, let time = try store.collectionTime(of: reference.description) {
          throw RegistryError.runCollected(reference.description, at: time)
        }
        throw RegistryError.runNotFound(reference.description, path: path, suggestion: try suggestion(for: reference))
      }
      let run = Run(record)
      guard includingDeleted || record.deletedAt == nil else { throw RegistryError.runDeleted(run) }
      return run
    }
  }

  /// Returns the runs that references name, each run once.
  package func runs(_ references: [String], includingDeleted: Bool = false) throws -> [Run] {
    var seen: Set<String> = []
    return try references.map { try run($0, includingDeleted: includingDeleted) }
      .filter { seen.insert($0.uid).inserted }
  }

  private func find(_ reference: RunReference) throws -> RunRecord? {
    switch reference {
    case .latest(let name): return try store.run(named: name)
    case .version(let name, let version): return try store.run(named: name, version: version)
    case .alias(let name, let alias): return try store.run(named: name, alias: alias)
    case .id(let prefix, let name):
      let runs = try store.runs(idPrefix: prefix, named: name)
      var ids: [SHA256Digest] = []
      for run in runs where !ids.contains(run.id) { ids.append(run.id) }
      if ids.count > 1 { throw RegistryError.ambiguousID(reference.description, candidates: ids) }
      return runs.first
    }
  }

  /// Returns the reference that the user probably meant; nil if none is known.
  private func suggestion(for reference: RunReference) throws -> String? {
    switch reference {
    case .latest(let name), .id(_, let name?):
      return try store.newName(of: name) ?? nearest(to: name, in: store.runNames())
    case .version(let name, let version):
      if let renamed = try store.newName(of: name) { return "\(renamed):v\(version)" }
      if let latest = try store.run(named: name), latest.deletedAt == nil { return latest.reference }
      return nearest(to: name, in: try store.runNames())
    case .alias(let name, let alias):
      if let renamed = try store.newName(of: name) { return "\(renamed):\(alias)" }
      if let other = nearest(to: alias, in: try store.aliases(of: name)) { return "\(name):\(other)" }
      return nearest(to: name, in: try store.runNames())
    case .id: return nil
    }
  }

  /// Returns the tensors of a run, in the order of its spec, without their bytes.
  ///
  /// - Throws: `RegistryError` with the code `damagedRegistry` if the record cannot be read.
  public func tensors(of run: Run) throws -> [RunTensor] {
    try translatingErrors { try store.tensors(of: run.record).map(RunTensor.init) }
  }

  /// Returns the tensors of a selection. A few tensors of a large run cost no more than these tensors.
  ///
  /// - Throws: `RegistryError` with the code `tensorNotFound`, or `mismatch` if the record contradicts itself.
  package func tensors(_ selection: TensorSelection, of run: Run) throws -> [RunTensor] {
    try translatingErrors { try selectedTensors(selection, of: run).map(RunTensor.init) }
  }

  /// Returns the canonical manifest of a run, exactly as recorded. The SHA-256 of its UTF-8 bytes is the id of the run.
  ///
  /// - Throws: `RegistryError` with the code `damagedRegistry` if the record cannot be read.
  public func manifest(of run: Run) throws -> String {
    try translatingErrors { try store.manifest(of: run.record) }
  }
}

/// Reports how far a long operation has come, in bytes.
///
/// The thread that called the operation calls the handler, after each batch of at most 17 MiB. An error that the
/// handler throws stops the operation, which then rolls back what it did and throws that error unchanged. (If some
/// bytes cannot be rolled back, it throws a ``RegistryError`` with that error as ``RegistryError/underlying``.) In a
/// task, the handler can therefore call `Task.checkCancellation()`.
///
/// ```swift
/// let result = try registry.verify(run) { done, total in print("\(done) of \(total) bytes") }
/// ```
public typealias ProgressHandler = (_ doneBytes: Int, _ totalBytes: Int) throws -> Void
