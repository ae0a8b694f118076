// The smaller parts of a spec: named numbers, patterns and what else a rule matches by, fans, a preset.

import WinitCore
import WinitInitializers

extension SpecReader {
  mutating func values(_ node: SpecNode) -> [ModelSpec.Value] {
    guard let pairs = node.mapping else {
      report(node.line, "values is \(node.kind); it maps each name to a number: `layers: 12`")
      return []
    }
    var values: [ModelSpec.Value] = []
    for (key, node) in pairs {
      guard let name = key.scalar, let first = name.first, first.isLetter || first == "_",
        name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }),
        !["sqrt", "min", "max", "dim", "fan_in", "fan_out", "fan_avg"].contains(name)
      else {
        report(
          key.line,
          "\(key.kind) cannot name a value; use letters, digits and _, and no name that expressions have")
        continue
      }
      if node.mapping != nil {
        let fields = Dictionary(
          members(of: node, known: ["count", "dim", "axis"], what: "a value").map { ($0.key, $0.node) },
          uniquingKeysWith: { first, _ in first })
        if let count = fields["count"].flatMap({ glob($0) }), fields.count == 1 {
          values.append(ModelSpec.Value(name: name, line: node.line, source: .count(count)))
        } else if let dim = fields["dim"].flatMap({ glob($0) }), fields.count == 2,
          let axis = fields["axis"]?.scalar.flatMap({ Int($0) })
        {
          values.append(ModelSpec.Value(name: name, line: node.line, source: .dimension(dim, axis: axis)))
        } else {
          report(
            node.line,
            "the value `\(name)` is a number, an expression, {count: PATTERN} or {dim: PATTERN, axis: 0}")
        }
      } else if let expression = expression(node, "the value `\(name)`") {
        values.append(ModelSpec.Value(name: name, line: node.line, source: .expression(expression)))
      }
    }
    return values
  }

  mutating func glob(_ node: SpecNode) -> Glob? {
    guard let text = word(node, "match") else { return nil }
    guard text.utf8.count <= 1000 else {
      report(node.line, "the pattern has more than 1000 characters")
      return nil
    }
    let glob = Glob(text)
    guard Set(glob.captures).count == glob.captures.count else {
      report(node.line, "the pattern `\(text)` captures one name twice")
      return nil
    }
    return glob
  }

  mutating func rank(_ node: SpecNode) -> Int? {
    if let rank = node.scalar.flatMap({ Int($0) }), rank >= 0 { return rank }
    report(node.line, "the rank \(node.kind) is not a number of dimensions")
    return nil
  }

  mutating func dtypeKind(_ node: SpecNode) -> Bool? {
    switch node.scalar {
    case "floating": return true
    case "integer": return false
    default:
      report(
        node.line, "a rule's dtype is \(node.kind); it is `floating` or `integer` (integers and booleans)")
      return nil
    }
  }

  /// `{in: [axes], out: [axes], batch: [axes]}`
  mutating func fans(_ node: SpecNode, tensor: TensorName? = nil) -> FanSource? {
    var axes: [String: [Int]] = [:]
    for (key, node) in members(of: node, known: ["in", "out", "batch"], what: "fans", tensor: tensor) {
      let numbers = (node.sequence ?? [node]).map { $0.scalar.flatMap { Int($0) } }
      guard !numbers.contains(nil) else {
        report(node.line, "fans gives \(node.kind) for \(key); it takes a list of axes: [0]", tensor: tensor)
        return nil
      }
      axes[key] = numbers.compactMap(\.self)
    }
    guard let input = axes["in"], let output = axes["out"] else {
      report(node.line, "fans needs both `in` and `out`: {in: [0], out: [1, 2]}", tensor: tensor)
      return nil
    }
    return .axes(FanAxes(input: input, output: output, batch: axes["batch"] ?? []))
  }

  mutating func preset(_ node: SpecNode) -> ModelSpec? {
    guard let name = word(node, "preset") else { return nil }
    do { return try ModelSpec(preset: name) } catch {
      report(node.line, error.description)
      lacksRules = true
      return nil
    }
  }
}
