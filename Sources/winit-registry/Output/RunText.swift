// Runs as text.

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
    ] + presetRows
  }

  /// The rows of the preset: its name with the prefix of the names, and its options with their sources.
  private var presetRows: [[String]] {
    guard let preset else { return [] }
    let name = preset.name ?? "declared in the spec"
    let prefix = preset.prefix.isEmpty ? "" : ", matched without the prefix `\(preset.prefix)`"
    let options = preset.options.map { "\($0.name) \($0.value) (\($0.source))" }
    return [["  preset", name + prefix]] + (options.isEmpty ? [] : [["  options", options.joined(separator: ", ")]])
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
    return ([reference] + (rows.isEmpty ? [] : [table(rows)])).joined(separator: "\n")
  }
}

extension CreateReceipt {
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
      + table(run.summaryRows + [["  stored", stored], ["  time", humanDuration(duration)]])
  }
}
