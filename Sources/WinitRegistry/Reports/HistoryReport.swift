// The JSON of `log`.

package import WinitJSON
import WinitStorage

/// Entries of the history, the newest first.
package struct HistoryReport: Sendable, JSONReport {
  package let entries: [HistoryEntry]

  package init(entries: [HistoryEntry]) { self.entries = entries }

  package var jsonValue: JSONValue { ["entries": .array(entries.map(\.jsonValue))] }
}

extension HistoryEntry {
  package var jsonValue: JSONValue {
    [
      "number": .integer(record.number), "at": .string(record.at), "action": .string(action),
      "run": .optional(record.run), "reference": .optional(reference), "detail": record.detail,
      "actor": record.actor,
    ]
  }
}
