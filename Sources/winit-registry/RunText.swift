// Runs and tensors, for people and for programs.

import WinitRegistry

extension Run {
  var json: JSONValue {
    [
      "reference": .string(reference), "id": .string(id.description), "weights": .string(weights.description),
      "seed": isImported ? .null : .string(String(seed)), "name": .string(name), "version": .integer(version),
      "stored": .bool(isStored),
      "tensor_count": .integer(tensorCount), "parameter_count": .integer(parameterCount),
      "byte_count": .integer(byteCount),
      "law_version": .string(lawVersion), "created_at": .string(createdAt),
      "tool_version": .string(toolVersion),
      "host": host, "uid": .string(uid), "origin": .string(isImported ? "captured" : "created"),
      "experiment": experiment.map { .string($0) } ?? .null,
      "tags": .object(tags.map { .init($0.key, .string($0.value)) }), "note": .string(note),
      "parent": parent.map { .string($0) } ?? .null, "aliases": .array(aliases.map { .string($0) }),
      "git": git ?? .null, "deleted_at": deletedAt.map { .string($0) } ?? .null,
    ]
  }

  /// `key=value`, one after another.
  var tagsText: String { tags.map { "\($0.key)=\($0.value)" }.joined(separator: ", ") }

  /// The seed; of captured bytes none is known.
  var seedText: String { isImported ? "–" : String(seed) }

  /// What stands at the top of a receipt and of `show`.
  var facts: [[String]] {
    [
      ["  id", id.description], ["  weights", weights.description], ["  seed", seedText],
      ["  tensors", "\(tensorCount), \(humanCount(parameterCount)) parameters, \(humanBytes(byteCount))"],
    ]
  }
}

extension RecordedTensor {
  /// The name of the scheme that gave the law: the one `auto` picked, else the recorded one.
  var schemeName: String { (scheme["picked"] ?? scheme["scheme"])?.stringValue ?? "" }

  var json: JSONValue {
    [
      "name": .string(name.string), "shape": recipe.shape.json,
      "dtype": .string(recipe.dtype.rawValue), "scheme": .string(schemeName), "init": scheme,
      "law": manifestEntry.law.json(tiedTo: tiedTo), "stream": .string(String(recipe.stream)),
      "digest": .string(digest.description),
    ]
  }

  /// The scheme as written, on one line: `he_normal(mode fan_out)`.
  var schemeText: String {
    if recipe.law != .literal, case .parts = recipe.law { return "parts" }
    let hidden = [
      "scheme", "alias", "layout", "picked", "because", "expressions", "fans", "fan_in", "fan_out",
    ]
    let arguments = (scheme.objectValue ?? []).filter { !hidden.contains($0.key) }.map { member in
      "\(member.key) \(scheme["expressions"]?[member.key]?.stringValue ?? member.value.stringValue ?? member.value.compact)"
    }
    let written = scheme["scheme"]?.stringValue ?? ""
    let call = arguments.isEmpty ? written : "\(written)(\(arguments.joined(separator: ", ")))"
    return scheme["picked"].flatMap(\.stringValue).map { "\(call) → \($0)" } ?? call
  }

  /// The law's numbers on one line, as short as binary32 allows, without those that follow from the others.
  var lawText: String {
    let derived = ["alpha", "beta", "half", "mid"]
    if let tiedTo { return "same_as(\(tiedTo))" }
    if case .parts(let parts) = recipe.law {
      return "parts(\(parts.map(\.law.name).joined(separator: ", ")))"
    }
    let numbers = recipe.law.parameters.filter { !derived.contains($0.name) }.map { name, value in
      "\(name) \(JSONNumber.text(Double("\(Float(value))") ?? value))"
    }
    return "\(recipe.law.name)(\(numbers.joined(separator: ", ")))"
  }
}
