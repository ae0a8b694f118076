// Scales from fans: Xavier, He and LeCun.

import InitLaw

extension SchemeDefinition {
  static let varianceScaling: [SchemeDefinition] = [
    // Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS
    // 2010, equations 12 and 16: variance 2/(fan_in + fan_out), times gain² as in torch.nn.init.xavier_*.
    scaled("xavier_uniform", "glorot_uniform", .uniform, xavier),
    scaled("xavier_normal", "glorot_normal", .normal, xavier),

    // He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015, equations 10 and 14: std gain/√fan with
    // ReLU's gain √2 when nothing is said, as in torch.nn.init.kaiming_*.
    scaled("he_uniform", "kaiming_uniform", .uniform, he),
    scaled("he_normal", "kaiming_normal", .normal, he),

    // LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998, equation 16: std 1/√fan_in.
    scaled("lecun_uniform", nil, .uniform, leCun),
    scaled("lecun_normal", nil, .normal, leCun),
  ]

  private enum Distribution { case uniform, normal }

  /// A standard deviation from fans and parameters, in binary64 in the order that the law's page writes.
  private typealias Scale = @Sendable (Arguments, Fans) throws(SchemeError) -> Double

  private static let xavier: Scale = { arguments, fans throws(SchemeError) in
    guard try arguments.mode(default: .fanAvg) == .fanAvg else {
      throw .invalid("`\(arguments.scheme)` always averages both fans; for one of them write he_* or lecun_*")
    }
    return try arguments.gain(default: 1) * (2 / (Double(fans.fanIn) + Double(fans.fanOut))).squareRoot()
  }

  private static let he: Scale = { arguments, fans throws(SchemeError) in
    try arguments.gain(default: Activation.relu.gain) / fans(try arguments.mode(default: .fanIn)).squareRoot()
  }

  private static let leCun: Scale = { arguments, fans throws(SchemeError) in
    try arguments.gain(default: 1) / fans(try arguments.mode(default: .fanIn)).squareRoot()
  }

  /// The scheme with that standard deviation: normal, or uniform within ±√3·std, which has the same variance.
  private static func scaled(
    _ name: String, _ alias: String?, _ distribution: Distribution, _ scale: @escaping Scale
  ) -> SchemeDefinition {
    SchemeDefinition(
      name, aliases: alias.map { [$0] } ?? [], parameters: ["mode", "activation", "slope", "gain"]
    ) { arguments, tensor throws(SchemeError) in
      let std = try scale(arguments, try tensor.fans(for: name))
      switch distribution {
      case .uniform:
        let bound = 3.0.squareRoot() * std
        return try uniform(-bound, bound)
      case .normal:
        return try checked { () throws(LawError) in try .normal(roundingMean: 0, std: std) }
      }
    }
  }
}
