// stats, strip and materialize: the space that the file takes, and runs whose bytes are dropped or stored.

import WinitCore
import WinitJSON
package import WinitStorage

/// The space that a registry takes, in bytes: see ``Registry/space()``.
public struct SpaceReport: Sendable {
  package let use: SpaceUse

  /// The bytes of all chunks, each counted once.
  public var storedBytes: Int { use.stored }
  /// The bytes that sharing saves: what would be stored beyond `storedBytes` if every tensor had chunks of its own.
  public var sharedBytes: Int { use.shared }
  /// The bytes that a collection would free now: chunks that no run and no lease refers to.
  public var reclaimableBytes: Int { use.reclaimable }
  /// The size of the file, empty pages included.
  public var fileBytes: Int { use.file }
  /// The number of runs that are not deleted.
  package var runCount: Int { use.runs.visible }
  /// The number of deleted runs that are not collected.
  package var deletedRunCount: Int { use.runs.deleted }
  /// The number of chunks.
  package var chunkCount: Int { use.chunkCount }
  /// The bytes that only deleted runs refer to.
  package var deletedBytes: Int { use.deleted }
  /// The bytes of the chunks that only leases refer to.
  package var leasedBytes: Int { use.leased }
  /// The bytes of empty pages of the file.
  package var freeBytes: Int { use.free }
}

/// The result of dropping or storing the bytes of a run: see ``Registry/strip(_:threads:progress:)`` and
/// ``Registry/materialize(_:threads:progress:)``.
public struct StorageReceipt: Sendable {
  /// The run as it is afterward.
  public let run: Run
  /// The bytes that were freed or added. Chunks that other runs share are not counted.
  public let byteCount: Int
}

extension Registry {
  /// Returns the space that the file takes.
  ///
  /// - Throws: `RegistryError` with the code `damagedRegistry` or `io`.
  public func space() throws -> SpaceReport { try translatingErrors { SpaceReport(use: try store.spaceUse()) } }

  /// Drops the stored bytes of a run that its recipe regenerates. The run is regenerated and verified first, so that no
  /// bytes are dropped that the recipe does not give back. A run without stored bytes stays as it is.
  ///
  /// - Parameters:
  ///   - run: the run, which must have a recipe.
  ///   - threads: the number of worker threads; nil for one per processor.
  ///   - progress: called with the bytes that were regenerated and the size of the run.
  /// - Throws: `RegistryError` with the code `mismatch` if the recipe does not give the recorded digests,
  ///   `invalidArgument` if the run has no recipe, or `runCollected` if the run was collected meanwhile.
  public func strip(_ run: Run, threads: Int? = nil, progress: ProgressHandler? = nil) throws -> StorageReceipt {
    try translatingErrors {
      let run = Run(try store.current(run.record))
      guard run.isStored else { return StorageReceipt(run: run, byteCount: 0) }
      guard try store.tensors(of: run.record).contains(where: \.recipe.isRegenerable) else {
        throw RegistryError.invalidArgument(
          "\(run.reference) has no recipe that regenerates its bytes. Delete the run to free them")
      }
      let verification = try verify(run, level: .regenerate, threads: threads, progress: progress)
      if let finding = verification.findings.first(where: { $0.kind != .scheme }) {
        let subject = finding.tensor.map { "tensor \(quoted: $0): " } ?? ""
        throw RegistryError.mismatch(
          "\(run.reference) does not regenerate: \(subject)\(finding.message). Nothing was dropped")
      }
      let (stripped, bytes) = try store.strip(run.record, Event("strip", by: currentActor()))
      return StorageReceipt(run: Run(stripped), byteCount: bytes)
    }
  }

  /// Regenerates a recipe-only run, verifies the bytes against the recorded digests, and stores them. A run with stored
  /// bytes stays as it is.
  ///
  /// - Parameters:
  ///   - run: the run.
  ///   - threads: the number of worker threads; nil for one per processor.
  ///   - progress: called with the bytes that were stored and the size of the run.
  /// - Throws: `RegistryError` with the code `mismatch` if the recipe does not give the recorded digests, or
  ///   `runCollected` if the run was collected meanwhile.
  public func materialize(_ run: Run, threads: Int? = nil, progress: ProgressHandler? = nil) throws -> StorageReceipt {
    try translatingErrors {
      let store = try store
      let run = Run(try store.current(run.record))
      if run.isStored { return StorageReceipt(run: run, byteCount: 0) }
      let tensors = try store.tensors(of: run.record)
      try store.checkRecord(run.record, tensors)
      let reader = VerifiedReader(store, tensors.filter(\.recipe.isRegenerable))
      try reader.checkMemory()
      let sizes = reader.tensors.map(\.recipe.byteCount)
      return try ChunkWriter.run(store, total: sizes.reduce(0, +), threads: threads, progress: progress) { writer in
        let stored = try writer.write(
          [ChunkWriter.Load(allChunks(sizes), verified: reader)], digest: reader.digest
        ) {
          try store.materialize(run.record, reader.tensors, writer.lease, Event("materialize", by: currentActor()))
        }
        return StorageReceipt(run: Run(stored), byteCount: writer.storedBytes)
      }
    }
  }
}
