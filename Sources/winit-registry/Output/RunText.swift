// Runs as text.

import WinitJSON
import WinitRegistry

extension Run {
  /// The tags as `key=value`, separated by commas.
  var tagsText: String { tags.map { "\($0.key)=\($0.value)" }.joined(separator: ", ") }

  /// The seed; a dash for an imported run, which has none.
  var seedText: String { if case .seeded(let seed) = origin { String(seed) } else { "–" } }

  /// The rows at the top of a receipt and of `show`.
  var summaryRows: [[String]] {
    [
      ["  id", id.description], ["  weights", weights.description], ["  seed", seedText],
      ["  tensors", "\(tensorCount), \(humanCount(parameterCount)) parameters, \(humanBytes(byteCount))"],
    ] + (preset?.rows ?? [])
  }

  /// A row for each part of the metadata that is set. Finds the parent in the registry.
  func metadataRows(in registry: Registry) throws -> [[String]] {
    let parent = try parentUID.map { uid in
      try registry.parent(of: self)?.reference ?? "\(uid) (not in this registry)"
    }
    var rows: [[String]] = []
    if let experiment { rows.append(["  experiment", experiment]) }
    if let parent { rows.append(["  parent", parent]) }
    if !tags.isEmpty { rows.append(["  tags", tagsText]) }
    if !note.isEmpty { rows.append(["  note", note]) }
    return rows
  }

  /// The reference and the metadata. Finds the parent in the registry.
  func metadataText(in registry: Registry) throws -> String {
    let rows = try metadataRows(in: registry)
    return ([reference] + (rows.isEmpty ? [] : [Table(fields: rows).text])).joined(separator: "\n")
  }
}

extension RunPreset {
  /// The rows of the preset: its name with the prefix of the names, and its options with their sources.
  var rows: [[String]] {
    let name = name ?? "declared in the spec"
    let prefix = prefix.isEmpty ? "" : ", matched without the prefix \(quoted: prefix)"
    let options = options.map { "\($0.name) \($0.value) (\($0.source))" }
    return [["  preset", name + prefix]] + (options.isEmpty ? [] : [["  options", options.joined(separator: ", ")]])
  }
}

/// Returns the row of the tensors of `like` that a spec skips; no row without such tensors.
func skippedRows(_ skipped: [String]) -> [[String]] {
  guard !skipped.isEmpty else { return [] }
  let names = skipped.prefix(5).map { "`\($0)`" }.joined(separator: ", ")
  return [["  skipped", "\(counted(skipped.count, "tensor")): \(names)\(skipped.count > 5 ? ", …" : "")"]]
}

/// Returns the other runs with the same id, of which the first are named.
func sameIDText(_ references: [String]) -> String {
  let more = references.count - 3
  // The list of a receipt ends at 100.
  let rest = more <= 0 ? "" : " and \(references.count < 100 ? "" : "at least ")\(more) more"
  return references.prefix(3).joined(separator: ", ") + rest
}

extension CreateReceipt {
  /// The rows about other runs: the runs with the same id, and the runs whose tensors a graft has.
  private var otherRows: [[String]] {
    let counts = sources.map { "\(counted($0.tensorCount, "tensor")) of \($0.reference)" }
    return (sameID.isEmpty ? [] : [["  same id as", sameIDText(sameID)]])
      + (counts.isEmpty ? [] : [["  from", counts.joined(separator: ", ")]])
  }

  /// The receipt, which starts with a verb and the reference of the run.
  func text(_ verb: String) -> String {
    let stored =
      run.isStored
      ? "\(humanBytes(storedBytes)) in new chunks"
        + (sharedBytes > 0 ? ", \(humanBytes(sharedBytes)) shared" : "")
      : storedBytes + sharedBytes == 0
        ? "recipe and digests only"
        : "recipe, digests, and \(humanBytes(storedBytes + sharedBytes)) of literals"
    return "\(verb) \(run.reference)\n"
      + Table(fields: run.summaryRows + otherRows + [["  stored", stored], ["  time", humanDuration(duration)]]).text
  }
}
