// The scheme and the law of a tensor, each on one line.

import WinitCore
import WinitJSON
import WinitStorage

extension TensorRecord {
  /// The name of the scheme that gave the law: the scheme that `auto` picked, otherwise the recorded scheme.
  package var schemeName: String { (scheme["picked"] ?? scheme["scheme"])?.stringValue ?? "" }

  /// The scheme as written: `he_normal(mode fan_out)`.
  var schemeText: String {
    if recipe.law != .literal, case .parts = recipe.law { return "parts" }
    let hidden = ["scheme", "alias", "layout", "picked", "because", "expressions", "fans", "fan_in", "fan_out"]
    let arguments = (scheme.objectValue ?? []).filter { !hidden.contains($0.key) }.map { member in
      "\(member.key) \(scheme["expressions"]?[member.key]?.stringValue ?? member.value.stringValue ?? member.value.compact)"
    }
    let written = scheme["scheme"]?.stringValue ?? ""
    let call = arguments.isEmpty ? written : "\(written)(\(arguments.joined(separator: ", ")))"
    return scheme["picked"].flatMap(\.stringValue).map { "\(call) → \($0)" } ?? call
  }

  /// The parameters of the law, as short as binary32 allows, without those that follow from the others.
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
