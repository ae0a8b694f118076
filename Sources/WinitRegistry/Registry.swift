// A registry: runs found by reference. The other use cases are extensions, one file each.

import Foundation
public import Store
import Tensors

/// The version of this software.
public let toolVersion = "0.1.0"

/// A registry of initializations: one SQLite file.
///
/// Values are safe to use from several threads, and several processes may use one file at a time. Methods that
/// move tensors stream through buffers of 17 MiB, one for each thread and one more, whatever the model's size.
public struct Registry: Sendable {
  let store: Store

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

  /// The newest runs, at most so many, the newest first; nil for all.
  public func runs(limit: Int? = nil) throws -> [Run] { try store.runs(limit: limit) }

  /// How many runs there are.
  public func runCount() throws -> Int { try store.runCount() }

  /// The run a reference names: `gpt2`, `gpt2:v2`, `gpt2@sha256:…` or `sha256:…`.
  ///
  /// - Throws: `RegistryError` where there is none, or more than one id begins with the digits given.
  public func run(_ reference: String) throws -> Run { try run(Reference(parsing: reference)) }

  /// The run a reference names.
  public func run(_ reference: Reference) throws -> Run {
    switch reference {
    case .latest(let name):
      if let run = try store.run(named: name) { return run }
    case .version(let name, let version):
      if let run = try store.run(named: name, version: version) { return run }
    case .id(let prefix, let name):
      let runs = try store.runs(idPrefix: prefix, named: name)
      var ids: [Digest] = []
      for run in runs where !ids.contains(run.id) { ids.append(run.id) }
      if ids.count > 1 { throw RegistryError.ambiguousID(reference.description, candidates: ids) }
      if let run = runs.first { return run }
    }
    throw RegistryError.noRun(reference.description, path: path, suggestion: try suggestion(for: reference))
  }

  private func suggestion(for reference: Reference) throws -> String? {
    switch reference {
    case .latest(let name), .id(_, let name?):
      return nearest(to: name, in: try store.runNames())
    case .version(let name, _):
      if let latest = try store.run(named: name) { return latest.reference }
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
