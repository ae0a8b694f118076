// The schemes of jax.nn.initializers of JAX 0.10, with the library's meaning and defaults.

import WinitCore

extension SchemeDefinition {
  static let jax: [SchemeDefinition] =
    [
      library("jax.zeros", nil, formula: "0") { _, tensor throws(SchemeError) in try constant(0, tensor) },
      library("jax.ones", nil, formula: "1") { _, tensor throws(SchemeError) in try constant(1, tensor) },
      library("jax.constant", nil, [.number("value")], formula: "value") {
        arguments, tensor throws(SchemeError) in
        try constant(try arguments.constant("value", for: tensor.dtype), tensor)
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
        formula: "N(0, stddev²) truncated at lower and upper, in standard deviations"
      ) { arguments, _ throws(SchemeError) in
        try truncated(
          0, try arguments.std("stddev", default: 0.01), low: try arguments.number("lower") ?? -2,
          high: try arguments.number("upper") ?? 2)
      },
      varianceScaling(
        "jax.variance_scaling", [], defaults: nil, source: "jax.nn.initializers.variance_scaling"),
    ] + fanSchemes("jax")
}
