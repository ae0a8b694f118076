// log: show the history.

import ArgumentParser
import Foundation
import WinitRegistry

struct LogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "Show the history, newest first: what was done, when and by whom.",
    discussion: """
      Every create, import, verification, deletion, collection and repair, and every change of an alias, a name, the \
      metadata or the stored bytes of a run adds an entry. Entries are never changed or removed.
      """)

  @Argument(
    help:
      "Only entries about this run, such as gpt2:v1; entries under its former names are included. (default: all entries)"
  )
  var reference: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Maximum number of entries; 0 for no limit. (default: 50)", valueName: "n"),
    transform: integer(atLeast: 0))
  var limit = 50

  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      let run = try reference.map { try registry.run($0, includingDeleted: true) }
      let entries = try registry.history(of: run, limit: limit == 0 ? nil : limit)
      if json.enabled {
        try emit(HistoryReport(entries: entries).json)
      } else if entries.isEmpty {
        try emit("the history has no entries")
      } else {
        try emit(table([["TIME (UTC)", "ACTION", "RUN", "BY", "DETAILS"]] + entries.map(\.row)))
      }
    }
  }
}

extension HistoryEntry {
  fileprivate var row: [String] {
    let time = timeText.replacingOccurrences(of: "T", with: " ").replacingOccurrences(of: "Z", with: "")
    return [time, action, reference ?? "", actorText, detailText]
  }
}
