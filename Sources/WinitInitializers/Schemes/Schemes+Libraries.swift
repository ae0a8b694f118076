// Schemes under a library's own name, with that library's meaning and defaults (torch 2.13, jax 0.10, keras 3.15). Fans
// are read by the tensor's layout, whatever the library's own is.

import Foundation
import WinitCore

extension SchemeDefinition {
  static let torch: [SchemeDefinition] = [
    library("torch.zeros", "zeros_", formula: "0") { _, tensor throws(SchemeError) in try constant(0, tensor)
    },
    library("torch.ones", "ones_", formula: "1") { _, tensor throws(SchemeError) in try constant(1, tensor) },
    library("torch.constant", "constant_", [.number("val")], formula: "val") {
      arguments, tensor throws(SchemeError) in
      try constant(try arguments.constant("val", tensor), tensor)
    },
    library("torch.uniform", "uniform_", [.number("a", "0"), .number("b", "1")], formula: "U(a, b)") {
      arguments, _ throws(SchemeError) in
      try uniform(try arguments.number("a") ?? 0, try arguments.number("b") ?? 1)
    },
    library("torch.normal", "normal_", [.number("mean", "0"), .number("std", "1")], formula: "N(mean, std²)")
    {
      arguments, _ throws(SchemeError) in
      try normal(try arguments.number("mean") ?? 0, try arguments.std(default: 1))
    },
    SchemeDefinition(
      "torch.trunc_normal", aliases: ["trunc_normal", "torch.trunc_normal_"],
      [.number("mean", "0"), .number("std", "1"), .number("a", "-2"), .number("b", "2")],
      formula: "N(mean, std²) cut at a and b, which are values, not deviations",
      use: "as torch, timm and torchvision write it: std 0.02 with cuts at ±2 is in effect N(0, 0.02²)",
      source: "torch.nn.init.trunc_normal_"
    ) { arguments, _ throws(SchemeError) in
      let mean = try arguments.number("mean") ?? 0
      let std = try arguments.std(default: 1)
      let (a, b) = (try arguments.number("a") ?? -2, try arguments.number("b") ?? 2)
      guard std > 0 else { return try normal(mean, std) }
      guard a < b else { throw .law(.emptyRange(low: a, high: b)) }
      let (low, high) = ((a - mean) / std, (b - mean) / std)
      // No draw reaches 6.35 deviations, so cuts beyond cut nothing.
      if low <= -6.35, high >= 6.35 { return try normal(mean, std) }
      return try truncated(mean, std, low: low, high: high)
    },
    library(
      "torch.xavier_uniform", "xavier_uniform_", [.number("gain", "1")],
      formula: "U(±√3·std), std = gain·√(2/(fan_in + fan_out))"
    ) {
      arguments, tensor throws(SchemeError) in try same("xavier_uniform", arguments, tensor)
    },
    library(
      "torch.xavier_normal", "xavier_normal_", [.number("gain", "1")],
      formula: "N(0, std²), std = gain·√(2/(fan_in + fan_out))"
    ) {
      arguments, tensor throws(SchemeError) in try same("xavier_normal", arguments, tensor)
    },
    library(
      "torch.kaiming_uniform", "kaiming_uniform_", kaimingParameters, formula: "U(±√3·std), std = gain/√fan"
    ) {
      arguments, tensor throws(SchemeError) in try kaiming(.uniform, arguments, tensor)
    },
    library(
      "torch.kaiming_normal", "kaiming_normal_", kaimingParameters, formula: "N(0, std²), std = gain/√fan"
    ) {
      arguments, tensor throws(SchemeError) in try kaiming(.normal, arguments, tensor)
    },
  ]

  private static let kaimingParameters: [SchemeParameter] = [
    .number("a", "0"), .word("mode", "fan_in"), .word("nonlinearity", "leaky_relu"),
  ]

  /// `a` is the slope of leaky_relu, the default nonlinearity; with a = √5 this is how PyTorch's Linear and Conv layers
  /// start.
  private static func kaiming(
    _ distribution: Distribution, _ arguments: Arguments, _ tensor: TensorContext
  ) throws(SchemeError) -> Law {
    let word = arguments.texts["nonlinearity"] ?? "leaky_relu"
    guard let activation = Activation(name: word, slope: try arguments.number("a") ?? 0) else {
      throw .unknownWord(parameter: "nonlinearity", text: word, allowed: Activation.names)
    }
    let fan = try tensor.fans(for: arguments.scheme)(try arguments.mode(default: .fanIn))
    return try distribution.law(std: activation.gain / fan.squareRoot())
  }

  static let jax: [SchemeDefinition] =
    [
      library("jax.zeros", nil, formula: "0") { _, tensor throws(SchemeError) in try constant(0, tensor) },
      library("jax.ones", nil, formula: "1") { _, tensor throws(SchemeError) in try constant(1, tensor) },
      library("jax.constant", nil, [.number("value")], formula: "value") {
        arguments, tensor throws(SchemeError) in
        try constant(try arguments.constant("value", tensor), tensor)
      },
      library("jax.uniform", nil, [.number("scale", "0.01")], formula: "U(0, scale)") {
        arguments, _ throws(SchemeError) in try uniform(0, try arguments.number("scale") ?? 0.01)
      },
      library("jax.normal", nil, [.number("stddev", "0.01")], formula: "N(0, stddev²)") {
        arguments, _ throws(SchemeError) in try normal(0, try arguments.std("stddev", default: 0.01))
      },
      library(
        "jax.truncated_normal", nil,
        [.number("stddev", "0.01"), .number("lower", "-2"), .number("upper", "2")],
        formula: "N(0, stddev²) cut at lower and upper, in deviations"
      ) { arguments, _ throws(SchemeError) in
        try truncated(
          0, try arguments.std("stddev", default: 0.01), low: try arguments.number("lower") ?? -2,
          high: try arguments.number("upper") ?? 2)
      },
      varianceScaling(
        "jax.variance_scaling", [], defaults: nil, source: "jax.nn.initializers.variance_scaling"),
    ] + fanSchemes("jax")

  static let keras: [SchemeDefinition] =
    [
      library("keras.zeros", "Zeros", formula: "0") { _, tensor throws(SchemeError) in try constant(0, tensor)
      },
      library("keras.ones", "Ones", formula: "1") { _, tensor throws(SchemeError) in try constant(1, tensor)
      },
      library("keras.constant", "Constant", [.number("value", "0")], formula: "value") {
        arguments, tensor throws(SchemeError) in
        try constant(try arguments.constant("value", default: 0, tensor), tensor)
      },
      library(
        "keras.random_uniform", "RandomUniform", [.number("minval", "-0.05"), .number("maxval", "0.05")],
        formula: "U(minval, maxval)"
      ) { arguments, _ throws(SchemeError) in
        try uniform(try arguments.number("minval") ?? -0.05, try arguments.number("maxval") ?? 0.05)
      },
      library(
        "keras.random_normal", "RandomNormal", [.number("mean", "0"), .number("stddev", "0.05")],
        formula: "N(mean, stddev²)"
      ) { arguments, _ throws(SchemeError) in
        try normal(try arguments.number("mean") ?? 0, try arguments.std("stddev", default: 0.05))
      },
      library(
        "keras.truncated_normal", "TruncatedNormal", [.number("mean", "0"), .number("stddev", "0.05")],
        formula: "N(mean, stddev²) cut at ±2 deviations"
      ) { arguments, _ throws(SchemeError) in
        try truncated(
          try arguments.number("mean") ?? 0, try arguments.std("stddev", default: 0.05), low: -2, high: 2)
      },
      varianceScaling(
        "keras.variance_scaling", ["keras.VarianceScaling"], defaults: (1, .fanIn, .truncatedNormal),
        source: "keras.initializers.VarianceScaling"),
    ] + fanSchemes("keras")

  /// Glorot's, He's and LeCun's as JAX and Keras have them: cases of variance scaling, their normal ones cut.
  private static func fanSchemes(_ library: String) -> [SchemeDefinition] {
    let families: [(names: [String], scale: Double, mode: FanMode)] = [
      (["glorot", "xavier"], 1, .fanAvg), (["he", "kaiming"], 2, .fanIn), (["lecun"], 1, .fanIn),
    ]
    return families.flatMap { family in
      [("uniform", Distribution.uniform), ("normal", .truncatedNormal)].map { suffix, distribution in
        let name = "\(library).\(family.names[0])_\(suffix)"
        let aliases =
          library == "jax"
          ? family.names.dropFirst().map { "jax.\($0)_\(suffix)" }
          : ["keras.\(family.names[0].capitalized)\(suffix.capitalized)"]
        return SchemeDefinition(
          name, aliases: aliases,
          formula: "variance \(Int(family.scale))/\(family.mode.rawValue), \(distribution.rawValue)",
          use: "what \(library == "jax" ? "JAX" : "Keras") calls so",
          source: library == "jax"
            ? "jax.nn.initializers.\(family.names[0])_\(suffix)"
            : "keras.initializers.\(family.names[0].capitalized)\(suffix.capitalized)"
        ) { _, tensor throws(SchemeError) in
          try variance(family.scale, family.mode, distribution, try tensor.fans(for: name))
        }
      }
    }
  }

  /// A scheme of a library, whose function or class gives it another name.
  private static func library(
    _ name: String, _ other: String?, _ parameters: [SchemeParameter] = [], formula: String,
    law: @escaping Resolve
  ) -> SchemeDefinition {
    let parts = name.split(separator: ".", maxSplits: 1)
    let module = ["torch": "torch.nn.init", "jax": "jax.nn.initializers", "keras": "keras.initializers"]
    return SchemeDefinition(
      name, aliases: other.map { ["\(parts[0]).\($0)"] } ?? [], parameters, formula: formula,
      use: "what \(["torch": "PyTorch", "jax": "JAX", "keras": "Keras"][String(parts[0])] ?? "") calls so",
      source: "\(module[String(parts[0])] ?? "").\(other ?? String(parts[1]))", law: law)
  }

  /// The law of a scheme that has the same parameters.
  private static func same(
    _ name: String, _ arguments: Arguments, _ tensor: TensorContext
  ) throws(SchemeError) -> Law {
    try Scheme(name, arguments.texts).resolve(
      shape: tensor.shape, dtype: tensor.dtype, fans: tensor.fanSource
    ).law
  }
}
