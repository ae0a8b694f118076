// Errors of laws.

import WinitJSON

/// The reason why parameters are not a law, or why a law does not fit a tensor.
package enum LawError: Error, Equatable, CustomStringConvertible {
  /// A parameter is NaN, infinite, or too large for binary32.
  case notFinite(String, Double)
  /// A scale is negative.
  case negative(String, Double)
  /// A positive scale rounds to 0 in binary32.
  case underflow(String, Double)
  /// The lower bound is not below the upper bound, before or after rounding to binary32.
  case emptyRange(low: Double, high: Double)
  /// The cuts are in the far tail, which the draws do not reach.
  case cutsTooFar(low: Double, high: Double)
  /// An integer or boolean tensor cannot hold the constant.
  case notRepresentable(Double, DType)
  /// The law is random, and the tensor has an integer or boolean dtype.
  case needsFloatingPoint(String, DType)
  /// The largest element would be infinite in the dtype.
  case overflow(Double, DType)
  /// The law does not fit the shape.
  case wrongShape(String, Shape, needs: String)
  /// The first part of a tensor is not the whole tensor.
  case firstPartNotWhole
  /// A part has a law that only a whole tensor can have.
  case notInPart(Int, law: String)
  /// The law cannot have a matrix for each index on some axes.
  case notBatched(String)
  /// The axes of a batch or of a norm are not distinct axes of the tensor in ascending order.
  case wrongAxes(String, [Int], Shape)
  /// An operation of an expression has no value, or its result is not finite.
  case noValue(String, [Double], needs: String?)
  /// The draw of an expression has a law that is not random.
  case invalidDraw(String)
  /// The expression has more operations than a recipe can hold.
  case expressionTooLarge
  /// The expression names an axis that the tensor does not have.
  case noSuchAxis(Int, Shape)
  /// The tensor to which the law refers does not exist, or does not fit.
  case wrongReference(String)
  /// The box of a part is not inside the tensor.
  case partOutside(Int, Shape)

  /// The message for a person: what is wrong, and what to do.
  package var description: String {
    switch self {
    case .notFinite(let name, let value):
      "\(name) is \(value), which is not finite in float32. Give a finite number."
    case .negative(let name, let value): "\(name) is \(value); it cannot be negative"
    case .underflow(let name, let value):
      "\(name) is \(value), which rounds to 0 in float32. Give a larger number, or 0 if you mean 0."
    case .emptyRange(let low, let high):
      "low is \(low) and high is \(high); low must be below high, also after rounding to float32"
    case .cutsTooFar(let low, let high):
      "the cuts [\(low), \(high)] are in the far tail; low can be at most 5 and high at least -5 standard deviations"
    case .notRepresentable(let value, let dtype):
      "\(dtype) cannot hold the constant \(value); it takes integers from \(dtype.constantRange?.lowerBound ?? 0) to \(dtype.constantRange?.upperBound ?? 0)"
    case .needsFloatingPoint(let law, let dtype) where dtype.isLiteralOnly:
      "\(dtype) tensors hold given bytes only, not the law \(law). Write {scheme: literal, from: like}, or `init: skip`."
    case .needsFloatingPoint(let law, let dtype):
      "\(dtype) tensors hold constants and literals only, not the law \(law). Write zeros, ones or {scheme: constant, value: …}."
    case .wrongShape(let law, let shape, let needs): "\(law) needs \(needs); the shape is \(shape)"
    case .firstPartNotWhole: "part 0: the first part must be the whole tensor"
    case .notInPart(let index, let law): "part \(index): a part cannot have the law \(law)"
    case .notBatched(let law): "the law \(law) cannot have a batch"
    case .wrongAxes(let what, let axes, let shape):
      "\(what) has the axes \(axes); they must be different axes of the shape \(shape), in ascending order"
    case .noValue(let operation, let operands, let needs):
      LawError.text(operation, operands) + (needs.map { " has no value; it needs \($0)" } ?? " is too large")
    case .invalidDraw(let law):
      "the draw of an expression cannot have the law \(law). Use uniform, normal or truncated_normal."
    case .expressionTooLarge:
      "the expression has more than \(ExpressionTree.nodeLimit) operations, or nests them more than \(ExpressionTree.depthLimit) deep"
    case .noSuchAxis(let axis, let shape): "index[\(axis)] is not an axis of the shape \(shape)"
    case .wrongReference(let problem): problem
    case .partOutside(let index, let shape): "part \(index): the box is not inside the shape \(shape)"
    case .overflow(let largest, let dtype):
      "values reach \(largest), which \(dtype) cannot hold. Use a smaller scale or a wider dtype."
    }
  }

  /// An operation as it is typed: `log(0)`, `1 / 0`.
  private static func text(_ operation: String, _ operands: [Double]) -> String {
    let numbers = operands.map { $0.isFinite ? JSONNumber.text($0) : "\($0)" }
    let isOperator = operation.first.map { !$0.isLetter } ?? false
    return isOperator ? numbers.joined(separator: " \(operation) ") : "\(operation)(\(numbers.joined(separator: ", ")))"
  }
}
