// stats, gc, strip, materialize: the space a registry takes.

import ArgumentParser
import WinitRegistry

struct Stats: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show how much a registry holds, how much of it is shared, and how much could be freed.")

  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let use = try registry.open().spaceUse()
      if json.enabled {
        let report: JSONValue = [
          "runs": .integer(use.runs.visible), "deleted_runs": .integer(use.runs.deleted),
          "chunks": .integer(use.chunkCount), "stored_bytes": .integer(use.stored),
          "shared_bytes": .integer(use.shared), "reclaimable_bytes": .integer(use.reclaimable),
          "deleted_bytes": .integer(use.deleted), "leased_bytes": .integer(use.leased),
          "free_bytes": .integer(use.free), "file_bytes": .integer(use.file),
        ]
        try emit(report.pretty)
        return
      }
      let deleted = use.runs.deleted == 0 ? "" : ", and \(use.runs.deleted) deleted"
      var rows = [
        ["runs", "\(use.runs.visible)\(deleted)"],
        ["stored", "\(humanBytes(use.stored)) in \(counted(use.chunkCount, "chunk"))"],
        ["shared", "\(humanBytes(use.shared)) more would be stored if runs did not share chunks"],
        ["reclaimable", "\(humanBytes(use.reclaimable)) that nobody needs; `gc --yes` frees it"],
      ]
      if use.deleted > 0 {
        rows.append(["deleted", "\(humanBytes(use.deleted)) that only deleted runs need"])
      }
      if use.leased > 0 { rows.append(["in use", "\(humanBytes(use.leased)) of creates under way"]) }
      rows.append(["file", "\(humanBytes(use.file)), of which \(humanBytes(use.free)) are empty pages"])
      try emit(table(rows))
    }
  }
}

struct Collect: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc",
    abstract: "Show what nobody needs, and with --yes free it.",
    discussion: """
      Takes deleted runs whose grace period has passed, and chunks that no run needs: those of such runs, of stripped ones, \
      and what killed creates left. Creates under way keep what they hold. What a collection takes is gone.
      """)

  @Flag(help: "Do it; without this it is only shown.")
  var yes = false

  @Option(
    help: ArgumentHelp(
      "How long ago a run must have been deleted, \(Span.help). (default: 30d)", valueName: "span"))
  var grace: Span?

  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      let grace = grace?.duration ?? Registry.gracePeriod
      let progress = ProgressBar("freeing chunks", unit: .count)
      let collection =
        yes
        ? try registry.collect(grace: grace, progress: progress.update)
        : try registry.collectable(grace: grace)
      if json.enabled {
        let report: JSONValue = [
          "done": .bool(yes), "runs": .array(collection.runs.map { .string($0.reference) }),
          "waiting_runs": .integer(collection.waiting), "chunks": .integer(collection.chunkCount),
          "bytes": .integer(collection.bytes), "leased_bytes": .integer(collection.leased),
        ]
        try emit(report.pretty)
        return
      }
      var lines = collection.runs.map {
        "\(yes ? "took" : "would take") \($0.reference), deleted on \(humanTime($0.deletedAt ?? ""))"
      }
      lines.append(
        "\(yes ? "freed" : "would free") \(humanBytes(collection.bytes)) in \(counted(collection.chunkCount, "chunk"))"
          + (yes || collection.runs.isEmpty && collection.chunkCount == 0 ? "" : "; --yes does it"))
      if collection.waiting > 0 {
        lines.append(
          "\(counted(collection.waiting, "deleted run")) can still be restored; --grace 0d takes them too")
      }
      if collection.leased > 0 {
        lines.append("\(humanBytes(collection.leased)) are held by creates under way")
      }
      try emit(lines.joined(separator: "\n"))
    }
  }
}

struct Strip: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Drop the bytes of runs and keep their recipes.",
    discussion: """
      Each run is filled again first, and must give the recorded digests: what would not come back is not dropped. Given \
      numbers (literals) stay. `get` and `verify` work as before; `materialize` puts the bytes back.
      """)

  @Argument(help: "The runs.") var references: [String]
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func run() throws {
    try changeKept(references, registry, json, verb: "stripped", what: "freed") { registry, run, progress in
      let result = try registry.strip(run, threads: threads.threads, progress: progress)
      return (result.run, result.freed)
    }
  }
}

struct Materialize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Fill recipes again, check them, and keep the bytes.")

  @Argument(help: "The runs.") var references: [String]
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func run() throws {
    try changeKept(references, registry, json, verb: "materialized", what: "added") {
      registry, run, progress in
      let result = try registry.materialize(run, threads: threads.threads, progress: progress)
      return (result.run, result.added)
    }
  }
}

/// Changes what is kept of runs, one after another.
private func changeKept(
  _ references: [String], _ registry: RegistryOption, _ json: JSONFlag, verb: String, what: String,
  _ change: (Registry, Run, @escaping ProgressHandler) throws -> (Run, Int)
) throws {
  try reportingErrors {
    let registry = try registry.open()
    let runs = try registry.runs(references)
    var reports: [JSONValue] = []
    func report() throws {
      if json.enabled { try emit(JSONValue.object([.init("runs", .array(reports))]).pretty) }
    }
    for run in runs {
      let progress = ProgressBar(run.reference)
      let (changed, bytes): (Run, Int)
      do { (changed, bytes) = try change(registry, run, progress.update) } catch {
        // What was done before a failure is said too.
        if !reports.isEmpty { try? report() }
        throw error
      }
      reports.append([
        "reference": .string(changed.reference), "stored": .bool(changed.isStored), "bytes": .integer(bytes),
      ])
      if !json.enabled { try emit("\(verb) \(changed.reference): \(humanBytes(bytes)) \(what)") }
    }
    try report()
  }
}
