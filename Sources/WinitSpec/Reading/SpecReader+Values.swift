// Reads the named numbers of a spec.

import WinitCore
import WinitJSON

extension SpecReader {
  /// The names that have a meaning in every expression. Later functions have one only before a parenthesis, so that
  /// specs that use their names keep their meaning.
  private static let reservedNames: Set<String> = ["sqrt", "min", "max", "dim", "fan_in", "fan_out", "fan_avg"]

  mutating func values(_ node: SpecNode) -> [ModelSpec.Value] {
    guard let pairs = node.mapping else {
      report(
        .wrongType, node.line, "values is \(node.summary); it must map each name to a number: `layers: 12`")
      return []
    }
    return pairs.compactMap { key, node in
      guard let name = valueName(key) else { return nil }
      return source(node, of: name).map { ModelSpec.Value(name: name, line: node.line, source: $0) }
    }
  }

  /// Reads the name of a value or an option.
  mutating func valueName(_ key: SpecNode) -> String? {
    guard let name = key.scalar, let first = name.first, first.isLetter || first == "_",
      name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }),
      !Self.reservedNames.contains(name)
    else {
      report(
        .invalidName, key.line,
        "\(key.summary) cannot be the name of a value. Use letters, digits and _, and none of "
          + Self.reservedNames.sorted().joined(separator: ", "))
      return nil
    }
    return name
  }

  mutating func source(_ node: SpecNode, of name: String) -> ModelSpec.Value.Source? {
    guard node.mapping != nil else { return expression(node, "the value \(quoted: name)").map { .expression($0) } }
    var fields: [String: SpecNode] = [:]
    for (key, node) in members(of: node, known: ["count", "dim", "axis"], what: "a value") { fields[key] = node }
    if let count = fields["count"].flatMap({ glob($0) }), fields.count == 1 { return .count(count) }
    if let dim = fields["dim"].flatMap({ glob($0) }), fields.count == 2,
      let axis = fields["axis"]?.scalar.flatMap({ Int($0) })
    {
      return .dimension(dim, axis: axis)
    }
    report(
      .wrongType, node.line,
      "the value \(quoted: name) must be a number, an expression, {count: PATTERN} or {dim: PATTERN, axis: 0}")
    return nil
  }
}
