// doctor --repair: recipes regenerate damaged chunks.

import WinitCore
import WinitStorage

/// Repairs what a check found.
struct Repair {
  let store: Store
  let progress: ProgressHandler?

  /// Repairs what can be repaired in the file itself, whose structure is sound, and checks the file again.
  ///
  /// - Returns: the report; nil if a chunk is on pages that cannot be read, so that a new file is needed.
  func run(_ before: IntegrityReport) throws -> IntegrityReport? {
    var repaired = before
    try store.repairInconsistencies()
    try repairRecords()
    try repairChunks(&repaired, in: store)
    if repaired.chunks.contains(where: { !$0.isRepaired && $0.problem == .unreadable }) { return nil }
    var after = try IntegrityCheck(store: store, progress: progress).run(full: true)
    after.addRepaired(before.chunks)
    return after
  }

  /// Counts wrong sizes of runs again, from their tensors. Removes what is recorded with runs, besides their tensors, and
  /// cannot be read: a diagnosis can be made again; the right text of anything else is unknown, and no use case can read
  /// it.
  private func repairRecords() throws {
    for row in try store.runRows() {
      // The report names a run that cannot be read.
      guard let run = try? store.run(row: row), let tensors = try? store.tensors(of: run) else { continue }
      try store.removeDetails(store.detailFindings(run, tensors), of: run)
      // The tensors give the right size if they make the manifest.
      if try !store.sizeFindings(run, tensors).isEmpty && store.recordFindings(run, tensors).isEmpty {
        try store.setSize(of: run, RunSize(tensors))
      }
      try progress?(0, 0)
    }
  }

  /// Regenerates every damaged chunk that a recorded recipe gives, in any run of the registry.
  func repairChunks(_ report: inout IntegrityReport, in store: Store) throws {
    // If a chunk is in the file and only a reference to it was lost, linking is enough, also for bytes that no recipe
    // regenerates.
    try store.linkChunks(report.chunks.flatMap(\.uses))
    var recipes = RecordedRecipes(store: store)
    var batch: [(index: Int, bytes: [UInt8])] = []
    var size = 0
    func finish() throws {
      // If one of the chunks is on pages that cannot be read, the others are written one by one. For that
      // chunk, the file must be salvaged.
      if try !write(batch, report.chunks, store) {
        for chunk in batch where try !write([chunk], report.chunks, store) {
          report.chunks[chunk.index].isRepaired = false
        }
      }
      (batch, size) = ([], 0)
    }
    for index in report.chunks.indices {
      let chunk = report.chunks[index]
      if chunk.uses.isEmpty {
        report.chunks[index].isRepaired = (try? store.deleteUnreferencedChunk(chunk.digest)) ?? false
      } else if let bytes = try recipes.bytes(of: chunk) {
        report.chunks[index].isRepaired = true
        batch.append((index, bytes))
        size += bytes.count
        if size > Store.transactionSize - chunkSize || batch.count == 1024 { try finish() }
      }
    }
    try finish()
  }

  /// Writes chunks and the references to them in one transaction.
  ///
  /// - Returns: false if pages cannot be read. In this case nothing was written.
  private func write(
    _ batch: [(index: Int, bytes: [UInt8])], _ chunks: [IntegrityReport.DamagedChunk], _ store: Store
  ) throws -> Bool {
    do {
      try store.repair(batch.map { (chunks[$0.index].digest, $0.bytes, chunks[$0.index].uses) })
      return true
    } catch StoreError.damaged { return false }
  }
}

/// Source: the recorded recipes. The recipe of a chunk is looked up first in the tensors that the report names, then in
/// the whole registry.
private struct RecordedRecipes {
  let store: Store
  private var tensors: (run: String, byName: [TensorName: TensorRecord]) = ("", [:])

  init(store: Store) { self.store = store }

  mutating func bytes(of chunk: IntegrityReport.DamagedChunk) throws -> [UInt8]? {
    for use in chunk.uses {
      if let bytes = try bytes(of: chunk.digest, use.run, use.tensor) { return bytes }
    }
    for place in try store.tensors(with: chunk.digest) {
      if let bytes = try bytes(of: chunk.digest, place.run, place.tensor) { return bytes }
    }
    return nil
  }

  private mutating func bytes(of digest: SHA256Digest, _ run: RunRecord, _ name: String) throws -> [UInt8]? {
    if tensors.run != run.uid {
      // A run whose record cannot be read gives no recipes. The report names it.
      let all = (try? store.tensors(of: run)) ?? []
      tensors = (run.uid, all.firstByName(\.name))
    }
    guard let tensor = tensors.byName[TensorName(name)], let position = tensor.chunkDigests.firstIndex(of: digest)
    else { return nil }
    let source = RegeneratedChunks(recipes: [tensor.recipe])
    let id = ChunkID(tensor: 0, chunk: tensor.recipe.chunk(position))
    var bytes = [UInt8](repeating: 0, count: id.byteCount)
    let outcome = try bytes.withUnsafeMutableBytes { buffer in
      try FillMonitor.watching { try source.read([id], into: [buffer])[0] }
    }
    return outcome == .read(digest) ? bytes : nil
  }
}
