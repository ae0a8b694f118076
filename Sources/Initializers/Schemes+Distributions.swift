// Distributions with their parameters given outright.

import InitLaw

extension SchemeDefinition {
  static let distributions: [SchemeDefinition] = [
    // N(mean, std²). The default std is AlexNet's 0.01 (Krizhevsky, Sutskever and Hinton, NIPS 2012, section 5).
    SchemeDefinition("normal", parameters: ["mean", "std"]) { arguments, _ throws(SchemeError) in
      let mean = try arguments.number("mean") ?? 0
      let std = try arguments.std(default: 0.01)
      return try checked { () throws(LawError) in try .normal(roundingMean: mean, std: std) }
    },

    // U(low, high), by default ±1/√fan_in, the range of torch.nn.Linear's and Conv's reset_parameters.
    SchemeDefinition("uniform", parameters: ["low", "high"]) { arguments, tensor throws(SchemeError) in
      switch (try arguments.number("low"), try arguments.number("high")) {
      case (let low?, let high?): return try uniform(low, high)
      case (nil, nil):
        let bound = 1 / Double(try tensor.fans(for: "uniform").fanIn).squareRoot()
        return try uniform(-bound, bound)
      default: throw .invalid("`uniform` takes low and high together, or neither for ±1/√fan_in")
      }
    },

    // N(mean, std²) cut to [low, high] standard deviations from the mean, by default ±2 as is usual.
    SchemeDefinition("truncated_normal", parameters: ["mean", "std", "low", "high"]) {
      arguments, _ throws(SchemeError) in
      let mean = try arguments.number("mean") ?? 0
      let std = try arguments.std(default: 0.01)
      let low = try arguments.number("low") ?? -2
      let high = try arguments.number("high") ?? 2
      return try checked { () throws(LawError) in
        try .truncatedNormal(
          roundingMean: mean, std: std, low: low, high: high, alpha: NormalCDF.value(low),
          beta: NormalCDF.value(high))
      }
    },
  ]

  static func uniform(_ low: Double, _ high: Double) throws(SchemeError) -> Law {
    try checked { () throws(LawError) in try .uniform(roundingLow: low, high: high) }
  }
}
