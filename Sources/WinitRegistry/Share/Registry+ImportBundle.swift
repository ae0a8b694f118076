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
    /// The names of tensors whose bytes in the bundle are damaged or missing. They were regenerated.
    package let repaired: [String]
    /// The references of other runs of this registry with the same id as an added run, oldest first and at most 100.
    package let sameID: [String]
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
  /// importing twice changes nothing. Chunks are verified against their digests, and records against their ids. A chunk
  /// that is damaged is regenerated if its tensor has a recipe.
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
      for run in runs { try check(run, of: path, in: bundle) }
      // A bundle that cannot be imported creates no registry. So before there is one, every chunk is read.
      if try !hasFile {
        for run in runs { try verifyChunks(of: run, in: bundle, threads: threads) }
      }
      return try addingRuns { store, isNew in
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
            let copy = try copy(
              run, from: bundle, to: store, isNew: isNew && imported.isEmpty, includingEnvironment: true, event, threads
            ) { bytes, _ in
              try progress?(done &+ bytes, total)
            }
            imported.append(
              copy.isNew
                ? .init(run, Run(copy.run), .added, copy.damaged, sameID: store.sameID(as: copy.run))
                : .init(run, Run(copy.run), .present))
            storedBytes += copy.bytes
          }
          done &+= run.byteCount
          try progress?(done, total)
        }
        return ImportReceipt(importedRuns: imported, storedBytes: storedBytes, duration: .now - start)
      }
    }
  }
}

extension ImportReceipt.ImportedRun {
  fileprivate init(
    _ bundled: RunRecord, _ run: Run, _ outcome: Outcome, _ repaired: [String] = [], sameID: [String] = []
  ) {
    self.init(bundleReference: bundled.reference, run: run, outcome: outcome, repaired: repaired, sameID: sameID)
  }
}
