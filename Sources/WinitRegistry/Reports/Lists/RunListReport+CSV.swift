// The CSV of `list`.

import WinitJSON

extension RunListReport {
  /// The names of the columns: the members of a run in JSON.
  package static let csvColumns = [
    "reference", "id", "weights", "seed", "name", "version", "stored", "tensor_count", "parameter_count", "byte_count",
    "law_version", "created_at", "tool_version", "host", "uid", "origin", "experiment", "tags", "note", "parent",
    "aliases", "git", "deleted_at", "preset",
  ]

  /// The runs as CSV with a row for each run: exact numbers, UTC, and the JSON text of what is an object or an array.
  package func csv(hasHeader: Bool) -> String {
    let rows = runs.map { run in
      let json = run.jsonValue
      return Self.csvColumns.map { csvText(json[$0] ?? .null) }
    }
    return csvText((hasHeader ? [Self.csvColumns] : []) + rows)
  }
}

/// Returns rows as CSV (RFC 4180). A cell that holds a comma, a quotation mark or a line break is quoted.
func csvText(_ rows: [[String]]) -> String {
  rows.map { row in
    row.map { cell in
      let needsQuotes = cell.utf8.contains { [UInt8(ascii: ","), UInt8(ascii: "\""), 0x0A, 0x0D].contains($0) }
      return needsQuotes ? "\"\(cell.replacing("\"", with: "\"\""))\"" : cell
    }.joined(separator: ",") + "\r\n"
  }.joined()
}

/// Returns a JSON value as a cell: null is empty, and a text is itself.
private func csvText(_ value: JSONValue) -> String {
  if case .null = value { return "" }
  return value.stringValue ?? value.compact
}
