// Schemes whose scale is a parameter, not a function of the fans.

import WinitCore

extension SchemeDefinition {
  static let distributions: [SchemeDefinition] = [
    SchemeDefinition(
      "normal", [.number("mean", "0"), .number("std", "0.01")], formula: "N(mean, std²)",
      use:
        "weights of a known scale: GPT-2 and BERT use 0.02, AlexNet 0.01; with the same stream, std −1 is the negative of std 1",
      source: "Krizhevsky, Sutskever and Hinton, NIPS 2012, section 5, for the default"
    ) { arguments, _ throws(SchemeError) in
      try normal(try arguments.number("mean") ?? 0, try arguments.signedStd(default: 0.01))
    },
    SchemeDefinition(
      "uniform", [.number("low", "−1/√fan_in"), .number("high", "1/√fan_in")], formula: "U(low, high)",
      use: "weights of a known range; without bounds, PyTorch's Linear and Conv layers (biases with fan_of)",
      source: "torch.nn.Linear.reset_parameters, torch.nn._ConvNd.reset_parameters"
    ) { arguments, tensor throws(SchemeError) in
      switch (try arguments.number("low"), try arguments.number("high")) {
      case (let low?, let high?): return try uniform(low, high)
      case (nil, nil):
        let bound = 1 / Double(try tensor.fans(for: "uniform").fanIn).squareRoot()
        return try uniform(-bound, bound)
      default:
        throw .conflictingParameters(
          ["low", "high"], "`uniform` takes low and high together, or neither of them for ±1/√fan_in")
      }
    },
    SchemeDefinition(
      "truncated_normal",
      [.number("mean", "0"), .number("std", "0.01"), .number("low", "-2"), .number("high", "2")],
      formula: "N(mean, std²) truncated at mean + low·std and mean + high·std",
      use:
        "weights without outliers; low and high are in standard deviations, and std is that before the truncation",
      source: "jax.nn.initializers.truncated_normal"
    ) { arguments, _ throws(SchemeError) in
      try truncated(
        try arguments.number("mean") ?? 0, try arguments.signedStd(default: 0.01),
        low: try arguments.number("low") ?? -2, high: try arguments.number("high") ?? 2)
    },
    SchemeDefinition(
      "orthogonal",
      aliases: ["torch.orthogonal", "torch.orthogonal_", "keras.orthogonal", "keras.Orthogonal"],
      [.number("gain", "1")],
      formula: "gain·Q, Q uniform among matrices with orthonormal rows or columns; a vector is a unit vector",
      use: "recurrent weights, deep linear networks; a slice costs as much as the whole tensor",
      source: "Saxe, McClelland and Ganguli, ICLR 2014; torch.nn.init.orthogonal_"
    ) { arguments, tensor throws(SchemeError) in
      try orthogonal(try arguments.positive("gain", default: 1), tensor)
    },
    SchemeDefinition(
      "jax.orthogonal", [.number("scale", "1")], formula: "scale·Q, as orthogonal",
      use: "JAX's initializer of this name",
      source: "jax.nn.initializers.orthogonal"
    ) { arguments, tensor throws(SchemeError) in
      try orthogonal(try arguments.positive("scale", default: 1), tensor)
    },
    SchemeDefinition(
      "delta_orthogonal", aliases: ["jax.delta_orthogonal"], [.number("gain", "1"), .number("scale", "1")],
      formula: "gain·Q in the middle of a kernel, 0 elsewhere",
      use: "very deep convolutional networks; rank 3, 4 or 5, in either layout, with at most as many inputs as outputs",
      source: "Xiao et al., ICML 2018; jax.nn.initializers.delta_orthogonal, whose scale is the gain"
    ) { arguments, tensor throws(SchemeError) in
      if arguments.has("gain"), arguments.has("scale") {
        throw .conflictingParameters(["gain", "scale"], "gain and scale are the same parameter; give one of them")
      }
      let gain = try arguments.positive(arguments.has("scale") ? "scale" : "gain", default: 1)
      return try tensor.batched(.deltaOrthogonal(gain: gain, layout: try tensor.kernelLayout(for: "delta_orthogonal")))
    },
    SchemeDefinition(
      "sparse", aliases: ["torch.sparse", "torch.sparse_"], [.number("sparsity"), .number("std", "0.01")],
      formula: "N(0, std²), exactly ⌈sparsity·rows⌉ zeros in each column",
      use:
        "recurrent and deep networks trained by Hessian-free optimization; a slice costs as much as the whole tensor",
      source: "Martens, ICML 2010; torch.nn.init.sparse_"
    ) { arguments, tensor throws(SchemeError) in
      let sparsity = try arguments.required("sparsity")
      guard (0...1).contains(sparsity) else {
        throw .outOfRange(parameter: "sparsity", text: arguments.word("sparsity") ?? "", needs: "from 0 to 1")
      }
      let matrix = try tensor.matrix()
      guard matrix.rank == 2 else { throw .law(.wrongShape("sparse", matrix, needs: "rank 2")) }
      let std = try arguments.std(default: 0.01)
      let zeros = Int((sparsity * Double(matrix.dims[0])).rounded(.up))
      return try tensor.batched(try checked { () throws(LawError) in try .sparse(roundingStd: std, zeros: zeros) })
    },
  ]

  /// The law of an orthogonal matrix: [first axis, rest] in torch's layout, [rest, last axis] in keras's, and [out,
  /// rest] or [rest, out] with `fans`. A vector is a matrix of one row, whose only singular value is its norm.
  private static func orthogonal(_ gain: Double, _ tensor: TensorContext) throws(SchemeError) -> Law {
    try tensor.batched(.orthogonal(gain: gain, rows: try tensor.matrixRows(for: "orthogonal")))
  }

  static func normal(_ mean: Double, _ std: Double) throws(SchemeError) -> Law {
    try checked { () throws(LawError) in try .normal(roundingMean: mean, std: std) }
  }

  static func uniform(_ low: Double, _ high: Double) throws(SchemeError) -> Law {
    try checked { () throws(LawError) in try .uniform(roundingLow: low, high: high) }
  }

  /// N(mean, std²) truncated to [low, high] standard deviations from the mean.
  static func truncated(_ mean: Double, _ std: Double, low: Double, high: Double) throws(SchemeError) -> Law {
    try checked { () throws(LawError) in
      try .truncatedNormal(
        roundingMean: mean, std: std, low: low, high: high, alpha: NormalCDF.value(low),
        beta: NormalCDF.value(high))
    }
  }
}
