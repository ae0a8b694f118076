// Schemes without randomness.

import InitLaw
import Tensors

extension SchemeDefinition {
  static let constants: [SchemeDefinition] = [
    // Biases, the shift of a norm, a running mean.
    SchemeDefinition("zeros") { _, tensor throws(SchemeError) in try constant(0, tensor) },
    // The scale of a norm, a running variance.
    SchemeDefinition("ones") { _, tensor throws(SchemeError) in try constant(1, tensor) },
    SchemeDefinition("constant", parameters: ["value"]) { arguments, tensor throws(SchemeError) in
      try constant(try arguments.constant(tensor), tensor)
    },
  ]

  private static func constant(_ value: Double, _ tensor: TensorFacts) throws(SchemeError) -> Law {
    try checked { () throws(LawError) in try .constant(rounding: value, as: tensor.dtype) }
  }
}

extension Arguments {
  /// The value of a constant: a number, or true or false for a boolean tensor. An integer tensor's is read digit
  /// by digit, because binary64 would silently round one beyond 2⁵³.
  fileprivate func constant(_ tensor: TensorFacts) throws(SchemeError) -> Double {
    guard let text = texts["value"] else {
      throw .invalid("`constant` needs a value: {scheme: constant, value: …}")
    }
    if tensor.dtype == .bool, let flag = Bool(text) { return flag ? 1 : 0 }
    guard let value = try number("value") else { throw .notANumber(parameter: "value", text: text) }
    if let range = tensor.dtype.constantRange {
      let exact = Int64(text).map(range.contains) ?? (value.magnitude < 0x1p53)
      guard exact else {
        throw .invalid(
          "\(tensor.dtype) cannot hold the constant \(text); it takes integers from \(range.lowerBound) to \(range.upperBound)"
        )
      }
    }
    return value
  }
}
