// A registry: runs found by reference. The other use cases are extensions, one file each.

import Foundation
import WinitCore
public import WinitStorage

/// The version of this software.
public let toolVersion = "0.1.0"

/// A registry of initializations: one SQLite file.
///
/// Values are safe to use from several threads, and several processes may use one file at a time. Methods that
/// move tensors stream through buffers of 17 MiB, one for each thread and one more, whatever the model's size.
public struct Registry: Sendable {
  let store: Store

  init(store: Store) { self.store = store }

  /// The file.
  public var path: String { store.path }

  /// Opens a registry that is there.
  ///
  /// - Throws: `StoreError` where there is none, or the file is something else or from a newer version.
  public init(opening path: String) throws { store = try Store.open(path) }

  /// Opens a registry, or makes one where there is no file.
  ///
  /// - Throws: `StoreError` where the file is something else, from a newer version, or cannot be made.
  public init(openingOrCreating path: String) throws { store = try Store.openOrCreate(path) }

  /// A page of the runs that are asked for; without a query all, the newest first.
  public func runs(_ query: RunQuery = RunQuery()) throws -> [Run] { try store.runs(query) }

  /// How many runs are asked for, on all pages.
  public func runCount(_ query: RunQuery = RunQuery()) throws -> Int { try store.count(query) }

  /// The run a reference names: `gpt2`, `gpt2:v2`, `gpt2:baseline`, `gpt2@sha256:…` or `sha256:…`.
  ///
  /// - Parameter deletedToo: whether a deleted run is given; otherwise it is an error that says so.
  /// - Throws: `RegistryError` where there is none, or more than one id begins with the digits given.
  public func run(_ reference: String, deletedToo: Bool = false) throws -> Run {
    try run(Reference(parsing: reference), deletedToo: deletedToo)
  }

  /// The run a reference names.
  public func run(_ reference: Reference, deletedToo: Bool = false) throws -> Run {
    guard let run = try find(reference) else {
      if case .version = reference, let time = try store.collectionTime(of: reference.description) {
        throw RegistryError.collected(reference.description, at: time)
      }
      throw RegistryError.noRun(reference.description, path: path, suggestion: try suggestion(for: reference))
    }
    guard deletedToo || run.deletedAt == nil else { throw RegistryError.deleted(run) }
    return run
  }

  private func find(_ reference: Reference) throws -> Run? {
    switch reference {
    case .latest(let name): return try store.run(named: name)
    case .version(let name, let version): return try store.run(named: name, version: version)
    case .alias(let name, let alias): return try store.run(named: name, alias: alias)
    case .id(let prefix, let name):
      let runs = try store.runs(idPrefix: prefix, named: name)
      var ids: [Digest] = []
      for run in runs where !ids.contains(run.id) { ids.append(run.id) }
      if ids.count > 1 { throw RegistryError.ambiguousID(reference.description, candidates: ids) }
      return runs.first
    }
  }

  private func suggestion(for reference: Reference) throws -> String? {
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

  /// The tensors of a run, in the order of its spec.
  public func tensors(of run: Run) throws -> [RecordedTensor] { try store.tensors(of: run) }

  /// The canonical manifest whose SHA-256 is the run's id, exactly as recorded.
  public func manifest(of run: Run) throws -> String { try store.manifest(of: run) }
}

/// How far a long operation has come. Called from the thread that runs it; an error thrown from it stops the
/// operation, which then takes back what it did.
public typealias ProgressHandler = (_ doneBytes: Int, _ totalBytes: Int) throws -> Void
