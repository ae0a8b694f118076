// import: adds the runs of a bundle, which is a registry file.

import WinitCore
import WinitFiles
import WinitJSON
import WinitStorage

/// The result of importing a bundle.
public struct ImportReceipt: Sendable {
  /// A run of a bundle after the import.
  package struct ImportedRun: Sendable {
    /// What an import did with a run.
    package enum Outcome: String, Sendable {
      /// The run was added.
      case added
      /// The registry had the run already. Nothing changed.
      case present
      /// The registry had the run already, deleted. Nothing changed.
      case deleted
    }

    /// The reference of the run in the bundle.
    package let bundleReference: String
    /// The run in this registry.
    package let run: Run
    /// What the import did.
    package let outcome: Outcome
  }

  package let importedRuns: [ImportedRun]
  /// The runs of the bundle, as this registry names them, in the order of their names and versions.
  public var runs: [Run] { importedRuns.map(\.run) }
  /// The bytes added as new chunks.
  public let storedBytes: Int
  /// The time that the operation took.
  package let duration: Duration
}

extension Registry {
  /// Adds the runs of a bundle, or of any registry, to this registry. Ids stay the same, and so do versions that are
  /// later than any version of the name here. A run that is here already, under whatever name, stays as it is, so
  /// importing twice changes nothing. Chunks are verified against their digests, and records against their ids.
  ///
  /// - Parameters:
  ///   - path: the path of the bundle, which does not change.
  ///   - threads: the number of worker threads; nil for one per processor.
  ///   - progress: called with the bytes of the runs that were imported and the size of all runs of the bundle.
  /// - Throws: `RegistryError` with the code `fileNotFound`, `invalidRegistry` if the file is not a registry, or
  ///   `mismatch` if a record contradicts itself or a chunk cannot be verified. Runs that were imported before the
  ///   error stay.
  @discardableResult
  public func importBundle(_ path: String, threads: Int? = nil, progress: ProgressHandler? = nil) throws
    -> ImportReceipt
  {
    try translatingErrors {
      let start = ContinuousClock.now
      // A missing bundle is a missing file, and not a missing registry.
      try InputFile.check(path)
      let bundle = try Store.openForReading(path)
      var filter = RunFilter()
      filter.order = .name
      let runs = try bundle.runs(filter)
      for run in runs { try check(run, of: path) }
      let store = try storeForNewRuns()
      let total = totalBytes(of: runs)
      var (done, storedBytes): (Int, Int) = (0, 0)
      var imported: [ImportReceipt.ImportedRun] = []
      let file = String(path.dropFirst(folderPrefix(of: path).count))
      for run in runs {
        if let here = try store.run(uid: run.uid) {
          guard here.id == run.id else {
            throw RegistryError.mismatch(
              "\(run.reference) of \(path) has the uid of \(here.reference), and other weights or another recipe. It was not imported"
            )
          }
          imported.append(.init(run, Run(here), here.deletedAt == nil ? .present : .deleted))
        } else {
          let event = Event(
            "import", ["file": .string(file), "reference": .string(run.reference)], by: currentActor())
          let copy = try copy(run, from: bundle, to: store, includingEnvironment: true, event, threads) { bytes, _ in
            try progress?(done &+ bytes, total)
          }
          imported.append(.init(run, Run(copy.run), copy.isNew ? .added : .present))
          storedBytes += copy.bytes
        }
        done &+= run.byteCount
        try progress?(done, total)
      }
      return ImportReceipt(importedRuns: imported, storedBytes: storedBytes, duration: .now - start)
    }
  }

  /// Checks the name, version, aliases, tags, time and uid of a run of a bundle.
  ///
  /// - Throws: `RegistryError.mismatch` if one of them is a value that this software never writes.
  private func check(_ run: RunRecord, of path: String) throws {
    let time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/
    let tags = run.tags.map { Run.Tag(key: $0.key, value: $0.value) }
    let problem: String? =
      if !RunName.isValid(run.name) {
        "name"
      } else if run.version > Registry.largestVersion {
        "version"
      } else if run.aliases.contains(where: { !Alias.isValid($0) }) {
        "alias"
      } else if (try? checkedTags(tags)) == nil {
        "tag"
      } else if run.createdAt.wholeMatch(of: time) == nil {
        "time of creation"
      } else if run.uid.wholeMatch(of: /[0-9a-f]{32}/) == nil {
        "uid"
      } else {
        nil
      }
    guard let problem else { return }
    throw RegistryError.mismatch("a run of \(path) (\(run.id)) cannot be imported: it has an invalid \(problem)")
  }

  /// The largest version that is imported: more than any registry reaches, and far below the end of the integers.
  private static let largestVersion = 1_000_000_000
}

extension ImportReceipt.ImportedRun {
  fileprivate init(_ bundled: RunRecord, _ run: Run, _ outcome: Outcome) {
    self.init(bundleReference: bundled.reference, run: run, outcome: outcome)
  }
}
