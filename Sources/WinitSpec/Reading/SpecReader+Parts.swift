// Reads the parts and the literals of an `init:`.

import WinitCore
import WinitInitializers

extension SpecReader {
  mutating func literal(
    _ fields: [String: SpecNode], _ node: SpecNode, _ tensor: TensorName?
  ) -> ModelSpec.Initialization? {
    if fields["from"]?.scalar == "like", fields["values"] == nil { return .literal(nil) }
    guard fields["from"] == nil, let values = fields["values"]?.sequence else {
      report(
        .missingParameter, node.line,
        "`literal` takes {from: like}, or {values: [1, 2, 3]} with every element in row-major order",
        tensor: tensor)
      return nil
    }
    var numbers: [Expression] = []
    for value in values {
      guard let number = expression(value, "a value of the literal", tensor) else { return nil }
      numbers.append(number)
    }
    return .literal(numbers)
  }

  mutating func parts(
    _ fields: [String: SpecNode], _ node: SpecNode, _ tensor: TensorName?
  ) -> ModelSpec.Initialization? {
    guard let baseNode = fields["base"], let nodes = fields["parts"]?.sequence else {
      report(
        .missingParameter, node.line,
        "`parts` needs a base and a list: {scheme: parts, base: {scheme: normal, std: 0.02}, parts: [{box: [[0, 1]], init: zeros}]}",
        tensor: tensor)
      return nil
    }
    guard let base = plainScheme(baseNode, tensor) else { return nil }
    var parts: [ModelSpec.PartText] = []
    for node in nodes {
      guard let part = part(node, tensor) else { return nil }
      parts.append(part)
    }
    return .parts(base: base, parts)
  }

  private mutating func part(_ node: SpecNode, _ tensor: TensorName?) -> ModelSpec.PartText? {
    var (box, stream) = ([(start: Expression, stop: Expression)]?.none, NameTemplate?.none)
    var scheme: ModelSpec.SchemeText?
    let before = diagnostics.count
    for (key, value) in members(of: node, known: ["box", "init", "stream"], what: "a part", tensor: tensor) {
      switch key {
      case "box": box = self.box(value, tensor)
      case "init": scheme = plainScheme(value, tensor)
      default: stream = template(value, "stream", tensor)
      }
    }
    guard let box, let scheme else {
      if diagnostics.count == before {
        report(
          .missingKey, node.line, "a part needs both `box` and `init`: {box: [[0, 1]], init: zeros}",
          tensor: tensor)
      }
      return nil
    }
    return ModelSpec.PartText(box: box, scheme: scheme, stream: stream, line: node.line)
  }

  private mutating func plainScheme(_ node: SpecNode, _ tensor: TensorName?) -> ModelSpec.SchemeText? {
    guard let initialization = initialization(node, tensor: tensor) else { return nil }
    if case .scheme(let scheme) = initialization { return scheme }
    report(
      .unknownScheme, node.line, "a part cannot have parts, a literal, same_as or skip; write a scheme with a law",
      tensor: tensor)
    return nil
  }

  private mutating func box(
    _ node: SpecNode, _ tensor: TensorName?
  ) -> [(start: Expression, stop: Expression)]? {
    let ranges = node.sequence?.map { $0.sequence ?? [] }
    guard let ranges, ranges.allSatisfy({ $0.count == 2 }) else {
      report(
        .wrongType, node.line, "a box must be a list of [start, stop], one for each leading axis: [[0, 1]]",
        tensor: tensor)
      return nil
    }
    var box: [(start: Expression, stop: Expression)] = []
    for range in ranges {
      guard let start = expression(range[0], "a start of the box", tensor),
        let stop = expression(range[1], "a stop of the box", tensor)
      else { return nil }
      box.append((start, stop))
    }
    return box
  }
}
