// Runs out of one registry and into another: a bundle is a registry file itself.

import Foundation
import WinitCore
import WinitFiles
import WinitJSON
import WinitSpec
public import WinitStorage

/// What was put into a bundle.
public struct BundleReceipt: Sendable {
  /// The runs, as the registry names them.
  public let runs: [Run]
  /// The size of the file.
  public let fileBytes: Int
  /// How long it took.
  public let duration: Duration
}

/// What became of a run of a bundle.
public struct ImportedRun: Sendable {
  /// What an import did with a run.
  public enum Outcome: String, Sendable {
    /// It was added.
    case added
    /// It was here already, and nothing changed.
    case present
    /// It was here already, and is deleted here; nothing changed.
    case deleted
  }

  /// As the bundle names it.
  public let reference: String
  /// As it is here.
  public let run: Run
  /// What was done.
  public let outcome: Outcome
}

/// What an import did.
public struct ImportReceipt: Sendable {
  /// The runs of the bundle, in the order of their names and versions.
  public let runs: [ImportedRun]
  /// Bytes added as new chunks.
  public let storedBytes: Int
  /// How long it took.
  public let duration: Duration
}

extension Registry {
  /// Writes runs to a file that is a registry of its own, which appears whole or not at all. What the registry keeps as
  /// bytes goes along as bytes, a recipe as a recipe; every chunk is checked on the way.
  ///
  /// - Parameters:
  ///   - includingFacts: whether facts about machine and user go along; names, experiments, tags, notes, aliases
  ///     and git commits always do.
  ///   - replacing: whether a file at the path may be replaced.
  public func exportBundle(
    _ runs: [Run], to path: String, includingFacts: Bool = false, replacing: Bool = false,
    threads: Int? = nil, progress: ProgressHandler? = nil
  ) throws -> BundleReceipt {
    let start = ContinuousClock.now
    let place = try OutputPlace(path, replacing: replacing, protected: self.path, isDatabase: true)
    defer { Store.remove(place.temporary) }
    let bundle = try Store.openOrCreate(place.temporary)
    var uids: Set<String> = []
    let runs = runs.filter { uids.insert($0.uid).inserted }
    let total = totalBytes(of: runs)
    var done = 0
    for run in runs.sorted(by: { ($0.name, $0.version) < ($1.name, $1.version) }) {
      let event = Event("export", by: .object([]))
      _ = try store.copy(run, to: bundle, includingFacts: includingFacts, event, threads) { bytes, _ in
        try progress?(done &+ bytes, total)
      }
      done &+= run.byteCount
    }
    try bundle.close()
    try place.flushFile()
    try place.take()
    let size = try InputFile(path).size
    return BundleReceipt(runs: runs, fileBytes: size, duration: .now - start)
  }

  /// Adds the runs of a bundle, or of any registry, to this one. Ids stay what they are, and a version too, where it is
  /// later than any of its name here. A run that is here already, under whatever name, is left alone, so importing
  /// again changes nothing. Chunks are checked against their digests, and records against their ids, on the way in.
  ///
  /// - Throws: `StoreError` where the file is no registry; `RegistryError.mismatch` where a record contradicts itself or a
  ///   chunk is neither what it should be nor can be made again. Runs imported before that stay.
  public func importBundle(_ path: String, threads: Int? = nil, progress: ProgressHandler? = nil) throws
    -> ImportReceipt
  {
    let start = ContinuousClock.now
    let bundle = try Store.openForReading(path)
    var query = RunQuery()
    query.order = .name
    let runs = try bundle.runs(query)
    let total = totalBytes(of: runs)
    var (done, storedBytes): (Int, Int) = (0, 0)
    var imported: [ImportedRun] = []
    let file = String(path.dropFirst(folderPrefix(of: path).count))
    for run in runs {
      try check(run, of: path)
      if let here = try store.run(uid: run.uid) {
        guard here.id == run.id else {
          throw RegistryError.mismatch(
            "\(run.reference) of \(path) says that it is \(here.reference), and has other weights or another recipe; it was not imported"
          )
        }
        imported.append(
          ImportedRun(
            reference: run.reference, run: here, outcome: here.deletedAt == nil ? .present : .deleted))
      } else {
        let event = Event(
          "import", ["file": .string(file), "reference": .string(run.reference)], by: currentActor())
        let copy = try bundle.copy(run, to: store, includingFacts: true, event, threads) { bytes, _ in
          try progress?(done &+ bytes, total)
        }
        imported.append(
          ImportedRun(reference: run.reference, run: copy.run, outcome: copy.isNew ? .added : .present))
        storedBytes += copy.bytes
      }
      done &+= run.byteCount
      try progress?(done, total)
    }
    return ImportReceipt(runs: imported, storedBytes: storedBytes, duration: .now - start)
  }

  /// What no registry of this software would say of a run.
  private func check(_ run: Run, of path: String) throws {
    let time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/
    let problem =
      !RunName.isValid(run.name)
      ? "its name"
      : run.version > Registry.latestVersion
        ? "its version"
        : run.aliases.contains { !Alias.isValid($0) }
          ? "an alias"
          : (try? RunMetadataUpdate.checked(run.tags)) == nil
            ? "a tag"
            : run.createdAt.wholeMatch(of: time) == nil
              ? "its time" : run.uid.wholeMatch(of: /[0-9a-f]{32}/) == nil ? "its uid" : nil
    guard let problem else { return }
    throw RegistryError.mismatch(
      "a run of \(path) (\(run.id)) cannot be imported: \(problem) is not one of a registry's")
  }

  /// Far more than anybody makes, and far from where numbers end.
  private static let latestVersion = 1_000_000_000

  /// What can be refused before a registry is opened, so that a refusal does not make one.
  public static func checkBundle(_ path: String) throws {
    // Said as of any file: nobody would `create` a bundle.
    _ = try InputFile(path)
    try Store.openForReading(path).close()
  }

  /// What can be refused before a registry is opened, so that a refusal does not make one.
  public static func checkCheckpoint(_ path: String, as name: String) throws {
    try check(name, Plan(capturing: path))
  }

  /// Records a checkpoint (a .safetensors file, or a sharded one by its index) as the next version of a name: its bytes,
  /// with no recipe and no seed. It can be got, verified and compared like any other run.
  ///
  /// - Throws: `FormatError` where it is no checkpoint, or holds a dtype that a registry does not.
  public func capture(
    _ path: String, as name: String, options: CreateOptions = CreateOptions(),
    progress: ProgressHandler? = nil
  ) throws -> CreateReceipt {
    let plan = try Plan(capturing: path)
    try Registry.check(name, plan)
    let recipes = try plan.tensors.map {
      try Recipe(seed: 0, stream: $0.streamName.stream, dtype: $0.dtype, shape: $0.shape, law: $0.law)
    }
    return try create(
      name, plan, recipes, seed: 0, captured: String(path.dropFirst(folderPrefix(of: path).count)),
      options: options, progress: progress)
  }

  /// Writes a copy of the whole registry, consistent and on the disk, while others write. It appears whole or not at all.
  ///
  /// - Returns: the size of the file.
  public func backup(to path: String, replacing: Bool = false, progress: ProgressHandler? = nil) throws -> Int
  {
    let place = try OutputPlace(path, replacing: replacing, protected: self.path, isDatabase: true)
    defer { Store.remove(place.temporary) }
    try store.copy(to: place.temporary) { try progress?($0, $1) }
    try place.flushFile()
    try place.take()
    return try InputFile(path).size
  }
}

/// The size of some runs, for a report of progress: a file from elsewhere may claim any.
func totalBytes(of runs: [Run]) -> Int {
  runs.reduce(0) { sum, run in
    let (next, overflow) = sum.addingReportingOverflow(run.byteCount)
    return overflow ? .max : next
  }
}

extension Store {
  /// Copies a run to another store.
  ///
  /// - Returns: the run there, whether it is new there, and how many bytes were added.
  fileprivate func copy(
    _ run: Run, to target: Store, includingFacts: Bool, _ event: Event, _ threads: Int?,
    progress: ProgressHandler?
  ) throws -> (run: Run, isNew: Bool, bytes: Int) {
    let tensors = try tensors(of: run)
    try checkRecord(run, tensors)
    let kept = tensors.filter(\.isStored)
    let sizes = kept.map(\.recipe.byteCount)
    return try ChunkWriter.run(target, total: sizes.reduce(0, +), threads: threads, progress: progress) {
      writer in
      func fill(_ tasks: some Sequence<ChunkID>) throws {
        try writer.add(tasks) { tasks, buffers in
          _ = try self.checkedChunks(tasks, of: kept, into: buffers)
          return tasks.map { kept[$0.tensor].chunkDigests[$0.chunk.index] }
        }
      }
      try fill(allChunks(sizes))
      let new = NewRun(run, tensors, includingFacts: includingFacts)
      let recorded = try writer.commit {
        try target.commit(new, lease: writer.lease, event, aliases: run.aliases)
      } again: { missing in
        try fill(allChunks(sizes).filter { missing.contains(kept[$0.tensor].chunkDigests[$0.chunk.index]) })
      }
      if let recorded { return (recorded, true, writer.storedBytes) }
      // Another import was faster.
      _ = target.rollBack(writer.lease)
      guard let there = try target.run(uid: run.uid) else {
        throw RegistryError.noRun(run.reference, path: target.path, suggestion: nil)
      }
      return (there, false, 0)
    }
  }
}

extension NewRun {
  /// A recorded run, to be recorded elsewhere.
  fileprivate init(_ run: Run, _ tensors: [RecordedTensor], includingFacts: Bool) {
    self.init(
      name: run.name, seed: run.seed, isStored: run.isStored, createdAt: run.createdAt,
      toolVersion: run.toolVersion,
      tensors: tensors.map {
        NewTensor(
          name: $0.name, scheme: $0.scheme, recipe: $0.recipe, chunkDigests: $0.chunkDigests,
          tiedTo: $0.tiedTo)
      })
    host = includingFacts ? run.host : .object([])
    git = run.git
    isImported = run.isImported
    experiment = run.experiment
    tags = run.tags
    note = run.note
    parent = run.parent
    origin = (run.uid, run.version)
  }
}
