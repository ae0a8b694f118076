// Schemes without random draws.

import WinitCore

extension SchemeDefinition {
  static let constants: [SchemeDefinition] = [
    SchemeDefinition(
      "zeros", formula: "0", use: "biases, the shift of a normalization, a running mean", source: "every library"
    ) { _, tensor throws(SchemeError) in try constant(0, tensor) },
    SchemeDefinition(
      "ones", formula: "1", use: "the scale of a normalization, a running variance", source: "every library"
    ) { _, tensor throws(SchemeError) in try constant(1, tensor) },
    SchemeDefinition(
      "constant", [.number("value")], formula: "value", use: "biases of gates, LayerScale, counters",
      source: "torch.nn.init.constant_"
    ) { arguments, tensor throws(SchemeError) in
      try constant(try arguments.constant("value", for: tensor.dtype), tensor)
    },
    SchemeDefinition(
      "eye", aliases: ["identity", "torch.eye", "torch.eye_", "keras.identity", "keras.Identity"],
      [.number("gain", "1")], formula: "gain on the diagonal of a matrix, 0 elsewhere",
      use: "recurrent weights (Le, Jaitly and Hinton 2015), layers that start as the identity",
      source: "torch.nn.init.eye_, keras.initializers.Identity"
    ) { arguments, tensor throws(SchemeError) in
      let gain = try arguments.number("gain") ?? 1
      return try tensor.batched(try checked { () throws(LawError) in try .eye(rounding: gain) })
    },
    SchemeDefinition(
      "dirac", aliases: ["torch.dirac", "torch.dirac_"], [.number("groups", "1")],
      formula: "1 in the middle (size/2) of each channel's own kernel, 0 elsewhere",
      use: "convolutions that start as the identity; rank 3, 4 or 5, in either layout",
      source: "torch.nn.init.dirac_"
    ) { arguments, tensor throws(SchemeError) in
      let groups = try arguments.integer("groups", default: 1)
      return try tensor.batched(.dirac(groups: groups, layout: try tensor.kernelLayout(for: "dirac")))
    },
  ]

  static func constant(_ value: Double, _ tensor: TensorContext) throws(SchemeError) -> Law {
    try checked { () throws(LawError) in try .constant(rounding: value, as: tensor.dtype) }
  }
}
