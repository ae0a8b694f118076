// Evaluates expressions to numbers, or to the functions of elements.

import WinitCore
import WinitJSON

extension Expression {
  /// One evaluation. Every part of the expression without a draw and a coordinate becomes its value.
  struct Evaluation {
    let dims: [Int]
    /// Whether the expression may use the draw and the coordinates of an element.
    let isElement: Bool
    /// The law of the draw; nil before the first draw.
    private(set) var draw: Law?

    init(dims: [Int], isElement: Bool) { (self.dims, self.isElement) = (dims, isElement) }

    mutating func tree(_ node: Node, _ names: Names) throws(Failure) -> ExpressionTree {
      switch node {
      case .number(let number): return .number(try finite(number))
      case .name(let name):
        guard let number = try names(name) else { throw Failure(message: "unknown name \(quoted: name)") }
        return .number(try finite(number))
      case .dimension(let axis): return .number(Double(dims[try place(axis, of: "dim")]))
      case .index(let axis):
        guard isElement else {
          throw Failure(message: "index[\(axis)] differs between elements; only {scheme: expression} can use it")
        }
        return .index(try place(axis, of: "index"))
      case .unary(let operation, let operand):
        let operand = try tree(operand, names)
        guard case .number(let x) = operand else { return .unary(operation, operand) }
        guard let value = operation.value(x) else {
          throw Failure(message: Evaluation.reason(operation.rawValue, [x], operation.error(x)))
        }
        return .number(value)
      case .binary(let operation, let left, let right):
        let (left, right) = (try tree(left, names), try tree(right, names))
        guard case .number(let x) = left, case .number(let y) = right else { return .binary(operation, left, right) }
        guard let value = operation.value(x, y) else {
          throw Failure(message: Evaluation.reason(operation.rawValue, [x, y], operation.error(x, y)))
        }
        return .number(value)
      case .draw(let function, let parameters):
        try draw(function, parameters, names)
        return .draw
      }
    }

    /// Takes the law of a draw, which must be the one draw of the element.
    private mutating func draw(_ function: DrawFunction, _ parameters: [Node], _ names: Names) throws(Failure) {
      guard isElement else {
        throw Failure(
          message: "\(function.rawValue)(…) draws a number for each element; only {scheme: expression} can use it")
      }
      var numbers: [Double] = []
      for parameter in parameters {
        var inner = Evaluation(dims: dims, isElement: true)
        guard case .number(let number) = try inner.tree(parameter, names) else {
          throw Failure(message: "the parameters of \(function.rawValue)(…) must be the same for all elements")
        }
        numbers.append(number)
      }
      let law: Law
      do throws(LawError) { law = try function.law(numbers) } catch { throw Failure(message: error.description) }
      guard draw == nil || draw == law else {
        throw Failure(
          message: "it has two different draws, and an element has one. The same call, written again, is the same draw")
      }
      draw = law
    }

    private func finite(_ number: Double) throws(Failure) -> Double {
      guard number.isFinite else { throw Failure(message: "the result is too large") }
      return number
    }

    private func place(_ axis: Int, of what: String) throws(Failure) -> Int {
      let place = axis < 0 ? axis + dims.count : axis
      guard dims.indices.contains(place) else {
        throw Failure(message: "\(what)[\(axis)] does not exist; the tensor has rank \(dims.count)")
      }
      return place
    }

    /// Says why an operation has no value.
    private static func reason(_ operation: String, _ operands: [Double], _ error: LawError) -> String {
      switch operation {
      case "/" where operands[1] == 0: "division by 0"
      case "sqrt": "sqrt of the negative number \(JSONNumber.text(operands[0]))"
      default: error.description
      }
    }
  }
}
