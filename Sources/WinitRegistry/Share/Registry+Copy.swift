// The copy of a run from one registry file to another.

import Synchronization
import WinitCore
import WinitJSON
import WinitStorage

extension Registry {
  /// Copies a run to another store.
  ///
  /// - Parameters:
  ///   - path: the path of the other store for errors, if the store has a temporary path.
  ///   - isNew: whether this process has created the other store for this run.
  /// - Returns: the run in the other store, whether it is new there, the number of bytes added, and the names of
  ///   tensors whose bytes in the first store are damaged. They were regenerated.
  func copy(
    _ run: RunRecord, from source: Store, to target: Store, at path: String? = nil, isNew: Bool = false,
    includingEnvironment: Bool,
    _ event: Event, _ threads: Int?,
    progress: @escaping ProgressHandler
  ) throws -> (run: RunRecord, isNew: Bool, bytes: Int, damaged: [String]) {
    let tensors = try source.tensors(of: run)
    try source.checkRecord(run, tensors)
    try source.checkDetails(run, tensors)
    let reader = VerifiedReader(source, tensors.filter(\.isStored))
    let sizes = reader.tensors.map(\.recipe.byteCount)
    let damaged = Mutex<Set<Int>>([])
    let load = ChunkWriter.Load(allChunks(sizes), verified: reader) { id in
      damaged.withLock { _ = $0.insert(id.tensor) }
    }
    return try ChunkWriter.run(
      target, at: path, isNew: isNew, total: sizes.reduce(0, +), threads: threads, progress: progress
    ) {
      writer in
      var new = NewRun(copying: run, tensors, includingEnvironment: includingEnvironment)
      new.details = try source.details(of: run)
      new.diagnoses = try source.diagnoses(of: run)
      let recorded = try writer.write([load], digest: reader.digest) {
        try target.commitIfNew(new, lease: writer.lease, event, aliases: run.aliases)
      }
      let names = damaged.withLock { $0.sorted() }.map { reader.tensors[$0].name.string }
      if let recorded { return (recorded, true, writer.storedBytes, names) }
      // Another import has recorded the same run meanwhile.
      _ = target.rollBack(writer.lease)
      guard let there = try target.run(uid: run.uid) else {
        throw StoreError.gone(path: target.path, reference: run.reference)
      }
      return (there, false, 0, names)
    }
  }
}

/// Returns the size of runs in bytes, for reports of progress. The sum is limited to `Int.max`, because a file from
/// elsewhere may claim any size.
func totalBytes(of runs: [RunRecord]) -> Int {
  runs.reduce(0) { sum, run in
    let (next, overflow) = sum.addingReportingOverflow(run.byteCount)
    return overflow ? .max : next
  }
}

extension NewRun {
  /// Creates a copy of a recorded run, to be recorded in another store.
  fileprivate init(copying run: RunRecord, _ tensors: [TensorRecord], includingEnvironment: Bool) {
    self.init(
      name: run.name, seed: run.seed, isStored: run.isStored, createdAt: run.createdAt, toolVersion: run.toolVersion,
      tensors: tensors.map {
        NewTensor(
          name: $0.name, scheme: $0.scheme, recipe: $0.recipe, chunkDigests: $0.chunkDigests, tiedTo: $0.tiedTo)
      })
    host = includingEnvironment ? run.host : .object([])
    git = run.git
    preset = run.preset
    isImported = run.isImported
    experiment = run.experiment
    tags = run.tags
    note = run.note
    parent = run.parent
    origin = (run.uid, run.version)
  }
}
