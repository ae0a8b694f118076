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
  /// The file is opened for reading. It is opened for writing only to migrate an older schema, to roll back the journal
  /// of a writer that was killed, and before the first change.
  ///
  /// - Parameters:
  ///   - path: the path of the file.
  ///   - lockTimeout: the maximum time of one wait for another process that keeps the file locked, after which a method
  ///     fails with the code `io`; nil for 60 seconds.
  /// - Throws: `RegistryError` with the code `registryNotFound` if there is no file, `invalidRegistry` if the file is
  ///   not a registry or has a newer schema, or `networkFileSystem`.
  public init(opening path: String, lockTimeout: Duration? = nil) throws {
    file = StoreFile(try translatingErrors { try waiting(lockTimeout) { try Store.open(path) } })
  }

  /// Opens a registry that may belong to another user, and is never changed.
  ///
  /// - Throws: `RegistryError` with the code `invalidRegistry` also if the file has a schema that must be migrated to
  ///   be read, or the journal of a writer that was killed.
  package init(openingForReading path: String) throws {
    file = StoreFile(try translatingErrors { try Store.openForReading(path) })
  }

  /// Opens a registry that exists, for a repair. If another program has given it a write-ahead log, the log is folded
  /// into the file.
  package init(openingForRepair path: String) throws {
    file = StoreFile(try translatingErrors { try Store.openFoldingLog(path) })
  }

  /// Opens a registry, or prepares one if there is no file. The first create or import creates the file; until then
  /// the registry has no runs.
  ///
  /// - Parameters:
  ///   - path: the path of the file, whose folder must exist.
  ///   - lockTimeout: the maximum time of one wait for another process, as in ``init(opening:lockTimeout:)``.
  /// - Throws: `RegistryError` with the code `invalidRegistry` if the file is not a registry or has a newer schema,
  ///   `networkFileSystem`, or `fileNotFound` if the folder does not exist.
  public init(openingOrCreating path: String, lockTimeout: Duration? = nil) throws {
    try self.init(openingOrCreating: path, isShared: false, lockTimeout: lockTimeout)
  }

  /// Opens a registry, or prepares one if there is no file, which all members of the group of its folder can use.
  ///
  /// - Parameter isShared: false for a file that its owner alone can use, if it is created.
  /// - Throws: in addition, `RegistryError` with the code `conflict` if the registry exists and its group does not share
  ///   it, or `io` if the group cannot share a registry in this folder.
  package init(openingOrCreating path: String, isShared: Bool, lockTimeout: Duration? = nil) throws {
    file = try translatingErrors {
      try waiting(lockTimeout) { try StoreFile(openingOrCreating: path, for: isShared ? .group : .owner) }
    }
  }

  init(_ store: Store) { file = StoreFile(store) }

  /// The open file. Without a file, an empty registry in memory, in which nothing can be found or changed.
  var store: Store { get throws { try file.existing() } }

  /// Whether the file exists.
  var hasFile: Bool { get throws { try file.exists() } }

  /// Opens the file again, because another one has taken its place.
  func reopen() throws { try file.reopen() }

  /// Runs a body that adds runs to the open file. Without a file, creates it; if the body then fails before it has added
  /// a run, removes the file again.
  ///
  /// - Parameter body: called with the file, and with whether it was created.
  func addingRuns<Result>(_ body: (Store, Bool) throws -> Result) throws -> Result { try file.adding(body) }

  /// Returns a page of the runs that a query selects; without a query all runs, newest first.
  ///
  /// - Throws: `RegistryError` with the code `damagedRegistry`, `io` or, if a scheme of the query does not exist and no
  ///   run has it, `unknownName`.
  public func runs(_ query: RunQuery = RunQuery()) throws -> [Run] {
    try translatingErrors {
      try query.checkSchemes(in: store)
      return try store.runs(query.filter).map(Run.init)
    }
  }

  /// Returns the number of runs that a query selects, on all pages: ``RunQuery/after`` and ``RunQuery/limit`` have no
  /// effect.
  ///
  /// - Throws: `RegistryError` with the code `damagedRegistry`, `io` or, if a scheme of the query does not exist and no
  ///   run has it, `unknownName`.
  public func runCount(_ query: RunQuery = RunQuery()) throws -> Int {
    try translatingErrors {
      try query.checkSchemes(in: store)
      return try store.count(query.filter)
    }
  }

  /// Returns the run that a reference names.
  ///
  /// Several runs can have one id: they have the same tensors with the same bits. A reference by id then names the newest
  /// of them.
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
      guard let run = try find(reference).first.map(Run.init) else { throw try notFound(reference) }
      guard includingDeleted || run.deletedAt == nil else { throw RegistryError.runDeleted(run) }
      return run
    }
  }

  /// Returns the run that a reference names, for a change of the run. A reference by id must be that of one run.
  ///
  /// - Parameters:
  ///   - reference: the reference, as in ``run(_:includingDeleted:)``.
  ///   - restoring: whether the run is to be restored: the reference then names a deleted run if there is one.
  /// - Throws: `RegistryError` with the code `ambiguousID` if several runs have the id, or the codes of
  ///   ``run(_:includingDeleted:)``.
  package func run(toChange reference: String, restoring: Bool = false) throws -> Run {
    try translatingErrors {
      let named = try find(RunReference(parsing: reference)).map(Run.init)
      let wanted = named.filter { ($0.deletedAt != nil) == restoring }
      if wanted.count > 1 { throw RegistryError.ambiguousRun(reference, candidates: wanted) }
      return try wanted.first ?? run(reference, includingDeleted: restoring)
    }
  }

  /// Returns the runs that references name, each run once.
  package func runs(_ references: [String], includingDeleted: Bool = false) throws -> [Run] {
    distinct(try references.map { try run($0, includingDeleted: includingDeleted) })
  }

  /// Returns the runs that references name, for a change of the runs, each run once: see ``run(toChange:restoring:)``.
  package func runs(toChange references: [String], restoring: Bool = false) throws -> [Run] {
    distinct(try references.map { try run(toChange: $0, restoring: restoring) })
  }

  private func distinct(_ runs: [Run]) -> [Run] {
    var seen: Set<String> = []
    return runs.filter { seen.insert($0.uid).inserted }
  }

  /// Returns the runs that a reference names, newest first and deleted ones last. Only an id can be that of several.
  private func find(_ reference: RunReference) throws -> [RunRecord] {
    switch reference {
    case .latest(let name): return [try store.run(named: name)].compactMap(\.self)
    case .version(let name, let version): return [try store.run(named: name, version: version)].compactMap(\.self)
    case .alias(let name, let alias): return [try store.run(named: name, alias: alias)].compactMap(\.self)
    case .id(let prefix, let name):
      let runs = try store.runs(idPrefix: prefix, named: name)
      var ids: [SHA256Digest] = []
      for run in runs where !ids.contains(run.id) { ids.append(run.id) }
      if ids.count > 1 { throw RegistryError.ambiguousID(reference.description, candidates: ids) }
      return runs
    }
  }

  /// Returns the error of a reference that names no run.
  private func notFound(_ reference: RunReference) throws -> RegistryError {
    if case .version = reference, let time = try store.collection(of: reference.description)?.at {
      return .runCollected(reference.description, at: time)
    }
    return .runNotFound(reference.description, path: path, suggestion: try suggestion(for: reference))
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

  /// Returns the canonical manifest of a run, exactly as recorded. The SHA-256 of its UTF-8 bytes is the id of the run.
  ///
  /// - Throws: `RegistryError` with the code `damagedRegistry` if the record cannot be read.
  public func manifest(of run: Run) throws -> String {
    try translatingErrors { try store.manifest(of: run.record) }
  }
}

/// Opens a registry whose waits for locks have a maximum time; nil for that of the operation.
private func waiting<T>(_ lockTimeout: Duration?, _ body: () throws -> T) rethrows -> T {
  var context = OperationContext.current
  context.lockTimeout = lockTimeout ?? context.lockTimeout
  return try OperationContext.$current.withValue(context, operation: body)
}

/// Reports how far a long operation has come, in bytes.
///
/// The thread that called the operation calls the handler, after each batch of at most 17 MiB or, where chunks are
/// stored, after each transaction of at most 51 MiB, and ten times a second while a batch takes longer, as that of a large orthogonal tensor does. An error that
/// the handler throws stops the operation, which then rolls back what it did and throws that error unchanged. (If some
/// bytes cannot be rolled back, it throws a ``RegistryError`` with that error as ``RegistryError/underlying``.) In a
/// task, the handler can therefore call `Task.checkCancellation()`.
///
/// ```swift
/// let result = try registry.verify(run) { done, total in print("\(done) of \(total) bytes") }
/// ```
public typealias ProgressHandler = (_ doneBytes: Int, _ totalBytes: Int) throws -> Void
