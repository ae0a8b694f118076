// The schemes of keras.initializers of Keras 3.15, with the library's meaning and defaults.

import WinitCore

extension SchemeDefinition {
  static let keras: [SchemeDefinition] =
    [
      library("keras.zeros", "Zeros", formula: "0") { _, tensor throws(SchemeError) in try constant(0, tensor)
      },
      library("keras.ones", "Ones", formula: "1") { _, tensor throws(SchemeError) in try constant(1, tensor)
      },
      library("keras.constant", "Constant", [.number("value", "0")], formula: "value") {
        arguments, tensor throws(SchemeError) in
        try constant(try arguments.constant("value", default: 0, for: tensor.dtype), tensor)
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
        formula: "N(mean, stddev²) truncated at ±2 standard deviations"
      ) { arguments, _ throws(SchemeError) in
        try truncated(
          try arguments.number("mean") ?? 0, try arguments.std("stddev", default: 0.05), low: -2, high: 2)
      },
      varianceScaling(
        "keras.variance_scaling", ["keras.VarianceScaling"], defaults: (1, .fanIn, .truncatedNormal),
        source: "keras.initializers.VarianceScaling"),
    ] + fanSchemes("keras")
}
