// Errors of laws.

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
  /// The law of a part is not elementwise.
  case partNotElementwise(Int, law: String)
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
    case .needsFloatingPoint(let law, let dtype):
      "\(dtype) tensors hold constants only, not \(law) draws. Write zeros, ones or {scheme: constant, value: …}."
    case .wrongShape(let law, let shape, let needs): "\(law) needs \(needs); the shape is \(shape)"
    case .firstPartNotWhole: "part 0: the first part must be the whole tensor"
    case .partNotElementwise(let index, let law):
      "part \(index): a part cannot have the law \(law), which is not elementwise"
    case .partOutside(let index, let shape): "part \(index): the box is not inside the shape \(shape)"
    case .overflow(let largest, let dtype):
      "values reach \(largest), which \(dtype) cannot hold. Use a smaller scale or a wider dtype."
    }
  }
}
