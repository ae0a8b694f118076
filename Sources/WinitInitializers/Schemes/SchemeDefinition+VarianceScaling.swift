// Schemes whose scale follows from the fans: Xavier, He, LeCun and variance scaling.

import WinitCore
import WinitJSON

extension SchemeDefinition {
  static let varianceScaling: [SchemeDefinition] = [
    scaled(
      "xavier_uniform", ["glorot_uniform"], .uniform, "gain·√(2/(fan_in + fan_out))", xavierUse, xavierSource,
      xavier),
    scaled(
      "xavier_normal", ["glorot_normal"], .normal, "gain·√(2/(fan_in + fan_out))", xavierUse, xavierSource,
      xavier),
    scaled("he_uniform", ["kaiming_uniform"], .uniform, "gain/√fan", heUse, heSource, he),
    scaled("he_normal", ["kaiming_normal"], .normal, "gain/√fan", heUse, heSource, he),
    scaled("lecun_uniform", [], .uniform, "gain/√fan", leCunUse, leCunSource, leCun),
    scaled("lecun_normal", [], .truncatedNormal, "gain/√fan", leCunUse, leCunSource, leCun),
    varianceScaling(
      "variance_scaling", [], defaults: (1, .fanIn, .truncatedNormal),
      source: "keras.initializers.VarianceScaling; jax.nn.initializers.variance_scaling"),
  ]

  private static let xavierUse = "layers before tanh or sigmoid; Transformers' projections"
  private static let xavierSource =
    "Glorot and Bengio, AISTATS 2010, equations 12 and 16; torch.nn.init.xavier_*"
  private static let heUse = "layers before a rectifier; with mode fan_out, the convolutions of a ResNet"
  private static let heSource =
    "He, Zhang, Ren and Sun, ICCV 2015, equations 10 and 14; torch.nn.init.kaiming_*"
  private static let leCunUse = "layers before SELU or without an activation; flax's Dense and Conv"
  private static let leCunSource = "LeCun, Bottou, Orr and Müller, Efficient BackProp, 1998, equation 16"

  /// Computes a standard deviation from fans and parameters, in binary64 in the order of docs/law.md.
  private typealias Scale = @Sendable (ArgumentReader, Fans) throws(SchemeError) -> Double

  private static let xavier: Scale = { arguments, fans throws(SchemeError) in
    guard try arguments.mode(default: .fanAvg) == .fanAvg else {
      throw .conflictingParameters(
        ["mode"], "\(quoted: arguments.scheme) always uses fan_avg. For another mode write he_* or lecun_*")
    }
    return try arguments.gain(default: 1) * (2 / (Double(fans.fanIn) + Double(fans.fanOut))).squareRoot()
  }

  private static let he: Scale = { arguments, fans throws(SchemeError) in
    try arguments.gain(default: Activation.relu.gain) / fans[try arguments.mode(default: .fanIn)].squareRoot()
  }

  private static let leCun: Scale = { arguments, fans throws(SchemeError) in
    try arguments.gain(default: 1) / fans[try arguments.mode(default: .fanIn)].squareRoot()
  }

  /// Defines a scheme with a standard deviation in a distribution, which the parameter `distribution` replaces.
  private static func scaled(
    _ name: String, _ aliases: [String], _ distribution: Scheme.Distribution, _ formula: String, _ use: String,
    _ source: String, _ scale: @escaping Scale
  ) -> SchemeDefinition {
    let shape =
      switch distribution {
      case .uniform: "U(±√3·std)"
      case .normal: "N(0, std²)"
      case .truncatedNormal: "N(0, (std/0.8796)²) truncated at ±2 of its own standard deviations"
      }
    let isXavier = name.hasPrefix("xavier")
    return SchemeDefinition(
      name, aliases: aliases,
      [
        .word("mode", isXavier ? "fan_avg" : "fan_in"),
        .word("activation", name.hasPrefix("he") ? "relu" : nil),
        .number("slope"), .number("gain", name.hasPrefix("he") ? nil : "1"),
        .word("distribution", distribution.rawValue),
      ], formula: "\(shape), std = \(formula)", use: use, source: source
    ) { arguments, tensor throws(SchemeError) in
      try arguments.distribution(default: distribution).law(
        std: try scale(arguments, try tensor.fans(for: name)))
    }
  }

  /// Defines a scheme of variance scale/fan. Without `defaults`, every parameter must be given.
  static func varianceScaling(
    _ name: String, _ aliases: [String],
    defaults: (scale: Double, mode: FanMode, distribution: Scheme.Distribution)?, source: String
  ) -> SchemeDefinition {
    SchemeDefinition(
      name, aliases: aliases,
      [
        .number("scale", defaults.map { "\(Int($0.scale))" }), .word("mode", defaults?.mode.rawValue),
        .word("distribution", defaults?.distribution.rawValue),
      ], formula: "variance scale/fan, in the distribution",
      use: "variances that no other scheme gives; Xavier, He and LeCun are special cases", source: source
    ) { arguments, tensor throws(SchemeError) in
      if defaults == nil {
        for name in ["scale", "mode", "distribution"] where !arguments.has(name) {
          throw .missing(parameter: name, scheme: arguments.scheme)
        }
      }
      return try variance(
        try arguments.positive("scale", default: defaults?.scale ?? 1),
        try arguments.mode(default: defaults?.mode ?? .fanIn),
        try arguments.distribution(default: defaults?.distribution ?? .normal), try tensor.fans(for: name))
    }
  }

  /// The law of variance scale/fan, computed in the order of JAX's and Keras's variance scaling: for uniform the bound
  /// is √(3·variance).
  static func variance(
    _ scale: Double, _ mode: FanMode, _ distribution: Scheme.Distribution, _ fans: Fans
  ) throws(SchemeError) -> Law {
    let variance = scale / fans[mode]
    return try distribution.law(std: variance.squareRoot(), bound: (3 * variance).squareRoot())
  }
}
