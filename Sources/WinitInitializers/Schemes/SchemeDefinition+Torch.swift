// The schemes of torch.nn.init of PyTorch 2.13, with the library's meaning and defaults.

import WinitCore

extension SchemeDefinition {
  static let torch: [SchemeDefinition] = [
    library("torch.zeros", "zeros_", formula: "0") { _, tensor throws(SchemeError) in try constant(0, tensor)
    },
    library("torch.ones", "ones_", formula: "1") { _, tensor throws(SchemeError) in try constant(1, tensor) },
    library("torch.constant", "constant_", [.number("val")], formula: "val") {
      arguments, tensor throws(SchemeError) in
      try constant(try arguments.constant("val", for: tensor.dtype), tensor)
    },
    library("torch.uniform", "uniform_", [.number("a", "0"), .number("b", "1")], formula: "U(a, b)") {
      arguments, _ throws(SchemeError) in
      try uniform(try arguments.number("a") ?? 0, try arguments.number("b") ?? 1)
    },
    library("torch.normal", "normal_", [.number("mean", "0"), .number("std", "1")], formula: "N(mean, std²)") {
      arguments, _ throws(SchemeError) in
      try normal(try arguments.number("mean") ?? 0, try arguments.std(default: 1))
    },
    SchemeDefinition(
      "torch.trunc_normal", aliases: ["trunc_normal", "torch.trunc_normal_"],
      [.number("mean", "0"), .number("std", "1"), .number("a", "-2"), .number("b", "2")],
      formula: "N(mean, std²) truncated at a and b, which are values, not standard deviations",
      use: "what torch, timm and torchvision call trunc_normal_: std 0.02 with a and b at ±2 is in effect N(0, 0.02²)",
      source: "torch.nn.init.trunc_normal_"
    ) { arguments, _ throws(SchemeError) in
      let mean = try arguments.number("mean") ?? 0
      let std = try arguments.std(default: 1)
      let (a, b) = (try arguments.number("a") ?? -2, try arguments.number("b") ?? 2)
      guard std > 0 else { return try normal(mean, std) }
      guard a < b else { throw .law(.emptyRange(low: a, high: b)) }
      let (low, high) = ((a - mean) / std, (b - mean) / std)
      // No draw reaches 6.35 standard deviations, so bounds beyond truncate nothing.
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

  /// The law of kaiming_uniform_ and kaiming_normal_. `a` is the slope of leaky_relu, the default nonlinearity; a = √5
  /// gives the weights of PyTorch's Linear and Conv layers.
  private static func kaiming(
    _ distribution: Scheme.Distribution, _ arguments: ArgumentReader, _ tensor: TensorContext
  ) throws(SchemeError) -> Law {
    let word = arguments.word("nonlinearity") ?? "leaky_relu"
    guard let activation = Activation(name: word, slope: try arguments.number("a") ?? 0) else {
      throw .unknownWord(parameter: "nonlinearity", text: word, allowed: Activation.names)
    }
    let fan = try tensor.fans(for: arguments.scheme)[try arguments.mode(default: .fanIn)]
    return try distribution.law(std: activation.gain / fan.squareRoot())
  }

  /// Returns the law of another scheme with the same parameters.
  private static func same(
    _ name: String, _ arguments: ArgumentReader, _ tensor: TensorContext
  ) throws(SchemeError) -> Law {
    try Scheme(name, arguments.given).resolve(tensor).law
  }
}
