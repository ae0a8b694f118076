// Distributions with their parameters given outright.

import InitLaw

extension SchemeDefinition {
  static let distributions: [SchemeDefinition] = [
    SchemeDefinition(
      "normal", [.number("mean", "0"), .number("std", "0.01")], formula: "N(mean, std²)",
      use: "weights whose scale is known: GPT-2 and BERT take 0.02, AlexNet 0.01",
      source: "Krizhevsky, Sutskever and Hinton, NIPS 2012, section 5, for the default"
    ) { arguments, _ throws(SchemeError) in
      try normal(try arguments.number("mean") ?? 0, try arguments.std(default: 0.01))
    },
    SchemeDefinition(
      "uniform", [.number("low", "−1/√fan_in"), .number("high", "1/√fan_in")], formula: "U(low, high)",
      use: "without bounds, weights and (with fan_of) biases of PyTorch's Linear and Conv layers",
      source: "torch.nn.Linear.reset_parameters, torch.nn._ConvNd.reset_parameters"
    ) { arguments, tensor throws(SchemeError) in
      switch (try arguments.number("low"), try arguments.number("high")) {
      case (let low?, let high?): return try uniform(low, high)
      case (nil, nil):
        let bound = 1 / Double(try tensor.fans(for: "uniform").fanIn).squareRoot()
        return try uniform(-bound, bound)
      default: throw .invalid("`uniform` takes low and high together, or neither for ±1/√fan_in")
      }
    },
    SchemeDefinition(
      "truncated_normal",
      [.number("mean", "0"), .number("std", "0.01"), .number("low", "-2"), .number("high", "2")],
      formula: "N(mean, std²) cut at mean + low·std and mean + high·std",
      use:
        "weights without outliers; the cuts are in standard deviations, and the std is that before the cut",
      source: "jax.nn.initializers.truncated_normal"
    ) { arguments, _ throws(SchemeError) in
      try truncated(
        try arguments.number("mean") ?? 0, try arguments.std(default: 0.01),
        low: try arguments.number("low") ?? -2, high: try arguments.number("high") ?? 2)
    },
  ]

  static func normal(_ mean: Double, _ std: Double) throws(SchemeError) -> Law {
    try checked { () throws(LawError) in try .normal(roundingMean: mean, std: std) }
  }

  static func uniform(_ low: Double, _ high: Double) throws(SchemeError) -> Law {
    try checked { () throws(LawError) in try .uniform(roundingLow: low, high: high) }
  }

  /// N(mean, std²) cut to [low, high] standard deviations from the mean.
  static func truncated(_ mean: Double, _ std: Double, low: Double, high: Double) throws(SchemeError) -> Law {
    try checked { () throws(LawError) in
      try .truncatedNormal(
        roundingMean: mean, std: std, low: low, high: high, alpha: NormalCDF.value(low),
        beta: NormalCDF.value(high))
    }
  }
}
