// Reads the parts and the literals of an `init:`.

import WinitCore
import WinitInitializers

extension SpecReader {
  mutating func literal(
    _ fields: [String: SpecNode], _ node: SpecNode, _ tensor: TensorName?
  ) -> ModelSpec.LiteralText? {
    if fields["from"]?.scalar == "like", fields["values"] == nil {
      guard let of = fields["of"] else { return .like(of: nil) }
      return template(of, "of", tensor).map { .like(of: $0) }
    }
    guard fields["from"] == nil, fields["of"] == nil, let values = fields["values"]?.sequence else {
      report(
        .missingParameter, node.line,
        "`literal` takes {from: like}, {from: like, of: NAME}, or {values: [1, 2, 3]} with every element in row-major order",
        tensor: tensor)
      return nil
    }
    var numbers: [Expression] = []
    for value in values {
      guard let number = expression(value, "a value of the literal", tensor) else { return nil }
      numbers.append(number)
    }
    return .values(numbers)
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
    guard let base = partInitialization(baseNode, tensor) else { return nil }
    var parts: [ModelSpec.PartText] = []
    for node in nodes {
      guard let part = part(node, tensor) else { return nil }
      parts.append(part)
    }
    return .parts(base: base, parts)
  }

  private mutating func part(_ node: SpecNode, _ tensor: TensorName?) -> ModelSpec.PartText? {
    var (box, repetition) = ([(start: Expression, stop: Expression)]?.none, RepetitionText?.none)
    var (initialization, stream, fanOf) = (
      ModelSpec.PartInitialization?.none, NameTemplate?.none, NameTemplate?.none
    )
    let before = diagnostics.count
    for (key, value) in members(
      of: node, known: ["box", "init", "stream", "repeat", "layout", "fans", "fan_of"], what: "a part", tensor: tensor)
    {
      switch key {
      case "box": box = self.box(value, tensor)
      case "init": initialization = partInitialization(value, tensor)
      case "stream": stream = template(value, "stream", tensor)
      case "repeat": repetition = self.repetition(value, tensor)
      case "fan_of": fanOf = template(value, "fan_of", tensor)
      default: break
      }
    }
    let fans = fanSource(node, tensor: tensor)
    if let fanOf, case .scheme(let scheme) = initialization {
      initialization = .scheme(scheme.taking(fansOf: fanOf))
    }
    if stream != nil, repetition?.stream != nil {
      report(
        .conflictingKeys, node.line, "the part and its `repeat` both give a stream; give one of them", tensor: tensor)
    }
    guard let box, let initialization, diagnostics.count == before else {
      if diagnostics.count == before {
        report(
          .missingKey, node.line, "a part needs both `box` and `init`: {box: [[0, 1]], init: zeros}",
          tensor: tensor)
      }
      return nil
    }
    return ModelSpec.PartText(
      box: box, initialization: initialization, fans: fans, stream: stream ?? repetition?.stream,
      repetition: repetition?.repetition, line: node.line)
  }

  private typealias RepetitionText = (repetition: ModelSpec.Repetition, stream: NameTemplate?)

  /// Reads `{axis: 0, step: 2, count: 4, stream: "h.{n}.w"}`.
  private mutating func repetition(_ node: SpecNode, _ tensor: TensorName?) -> RepetitionText? {
    var (axis, step, count, stream) = (Int?.none, Expression?.none, Expression?.none, NameTemplate?.none)
    let before = diagnostics.count
    for (key, value) in members(
      of: node, known: ["axis", "step", "count", "stream"], what: "`repeat`", tensor: tensor)
    {
      switch key {
      case "axis": axis = value.scalar.flatMap { Int($0) }
      case "step": step = expression(value, "the step of `repeat`", tensor)
      case "count": count = expression(value, "the count of `repeat`", tensor)
      default: stream = template(value, "stream", tensor)
      }
    }
    guard diagnostics.count == before else { return nil }
    guard let axis, axis >= 0 else {
      report(
        .missingKey, node.line, "`repeat` needs an axis on which the box has a range: {axis: 0, stream: \"h.{n}.w\"}",
        tensor: tensor)
      return nil
    }
    return (ModelSpec.Repetition(axis: axis, step: step, count: count), stream)
  }

  private mutating func partInitialization(_ node: SpecNode, _ tensor: TensorName?) -> ModelSpec.PartInitialization? {
    switch initialization(node, tensor: tensor) {
    case nil: return nil
    case .scheme(let scheme): return .scheme(scheme)
    case .literal(let literal): return .literal(literal)
    case .skip, .sameAs, .normOf, .parts:
      report(
        .unknownScheme, node.line, "a part cannot have parts, norm_of, same_as or skip; write a scheme with a law",
        tensor: tensor)
      return nil
    }
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
