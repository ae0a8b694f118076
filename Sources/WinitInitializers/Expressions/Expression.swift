// Expressions: arithmetic in a spec, and the functions of elements.

package import WinitCore
import WinitJSON

/// An expression: numbers, names, `+ - * /`, parentheses and functions. An expression is evaluated in binary64, in the
/// order in which it is written: products before sums, each from the left. A minus sign before a factor belongs to the
/// factor: `-a * b` is (−a)·b.
///
/// The expression of an element may also use the element's draw, such as `uniform(0, 16)`, and its coordinates,
/// `index[0]`.
package struct Expression: Sendable {
  indirect enum Node: Sendable {
    case number(Double)
    case name(String)
    case dimension(Int)
    case index(Int)
    case unary(UnaryOperation, Node)
    case binary(BinaryOperation, Node, Node)
    case draw(DrawFunction, [Node])
  }

  /// The reason why a text is not an expression, or why an expression has no value.
  package struct Failure: Error {
    package let message: String

    package init(message: String) { self.message = message }
  }

  /// Returns the value of a name; nil for an unknown name.
  package typealias Names = (String) throws(Failure) -> Double?

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

  /// The names in the expression, each once.
  package var names: Set<String> {
    func names(_ node: Node) -> Set<String> {
      switch node {
      case .number, .dimension, .index: []
      case .name(let name): [name]
      case .unary(_, let operand): names(operand)
      case .binary(_, let left, let right): names(left).union(names(right))
      case .draw(_, let parameters): parameters.reduce([]) { $0.union(names($1)) }
      }
    }
    return names(root)
  }

  /// Evaluates the expression.
  ///
  /// - Parameters:
  ///   - names: returns the value of a name; nil for an unknown name.
  ///   - dims: the tensor's dimensions, for `dim[k]`.
  /// - Throws: `Failure` for an unknown name, an axis that the tensor does not have, an operation outside its domain,
  ///   or a result that is not finite.
  package func value(_ names: Names, dims: [Int]) throws(Failure) -> Double {
    var evaluation = Evaluation(dims: dims, isElement: false)
    guard case .number(let value) = try evaluation.tree(root, names) else {
      preconditionFailure("an expression without elements is a number")
    }
    return value
  }

  /// Returns the function of an element that the expression is, with the law of the element's draw.
  ///
  /// - Throws: `Failure` as `value` does, and for two draws that differ.
  package func element(_ names: Names, dims: [Int]) throws(Failure) -> (tree: ExpressionTree, draw: Law?) {
    var evaluation = Evaluation(dims: dims, isElement: true)
    let tree = try evaluation.tree(root, names)
    return (tree, evaluation.draw)
  }
}
