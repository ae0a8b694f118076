// What an `init:` says: a scheme with numbers and expressions, parts, another tensor's values, or given ones.

import WinitCore
import WinitInitializers
import WinitJSON

extension SpecReader {
  mutating func initialization(_ node: SpecNode, tensor: TensorName? = nil) -> ModelSpec.Initialization? {
    let members = node.mapping ?? []
    let name = node.scalar ?? members.first { $0.key.scalar == "scheme" }?.value.scalar
    guard let name, !name.isEmpty else {
      report(
        node.line,
        "init is \(node.mapping == nil ? node.kind : "a mapping without `scheme`"); write a name, or `{scheme: normal, std: 0.02}`",
        tensor: tensor)
      return nil
    }
    func fields(_ known: [String]) -> [String: SpecNode]? {
      var fields: [String: SpecNode] = [:]
      for (key, value) in members where key.scalar != "scheme" {
        guard let text = key.scalar, known.contains(text) else {
          report(key.line, "`\(name)` has no parameter \(key.kind)", tensor: tensor)
          return nil
        }
        fields[text] = value
      }
      return fields
    }
    switch name {
    case "skip": return fields([]) == nil ? nil : .skip
    case "same_as":
      guard let fields = fields(["of"]) else { return nil }
      guard let node = fields["of"] else {
        report(node.line, "`same_as` needs the name of a tensor: {scheme: same_as, of: NAME}", tensor: tensor)
        return nil
      }
      return template(node, "of", tensor).map { .sameAs($0) }
    case "literal": return fields(["from", "values"]).flatMap { literal($0, node, tensor) }
    case "parts": return fields(["base", "parts"]).flatMap { parts($0, node, tensor) }
    default: return scheme(node, name, tensor).map { .scheme($0) }
    }
  }

  /// A scheme and its parameters; numbers may be expressions.
  private mutating func scheme(_ node: SpecNode, _ name: String, _ tensor: TensorName?) -> ModelSpec
    .SchemeText?
  {
    var (arguments, expressions) = ([String: String](), [String: Expression]())
    var fanOf: String?
    var line = node.line
    for (key, value) in node.mapping ?? [] {
      guard let key = key.scalar, let text = value.scalar else {
        report(
          value.line, "a parameter of init is \(value.kind); it must be a number or a word", tensor: tensor)
        return nil
      }
      switch key {
      case "scheme": line = value.line
      case "fan_of":
        guard let template = template(value, "fan_of", tensor) else { return nil }
        fanOf = template
      default:
        guard text.utf8.count <= 1000 else {
          report(value.line, "\(key) has more than 1000 characters", tensor: tensor)
          return nil
        }
        arguments[key] = text
        guard Scheme.isNumber(key, of: name), !JSONNumber.isNumber(text.utf8), Bool(text) == nil else {
          break
        }
        do { expressions[key] = try Expression(parsing: text) } catch {
          report(
            value.line, "\(key) is `\(text)`, which is not a number, nor an expression: \(error.message)",
            tensor: tensor)
          return nil
        }
      }
    }
    do {
      return ModelSpec.SchemeText(
        scheme: try Scheme(name, arguments), expressions: expressions, fanOf: fanOf, line: line)
    } catch {
      report(line, error.description, tensor: tensor)
      return nil
    }
  }

  private mutating func literal(
    _ fields: [String: SpecNode], _ node: SpecNode, _ tensor: TensorName?
  ) -> ModelSpec.Initialization? {
    if fields["from"]?.scalar == "like", fields["values"] == nil { return .literal(nil) }
    guard fields["from"] == nil, let values = fields["values"]?.sequence else {
      report(
        node.line, "`literal` takes {from: like}, or {values: [1, 2, 3]}, every element in row-major order",
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

  private mutating func parts(
    _ fields: [String: SpecNode], _ node: SpecNode, _ tensor: TensorName?
  ) -> ModelSpec.Initialization? {
    guard let baseNode = fields["base"], let nodes = fields["parts"]?.sequence else {
      report(
        node.line,
        "`parts` needs a base and a list: {scheme: parts, base: {scheme: normal, std: 0.02}, parts: [{box: [[0, 1]], init: zeros}]}",
        tensor: tensor)
      return nil
    }
    guard let base = plainScheme(baseNode, tensor) else { return nil }
    var parts: [ModelSpec.PartText] = []
    for node in nodes {
      var (box, scheme, stream) = (
        [(start: Expression, stop: Expression)]?.none, ModelSpec.SchemeText?.none, String?.none
      )
      for (key, value) in members(of: node, known: ["box", "init", "stream"], what: "a part", tensor: tensor)
      {
        switch key {
        case "box": box = self.box(value, tensor)
        case "init": scheme = plainScheme(value, tensor)
        default: stream = template(value, "stream", tensor)
        }
      }
      guard let box, let scheme else {
        report(node.line, "a part needs both `box` and `init`: {box: [[0, 1]], init: zeros}", tensor: tensor)
        return nil
      }
      parts.append(ModelSpec.PartText(box: box, scheme: scheme, stream: stream, line: node.line))
    }
    return .parts(base: base, parts)
  }

  /// A name into which captures are put, each of which may be as long as the tensor's.
  private mutating func template(_ node: SpecNode, _ what: String, _ tensor: TensorName?) -> String? {
    guard let text = word(node, what) else { return nil }
    guard text.utf8.count <= 1000 else {
      report(node.line, "\(what) has more than 1000 characters", tensor: tensor)
      return nil
    }
    return text
  }

  private mutating func plainScheme(_ node: SpecNode, _ tensor: TensorName?) -> ModelSpec.SchemeText? {
    guard let initialization = initialization(node, tensor: tensor) else { return nil }
    if case .scheme(let scheme) = initialization { return scheme }
    report(node.line, "a part's init is a scheme with a law of its own", tensor: tensor)
    return nil
  }

  private mutating func box(_ node: SpecNode, _ tensor: TensorName?) -> [(
    start: Expression, stop: Expression
  )]? {
    let ranges = node.sequence?.map { $0.sequence ?? [] }
    guard let ranges, ranges.allSatisfy({ $0.count == 2 }) else {
      report(node.line, "a box is a list of [start, stop] on the leading axes: [[0, 1]]", tensor: tensor)
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

  mutating func expression(_ node: SpecNode, _ what: String, _ tensor: TensorName? = nil) -> Expression? {
    guard let text = node.scalar else {
      report(node.line, "\(what) is \(node.kind); it must be a number or an expression", tensor: tensor)
      return nil
    }
    do { return try Expression(parsing: text) } catch {
      report(
        node.line, "\(what) is `\(text)`, which is not a number, nor an expression: \(error.message)",
        tensor: tensor)
      return nil
    }
  }
}
