// The scheme and the law of a tensor, each on one line.

import WinitCore
import WinitJSON
import WinitStorage

/// A tensor of a run or of a plan, with its scheme and its recipe.
protocol DescribedTensor: CountedTensor {
  var name: TensorName { get }
  /// The scheme as it is recorded.
  var scheme: JSONValue { get }
  /// The seed of the tensor, if it is not that of the run.
  var ownSeed: UInt64? { get }
}

extension TensorRecord: DescribedTensor {}

extension DescribedTensor {
  /// The name of the scheme that gave the law: the scheme that `auto` picked, otherwise the recorded scheme.
  var schemeName: String { (scheme["picked"] ?? scheme["scheme"])?.stringValue ?? "" }

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

  /// The law and its parameters, as short as binary32 allows, without those that follow from the others, and the seed
  /// if it is not that of the run.
  var lawText: String {
    (tiedTo.map { "same_as(\($0))" } ?? recipe.law.text) + (ownSeed.map { ", seed \($0)" } ?? "")
  }
}

extension Law {
  fileprivate var text: String {
    switch self {
    case .parts(let parts): return "parts(\(parts.map(\.law.name).joined(separator: ", ")))"
    case .expression(let draw, let tree): return "\(tree.text)" + (draw.map { ", draw \($0.text)" } ?? "")
    case .normOf(let name, let axes): return "norm_of(\(name), axes \(axes))"
    case .batched(let law, let axes): return "\(law.text), batch \(axes)"
    default:
      let derived = ["alpha", "beta", "half", "mid"]
      let numbers = parameters.filter { !derived.contains($0.name) }.map { name, value in
        "\(name) \(JSONNumber.text(Double("\(Float(value))") ?? value))"
      }
      return "\(name)(\(numbers.joined(separator: ", ")))"
    }
  }
}

extension ExpressionTree {
  /// The tree as it is typed in a spec: `log(1 + index[1])`.
  var text: String { text(inside: 0) }

  /// Returns the text, in parentheses if the operation binds less than the operation around it.
  private func text(inside outer: Int) -> String {
    switch self {
    case .number(let value): return JSONNumber.text(value)
    case .draw: return "draw"
    case .index(let axis): return "index[\(axis)]"
    case .unary(.negate, let operand): return parenthesized("-\(operand.text(inside: 3))", 3, outer)
    case .unary(let operation, let operand): return "\(operation.rawValue)(\(operand.text))"
    case .binary(let operation, let left, let right):
      guard let binding = operation.binding else { return "\(operation.rawValue)(\(left.text), \(right.text))" }
      // The operators are evaluated from left to right, so a right operand of the same rank needs parentheses.
      let text = "\(left.text(inside: binding)) \(operation.rawValue) \(right.text(inside: binding + 1))"
      return parenthesized(text, binding, outer)
    }
  }

  private func parenthesized(_ text: String, _ binding: Int, _ outer: Int) -> String {
    binding < outer ? "(\(text))" : text
  }
}

extension BinaryOperation {
  /// How strongly an operator binds; nil for a function.
  fileprivate var binding: Int? {
    switch self {
    case .add, .subtract: 1
    case .multiply, .divide: 2
    case .min, .max, .pow: nil
    }
  }
}
