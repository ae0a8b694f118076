// Reads an `init:`.

import WinitCore
import WinitInitializers
import WinitJSON

extension SpecReader {
  /// Reads a scheme, or one of the forms that only a spec has: skip, same_as, norm_of, literal and parts.
  mutating func initialization(_ node: SpecNode, tensor: TensorName? = nil) -> ModelSpec.Initialization? {
    let members = node.mapping ?? []
    let name = node.scalar ?? members.first { $0.key.scalar == "scheme" }?.value.scalar
    guard let name, !name.isEmpty else {
      report(
        node.mapping == nil ? .wrongType : .missingKey, node.line,
        "init is \(node.mapping == nil ? node.summary : "a mapping without `scheme`"); write a name, or `{scheme: normal, std: 0.02}`",
        tensor: tensor)
      return nil
    }
    func fields(_ known: [String]) -> [String: SpecNode]? {
      var fields: [String: SpecNode] = [:]
      for (key, value) in members where key.scalar != "scheme" {
        guard let text = key.scalar, known.contains(text) else {
          report(.unknownParameter, key.line, "\(quoted: name) has no parameter \(key.summary)", tensor: tensor)
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
        report(
          .missingParameter, node.line, "`same_as` needs the name of a tensor: {scheme: same_as, of: NAME}",
          tensor: tensor)
        return nil
      }
      return template(node, "of", tensor).map { .sameAs($0) }
    case "norm_of": return fields(["of", "axes"]).flatMap { norm($0, node, tensor) }
    case "literal": return fields(["from", "of", "values"]).flatMap { literal($0, node, tensor) }.map { .literal($0) }
    case "parts": return fields(["base", "parts"]).flatMap { parts($0, node, tensor) }
    default: return scheme(node, name, tensor).map { .scheme($0) }
    }
  }

  private mutating func norm(
    _ fields: [String: SpecNode], _ node: SpecNode, _ tensor: TensorName?
  ) -> ModelSpec.Initialization? {
    guard let of = fields["of"], let axes = fields["axes"].flatMap({ axes($0) }), !axes.isEmpty else {
      report(
        .missingParameter, node.line,
        "`norm_of` needs the name of a tensor and a list of its axes: {scheme: norm_of, of: NAME, axes: [1, 2]}",
        tensor: tensor)
      return nil
    }
    return template(of, "of", tensor).map { .normOf($0, axes: axes) }
  }

  /// Reads a scheme and its parameters. Numbers may be expressions.
  private mutating func scheme(
    _ node: SpecNode, _ name: String, _ tensor: TensorName?
  ) -> ModelSpec.SchemeText? {
    var arguments: [String: SchemeArgument] = [:]
    var expressions: [(parameter: String, expression: Expression)] = []
    var fanOf: NameTemplate?
    var line = node.line
    for (key, value) in node.mapping ?? [] {
      guard let key = key.scalar, let text = value.scalar else {
        report(
          .wrongType, value.line, "a parameter of init is \(value.summary); it must be a number or a word",
          tensor: tensor)
        return nil
      }
      switch key {
      case "scheme": line = value.line
      case "fan_of":
        guard let template = template(value, "fan_of", tensor) else { return nil }
        fanOf = template
      default:
        guard text.utf8.count <= 1000 else {
          report(.tooLong, value.line, "\(key) has more than 1000 characters", tensor: tensor)
          return nil
        }
        if Scheme.isNumber(key, of: name), !JSONNumber.isNumber(text.utf8), Bool(text) == nil {
          guard let expression = expression(value, key, tensor) else { return nil }
          expressions.append((key, expression))
        } else {
          // The expression of an element is resolved with the tensor.
          if name == "expression", key == "value", expression(value, key, tensor) == nil { return nil }
          arguments[key] = SchemeArgument(text: text)
        }
      }
    }
    do {
      try Scheme.check(name, parameters: arguments.keys + expressions.map(\.parameter))
      return ModelSpec.SchemeText(
        try Scheme(name, arguments), expressions: expressions, fanOf: fanOf, line: line)
    } catch {
      report(SpecProblem(error), line, tensor: tensor)
      return nil
    }
  }
}
