// gc: collect unreferenced data.

import ArgumentParser
import WinitRegistry

struct GCCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "gc",
    abstract: "Collect unreferenced data (a dry run unless --yes).",
    discussion: """
      Deletes for good: deleted runs after their grace period, and chunks that no run refers to, which collected runs, \
      stripped runs and killed processes leave. Chunks that an operation in progress has leased stay.
      """)

  @Flag(help: "Delete the data. Without this flag nothing changes.")
  var yes = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Collect only runs that were deleted at least this long ago, such as 30d, 12h or 2w. (default: 30d)",
      valueName: "span"),
    transform: TimeSpan.parse)
  var grace: TimeSpan?

  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      let grace = grace?.duration ?? Registry.gracePeriod
      let progress = ProgressBar("collecting chunks", unit: .count)
      let collection =
        yes
        ? try registry.collectGarbage(grace: grace, progress: progress.update)
        : try registry.garbage(grace: grace)
      let report = CollectionReport(collection, isDone: yes)
      try emit(json.enabled ? report.json : report.text)
    }
  }
}

extension CollectionReport {
  fileprivate var text: String {
    var lines = collection.runs.map {
      "\(isDone ? "collected" : "would collect") \($0.reference), deleted on \($0.deletedAt.map(humanTime) ?? "?")"
    }
    let isEmpty = collection.runs.isEmpty && collection.chunkCount == 0
    lines.append(
      "\(isDone ? "freed" : "would free") \(humanBytes(collection.byteCount)) in \(counted(collection.chunkCount, "chunk"))"
        + (isDone || isEmpty ? "" : "; run with --yes to delete the data"))
    if collection.waitingCount > 0 {
      lines.append(
        "in the grace period: \(counted(collection.waitingCount, "deleted run")) (--grace 0d collects all deleted runs)"
      )
    }
    if collection.leasedBytes > 0 {
      lines.append("\(humanBytes(collection.leasedBytes)) leased by operations in progress")
    }
    return lines.joined(separator: "\n")
  }
}
