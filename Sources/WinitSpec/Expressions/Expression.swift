// Expressions: arithmetic in a spec.

import WinitJSON

/// An expression: numbers, names, `+ - * /`, parentheses, sqrt, min and max. An expression is evaluated in binary64, in
/// the order in which it is written: products before sums, each from the left.
package struct Expression: Sendable {
  indirect enum Node: Sendable {
    case number(Double)
    case name(String)
    case dimension(Int)
    case negative(Node)
    case binary(Character, Node, Node)
    case call(String, [Node])
  }

  /// The reason why a text is not an expression, or why an expression has no value.
  package struct Failure: Error {
    package let message: String
  }

  /// The expression as it is written.
  package let text: String
  private let root: Node

  /// Parses an expression.
  ///
  /// - Throws: `Failure` if the text is not an expression.
  package init(parsing text: String) throws(Failure) {
    // The limit of the length also limits the depth of the tree, and so the stack of every recursion over the tree.
    guard text.utf8.count <= 1000 else { throw Failure(message: "it has more than 1000 characters") }
    self.text = text
    var parser = ExpressionParser(text)
    root = try parser.sum(depth: 0)
    try parser.end()
  }

  /// Evaluates the expression.
  ///
  /// - Parameters:
  ///   - names: returns the value of a name; nil for an unknown name.
  ///   - dims: the tensor's dimensions, for `dim[k]`.
  /// - Throws: `Failure` for an unknown name, an axis that the tensor does not have, or a result that is not finite.
  package func value(_ names: (String) throws(Failure) -> Double?, dims: [Int]) throws(Failure) -> Double {
    try evaluate(root, names, dims)
  }

  private func evaluate(
    _ node: Node, _ names: (String) throws(Failure) -> Double?, _ dims: [Int]
  ) throws(Failure) -> Double {
    let value: Double
    switch node {
    case .number(let number): value = number
    case .name(let name):
      guard let number = try names(name) else { throw Failure(message: "unknown name `\(name)`") }
      value = number
    case .dimension(let axis):
      let place = axis < 0 ? axis + dims.count : axis
      guard dims.indices.contains(place) else {
        throw Failure(message: "dim[\(axis)] does not exist; the tensor has \(dims.count) dimensions")
      }
      value = Double(dims[place])
    case .negative(let inner): value = -(try evaluate(inner, names, dims))
    case .binary(let sign, let left, let right):
      let (a, b) = (try evaluate(left, names, dims), try evaluate(right, names, dims))
      switch sign {
      case "+": value = a + b
      case "-": value = a - b
      case "*": value = a * b
      default:
        guard b != 0 else { throw Failure(message: "division by 0") }
        value = a / b
      }
    case .call(let function, let nodes):
      var numbers: [Double] = []
      for node in nodes { numbers.append(try evaluate(node, names, dims)) }
      switch function {
      case "sqrt":
        guard numbers[0] >= 0 else {
          throw Failure(message: "sqrt of the negative number \(JSONNumber.text(numbers[0]))")
        }
        value = numbers[0].squareRoot()
      case "min": value = numbers.min() ?? 0
      default: value = numbers.max() ?? 0
      }
    }
    guard value.isFinite else { throw Failure(message: "the result is too large") }
    return value
  }
}
