// doctor: what is wrong with the file, which runs it touches, and what can be made good.

import Foundation
public import WinitCore
import WinitJSON
public import WinitStorage

/// A chunk that is not there, or has other bytes than its digest promises.
public struct DamagedChunk: Sendable {
  /// What is wrong with it.
  public enum Problem: String, Sendable {
    /// A run needs it and it is not there.
    case missing
    /// It lies on pages that SQLite cannot follow, or has another size.
    case unreadable
    /// It has other bytes.
    case differs
  }

  /// What is wrong with it.
  public let problem: Problem
  /// What it should be.
  public let digest: Digest
  /// Where it is needed: the bytes of which tensors of which runs. Empty where nobody needs it.
  public let places: [(run: Run, tensor: TensorName, bytes: Range<Int>)]
  /// Whether it was made again from a recipe.
  public internal(set) var isRepaired = false

  let uses: [ChunkUse]
}

/// What a doctor finds.
public struct IntegrityReport: Sendable {
  /// What SQLite finds wrong with the file's structure.
  public internal(set) var structure: [String] = []
  /// Rows that contradict others, or refer to ones that are not there.
  public internal(set) var references: [String] = []
  /// Runs whose records contradict themselves.
  public internal(set) var records: [(run: Run, finding: Finding)] = []
  /// Runs that cannot be read at all, and why.
  public internal(set) var unreadableRuns: [(reference: String, problem: String)] = []
  /// Chunks that are missing or damaged.
  public internal(set) var chunks: [DamagedChunk] = []
  /// How many runs were looked at.
  public internal(set) var runCount = 0
  /// How many chunks were read and hashed; 0 where that was not asked for.
  public internal(set) var hashedChunks = 0
  /// Bytes that nobody needs, as a killed create leaves them: `collect` frees them. No damage.
  public internal(set) var orphanedBytes = 0
  /// Whether the file was written anew from what could be read of it.
  public internal(set) var isRebuilt = false
  /// How long it took.
  public internal(set) var duration: Duration = .zero

  /// True where nothing is wrong, or nothing any more.
  public var isSound: Bool {
    structure.isEmpty && references.isEmpty && records.isEmpty && unreadableRuns.isEmpty
      && chunks.allSatisfy(\.isRepaired)
  }

  /// The runs that something is wrong with.
  public var affected: [String] {
    var seen: Set<String> = []
    let all =
      records.map(\.run.reference) + unreadableRuns.map(\.reference)
      + chunks.filter { !$0.isRepaired }.flatMap { $0.places.map(\.run.reference) }
    return all.filter { seen.insert($0).inserted }
  }
}

extension Registry {
  /// Checks the file: SQLite's integrity, references, every record against itself, and that every chunk a run needs is
  /// there. (The schema was compared when it was opened.)
  ///
  /// - Parameters:
  ///   - full: whether every chunk is read and hashed too.
  ///   - repair: whether damaged chunks are made again from the recipes that give them, which means a full check; a
  ///     file whose structure is damaged is written anew from what can be read of it.
  public func checkIntegrity(full: Bool = false, repair: Bool = false, progress: ProgressHandler? = nil)
    throws
    -> IntegrityReport
  {
    let start = ContinuousClock.now
    var report = try examine(full: full || repair, progress)
    if repair, !report.isSound {
      report = try repaired(report, progress)
      let detail: JSONValue = [
        "repaired_chunks": .integer(report.chunks.count(where: \.isRepaired)),
        "damaged_chunks": .integer(report.chunks.count { !$0.isRepaired }),
        "rebuilt": .bool(report.isRebuilt),
      ]
      try store.record(Event("repair", detail, by: currentActor()), nil)
    }
    report.duration = .now - start
    return report
  }

  private func examine(full: Bool, _ progress: ProgressHandler?) throws -> IntegrityReport {
    var report = IntegrityReport()
    report.structure = try store.structureProblems()
    try progress?(0, 0)
    report.references = try readable(&report, []) { try store.inconsistencies() }
    var uses: [ChunkUse] = []
    let rows = try readable(&report, []) { try store.runRows() }
    report.unreadableRuns = try forEachRun(rows) { run, tensors in
      report.runCount += 1
      report.records += try store.recordFindings(run, tensors).map { (run, $0) }
      uses += try store.missingChunks(of: run, tensors)
      try progress?(0, 0)
    }
    report.chunks = DamagedChunk.missing(uses)
    // A structure's damage does not say whose it is; the chunks do.
    if full || !report.structure.isEmpty {
      let before = report
      do { try hashChunks(&report, progress) } catch StoreError.damaged(_, let what) {
        report = before
        report.structure.append(what)
        try readChunks(&report, progress)
      }
    }
    report.orphanedBytes = try readable(&report, 0) { try store.spaceUse().reclaimable }
    return report
  }

  /// Goes through runs. One that has been collected meanwhile is passed over.
  ///
  /// - Returns: those that cannot be read, and why; that is no reason to stop.
  private func forEachRun(
    _ rows: [Int64], _ body: (Run, [RecordedTensor]) throws -> Void
  ) throws -> [(reference: String, problem: String)] {
    var unreadable: [(reference: String, problem: String)] = []
    for row in rows {
      var reference = "the run in row \(row)"
      do {
        guard let run = try store.run(row: row) else { continue }
        reference = run.reference
        try body(run, store.tensors(of: run))
      } catch let error as StoreError {
        guard case .damaged(_, let what) = error else { throw error }
        if (try? store.hasRun(row: row)) == false { continue }
        unreadable.append((reference, what))
      }
    }
    return unreadable
  }

  /// What a look at the file gives; where its pages cannot be followed that is a finding, and something else is given.
  private func readable<T>(_ report: inout IntegrityReport, _ otherwise: T, _ look: () throws -> T) throws
    -> T
  {
    do { return try look() } catch StoreError.damaged(_, let what) {
      report.structure.append(what)
      return otherwise
    }
  }

  /// Reads and hashes every chunk that a run needs, one by one, where they cannot be gone through in order.
  private func readChunks(_ report: inout IntegrityReport, _ progress: ProgressHandler?) throws {
    var seen: Set<Digest> = Set(report.chunks.map(\.digest))
    var found: [DamagedChunk] = []
    // Runs that cannot be read have been noted.
    _ = try forEachRun((try? store.runRows()) ?? []) { run, tensors in
      for tensor in tensors where tensor.isStored {
        for index in 0..<tensor.chunkDigests.count where seen.insert(tensor.chunkDigests[index]).inserted {
          let digest = tensor.chunkDigests[index]
          var bytes = [UInt8](repeating: 0, count: tensor.recipe.chunk(index).byteCount)
          let isRead = try bytes.withUnsafeMutableBytes {
            try store.readChunks([(tensor, index)], into: [$0])
          }
          if isRead == [true], Digest(of: bytes) == digest { continue }
          let use = ChunkUse(
            run: run, tensor: tensor.name.string, position: index, digest: digest,
            byteCount: tensor.recipe.byteCount)
          found.append(
            DamagedChunk(problem: isRead == [true] ? .differs : .unreadable, digest: digest, [use]))
        }
      }
      try progress?(0, 0)
    }
    report.hashedChunks += seen.count
    report.chunks += found
  }

  /// Makes good what can be made good, and looks again.
  private func repaired(_ before: IntegrityReport, _ progress: ProgressHandler?) throws -> IntegrityReport {
    var repaired = before
    if before.structure.isEmpty {
      try store.repairInconsistencies()
      try repair(&repaired, in: store)
    }
    let isStuck = repaired.chunks.contains { !$0.isRepaired && $0.problem == .unreadable }
    if isStuck || !before.structure.isEmpty {
      try store.rebuild { rebuilt in
        try rebuilt.repairInconsistencies()
        var inner = try Registry(store: rebuilt).examine(full: true, progress)
        try repair(&inner, in: rebuilt)
      }
      repaired.isRebuilt = true
    }
    var after = try examine(full: true, progress)
    after.isRebuilt = repaired.isRebuilt
    let bad = Set(after.chunks.map(\.digest))
    after.chunks += before.chunks.filter { !bad.contains($0.digest) }.map {
      var chunk = $0
      chunk.isRepaired = true
      return chunk
    }
    return after
  }

  /// Reads and hashes every chunk, those that nobody needs too.
  private func hashChunks(_ report: inout IntegrityReport, _ progress: ProgressHandler?) throws {
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: Store.transactionSize + 1024 * 128, alignment: 64)
    defer { memory.deallocate() }
    let total = try store.spaceUse().stored
    var (last, done): (Int64, Int) = (.min, 0)
    while true {
      let batch = try store.chunks(after: last)
      guard let end = batch.last else { return }
      var (offset, buffers): (Int, [UnsafeMutableRawBufferPointer]) = (0, [])
      for chunk in batch {
        let size = min(max(chunk.size, 0), chunkSize)
        buffers.append(UnsafeMutableRawBufferPointer(rebasing: memory[offset..<offset + size]))
        offset += (size + 63) & ~63 + 64
      }
      let isRead = try zip(batch, buffers).map { try store.readChunk($0.row, into: $1) }
      let digests = Digest.each(of: buffers.map { UnsafeRawBufferPointer($0) })
      for (chunk, (isRead, digest)) in zip(batch, zip(isRead, digests))
      where !isRead || digest != chunk.digest {
        // It may have been taken since it was listed.
        guard try isRead || store.hasChunk(chunk.row, chunk.digest) else { continue }
        report.chunks.append(
          DamagedChunk(
            problem: isRead ? .differs : .unreadable, digest: chunk.digest, try store.uses(ofChunk: chunk.row)
          ))
      }
      report.hashedChunks += batch.count
      done += batch.reduce(0) { $0 + $1.size }
      last = end.row
      try progress?(min(done, total), total)
    }
  }

  /// Makes every damaged chunk again that some recorded recipe gives, wherever it is recorded.
  private func repair(_ report: inout IntegrityReport, in store: Store) throws {
    // Where the chunk is there and only its place was lost, that is enough; also for what no recipe gives.
    try store.linkChunks(report.chunks.flatMap(\.uses))
    var recipes = RecordedRecipes(store: store)
    var batch: [(index: Int, bytes: [UInt8])] = []
    var size = 0
    func finish() throws {
      // Where one of them lies on pages that cannot be followed, the others are written without it; the file has to be
      // written anew for that one.
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
        report.chunks[index].isRepaired = (try? store.removeUnneeded(chunk.digest)) ?? false
      } else if let bytes = try recipes.bytes(of: chunk) {
        report.chunks[index].isRepaired = true
        batch.append((index, bytes))
        size += bytes.count
        if size > Store.transactionSize - chunkSize || batch.count == 1024 { try finish() }
      }
    }
    try finish()
  }

  /// - Returns: false where pages cannot be followed; then nothing was written.
  private func write(_ batch: [(index: Int, bytes: [UInt8])], _ chunks: [DamagedChunk], _ store: Store) throws
    -> Bool
  {
    do {
      try store.repair(batch.map { (chunks[$0.index].digest, $0.bytes, chunks[$0.index].uses) })
      return true
    } catch StoreError.damaged { return false }
  }
}

/// Recipes for chunks, looked for where a chunk is needed, then anywhere in the registry.
private struct RecordedRecipes {
  let store: Store
  private var tensors: (run: String, byName: [TensorName: RecordedTensor]) = ("", [:])

  init(store: Store) { self.store = store }

  mutating func bytes(of chunk: DamagedChunk) throws -> [UInt8]? {
    for use in chunk.uses {
      if let bytes = bytes(of: chunk.digest, use.run, use.tensor) { return bytes }
    }
    for place in try store.tensors(with: chunk.digest) {
      if let bytes = bytes(of: chunk.digest, place.run, place.tensor) { return bytes }
    }
    return nil
  }

  private mutating func bytes(of digest: Digest, _ run: Run, _ name: String) -> [UInt8]? {
    if tensors.run != run.uid {
      // A run whose record cannot be read is no help, and is reported elsewhere.
      let all = (try? store.tensors(of: run)) ?? []
      tensors = (run.uid, Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }))
    }
    guard let tensor = tensors.byName[TensorName(name)], tensor.recipe.law.isRegenerable,
      let position = tensor.chunkDigests.firstIndex(of: digest)
    else { return nil }
    let bytes = tensor.recipe.bytes(tensor.recipe.chunk(position).elements(tensor.recipe.dtype))
    return Digest(of: bytes) == digest ? bytes : nil
  }
}

extension DamagedChunk {
  fileprivate init(problem: Problem, digest: Digest, _ uses: [ChunkUse]) {
    self.problem = problem
    self.digest = digest
    self.uses = uses
    places = uses.map { ($0.run, TensorName($0.tensor), $0.bytes) }
  }

  fileprivate static func missing(_ uses: [ChunkUse]) -> [DamagedChunk] {
    Dictionary(grouping: uses, by: \.digest).map { digest, uses in
      DamagedChunk(problem: .missing, digest: digest, uses)
    }.sorted { $0.digest.hex < $1.digest.hex }
  }
}
