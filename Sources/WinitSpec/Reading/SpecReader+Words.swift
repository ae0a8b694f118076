// Reads mappings, words, numbers and dtypes.

import WinitInitializers
import WinitCore
import WinitJSON

extension SpecReader {
  /// Returns the members of a mapping. Unknown keys are reported and left out.
  mutating func members(
    of node: SpecNode?, known: [String], what: String, tensor: TensorName? = nil
  ) -> [(key: String, node: SpecNode)] {
    guard let node else { return [] }
    guard let pairs = node.mapping else {
      report(
        .wrongType, node.line,
        "\(what) is \(node.summary); it must be a mapping with \(known.joined(separator: ", "))", tensor: tensor)
      return []
    }
    return pairs.compactMap { key, value in
      if let text = key.scalar, known.contains(text) { return (text, value) }
      let near = key.scalar.flatMap { nearest(to: $0, in: known) }.map { "; did you mean \(quoted: $0)?" } ?? ""
      report(
        .unknownKey, key.line,
        "\(what) has no key \(key.summary)\(near) (known: \(known.joined(separator: ", ")))", tensor: tensor)
      return nil
    }
  }

  mutating func word(_ node: SpecNode, _ what: String) -> String? {
    guard let text = node.scalar, !text.isEmpty else {
      report(.wrongType, node.line, "\(what) is \(node.summary); it must be text")
      return nil
    }
    return text
  }

  /// Reads a tensor name that may hold captures, each of which may be as long as the tensor's name.
  mutating func template(_ node: SpecNode, _ what: String, _ tensor: TensorName?) -> NameTemplate? {
    guard let text = word(node, what) else { return nil }
    guard text.utf8.count <= 1000 else {
      report(.tooLong, node.line, "\(what) has more than 1000 characters", tensor: tensor)
      return nil
    }
    return NameTemplate(text: text)
  }

  mutating func expression(_ node: SpecNode, _ what: String, _ tensor: TensorName? = nil) -> Expression? {
    guard let text = node.scalar else {
      report(
        .wrongType, node.line, "\(what) is \(node.summary); it must be a number or an expression", tensor: tensor)
      return nil
    }
    do { return try Expression(parsing: text) } catch {
      report(
        .badExpression, node.line,
        "\(what) is \(quoted: text), which is neither a number nor an expression: \(error.message)",
        tensor: tensor)
      return nil
    }
  }

  mutating func dtype(_ node: SpecNode, tensor: TensorName? = nil) -> DType? {
    let text = node.scalar ?? ""
    if let dtype = DType(parsing: text) { return dtype }
    let known = DType.allCases.map(\.rawValue)
    let near = nearest(to: text, in: known).map { "; did you mean \(quoted: $0)?" } ?? ""
    report(
      .unsupportedDType, node.line,
      "the dtype \(node.summary) is not supported\(near) (known: \(known.joined(separator: ", ")))",
      tensor: tensor)
    return nil
  }

  mutating func modelDType(_ node: SpecNode) -> DType? {
    guard let dtype = dtype(node) else { return nil }
    return check(modelDType: dtype, line: node.line) ? dtype : nil
  }

  /// Reports a dtype of the spec that is not a floating-point dtype.
  @discardableResult
  mutating func check(modelDType dtype: DType, line: Int?) -> Bool {
    if dtype.isFloatingPoint { return true }
    report(
      .notFloatingPoint, line,
      "the spec's dtype is \(dtype), which is not a floating-point dtype. Give integer tensors dtypes of their own")
    return false
  }
}
