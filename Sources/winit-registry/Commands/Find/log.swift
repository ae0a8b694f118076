// log: show the history.

import ArgumentParser
import Foundation
import WinitRegistry

struct LogCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "log", abstract: "Show the history, newest first: what was done, when and by whom.",
    discussion: """
      Every create, import, verification, deletion, collection and repair, and every change of an alias, a name, the \
      metadata or the stored bytes of a run adds an entry. Entries are never changed or removed.

      In a terminal the table fits the window: BY and DETAILS are shortened, then columns are left out, in this order: \
      BY, DETAILS, TIME. A pipe and a file get every column in full width.
      """)

  @Argument(
    help:
      "Only entries about this run, such as gpt2:v1, which may be deleted or collected; entries under its former names are included. (default: all entries)",
    completion: .runs
  )
  var reference: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Maximum number of entries; 0 for no limit. (default: 50)", valueName: "n"),
    transform: integer(atLeast: 0))
  var limit = 50

  @OptionGroup var tableOptions: TableOptions
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws { try tableOptions.check(json) }

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      let limit = limit == 0 ? nil : limit
      let entries = try reference.map { try registry.history(of: $0, limit: limit) } ?? registry.history(limit: limit)
      if json.enabled {
        try emit(HistoryReport(entries: entries).json)
      } else if entries.isEmpty {
        try emit("the history has no entries")
      } else {
        let columns = [
          Table.Column("TIME (UTC)"), Table.Column("ACTION"), Table.Column("RUN", .key),
          Table.Column("BY", .shorten(to: 8)), Table.Column("DETAILS", .shorten(to: 16)),
        ]
        let table = Table(
          columns, entries.map(\.row), omitted: ["BY", "DETAILS", "TIME (UTC)"], hasHeader: !tableOptions.noHeader)
        try emit(table.text)
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
