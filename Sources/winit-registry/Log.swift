// log: what was done to a registry, or to a run.

import ArgumentParser
import Foundation
import WinitRegistry

struct Log: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what was done, by whom, the newest first.",
    discussion: """
      Every create, import, verification, change of an alias, name or fact, deletion, collection and repair is there. Entries \
      are only ever added.
      """)

  @Argument(help: "Only what was done to this run, under whatever name.") var reference: String?

  @Option(help: ArgumentHelp("Show at most so many; 0 for all.", valueName: "n"))
  var limit = 50

  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    guard limit >= 0 else { throw ValidationError("--limit is a number of entries, or 0 for all of them") }
  }

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      let run = try reference.map { try registry.run($0, deletedToo: true) }
      let entries = try registry.history(of: run, limit: limit == 0 ? nil : limit)
      if json.enabled {
        let report: JSONValue = ["entries": .array(entries.map(\.json))]
        try emit(report.pretty)
      } else if entries.isEmpty {
        try emit("nothing is recorded")
      } else {
        try emit(table([["WHEN (UTC)", "WHAT", "RUN", "BY", "MORE"]] + entries.map(\.row)))
      }
    }
  }
}

extension HistoryEntry {
  fileprivate var json: JSONValue {
    [
      "number": .integer(number), "at": .string(at), "action": .string(action),
      "run": run.map { .string($0) } ?? .null, "reference": reference.map { .string($0) } ?? .null,
      "detail": detail, "actor": actor,
    ]
  }

  fileprivate var row: [String] {
    let who = [actor["user"], actor["hostname"]].compactMap { $0?.stringValue }.joined(separator: "@")
    let more = (detail.objectValue ?? []).map { "\($0.key) \($0.value.stringValue ?? $0.value.compact)" }
    return [
      at.replacingOccurrences(of: "T", with: " ").replacingOccurrences(of: "Z", with: ""), action,
      reference ?? "", who, more.joined(separator: ", "),
    ]
  }
}
