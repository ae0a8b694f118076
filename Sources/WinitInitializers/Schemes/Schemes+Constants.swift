// Schemes without randomness.

import WinitCore

extension SchemeDefinition {
  static let constants: [SchemeDefinition] = [
    SchemeDefinition(
      "zeros", formula: "0", use: "biases, the shift of a norm, a running mean", source: "every library"
    ) { _, tensor throws(SchemeError) in try constant(0, tensor) },
    SchemeDefinition(
      "ones", formula: "1", use: "the scale of a norm, a running variance", source: "every library"
    ) { _, tensor throws(SchemeError) in try constant(1, tensor) },
    SchemeDefinition(
      "constant", [.number("value")], formula: "value", use: "biases of a gate, LayerScale, counters",
      source: "torch.nn.init.constant_"
    ) { arguments, tensor throws(SchemeError) in try constant(try arguments.constant("value", tensor), tensor)
    },
    SchemeDefinition(
      "eye", aliases: ["identity", "torch.eye", "torch.eye_", "keras.identity", "keras.Identity"],
      [.number("gain", "1")], formula: "gain on the diagonal of a matrix, 0 elsewhere",
      use: "recurrent weights (Le, Jaitly and Hinton 2015), layers that begin as the identity",
      source: "torch.nn.init.eye_, keras.initializers.Identity"
    ) { arguments, _ throws(SchemeError) in
      let gain = try arguments.number("gain") ?? 1
      return try checked { () throws(LawError) in try .eye(rounding: gain) }
    },
    SchemeDefinition(
      "dirac", aliases: ["torch.dirac", "torch.dirac_"], [.number("groups", "1")],
      formula: "1 in the middle (size/2) of each channel's own kernel, 0 elsewhere",
      use: "convolutions that begin as the identity; rank 3, 4 or 5 in torch's layout",
      source: "torch.nn.init.dirac_"
    ) { arguments, tensor throws(SchemeError) in
      guard tensor.fanSource == .layout(.torch) else {
        throw .invalid("`dirac` is defined for torch's layout, [out, in, …spatial]")
      }
      return .dirac(groups: try arguments.integer("groups", default: 1))
    },
  ]

  static func constant(_ value: Double, _ tensor: TensorContext) throws(SchemeError) -> Law {
    try checked { () throws(LawError) in try .constant(rounding: value, as: tensor.dtype) }
  }
}

extension Arguments {
  /// The value of a constant: a number, or true or false for a boolean tensor. An integer tensor's is read digit
  /// by digit, because binary64 would silently round one beyond 2⁵³.
  func constant(_ name: String, default fallback: Double? = nil, _ tensor: TensorContext) throws(SchemeError)
    -> Double
  {
    guard let text = texts[name] else {
      guard let fallback else { throw .missing(parameter: name, scheme: scheme) }
      return fallback
    }
    if tensor.dtype == .bool, let flag = Bool(text) { return flag ? 1 : 0 }
    guard let value = try number(name) else { throw .notANumber(parameter: name, text: text) }
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
