import Testing
import WinitCore
import WinitInitializers
import WinitJSON

private func law(
  _ name: String, _ arguments: [String: String] = [:], _ dims: [Int] = [768, 3072], dtype: DType = .float32,
  layout: Layout = .torch
) throws -> Law {
  try Scheme(name, arguments).resolve(shape: Shape(dims), dtype: dtype, layout: layout).law
}

/// The std of a normal law, or the bound of a uniform one, as binary32.
private func scale(_ law: Law) -> Float? {
  switch law {
  case .normal(_, let std): std
  case .uniform(let half, 0, let low, let high) where high == half && low == -half: half
  default: nil
  }
}

@Suite struct SchemeTests {
  @Test(
    "fans follow the layout, and receptive fields count",
    arguments: [
      ([768, 3072], Layout.torch, 3072, 768), ([768, 3072], .keras, 768, 3072),
      ([64, 3, 7, 7], .torch, 147, 3136), ([7, 7, 3, 64], .keras, 147, 3136), ([8, 4, 5], .torch, 20, 40),
    ])
  func fans(dims: [Int], layout: Layout, fanIn: Int, fanOut: Int) throws {
    let fans = try #require(Fans(Shape(dims), layout: layout))
    #expect(fans.fanIn == fanIn)
    #expect(fans.fanOut == fanOut)
  }

  // Computed with Python's math module (binary64, the order of docs/law.md) for [768, 3072] in torch's layout:
  // fan_in 3072, fan_out 768.
  @Test(
    "scales are the published formulas in binary64, rounded once",
    arguments: [
      ("xavier_uniform", [:], 0.039528470752104736), ("xavier_normal", [:], 0.02282177322938192),
      ("xavier_normal", ["activation": "tanh"], 0.03803628871563654),
      ("xavier_normal", ["gain": "2"], 0.04564354645876385),
      ("he_uniform", [:], 0.04419417382415922), ("he_normal", [:], 0.025515518153991442),
      ("he_normal", ["mode": "fan_out"], 0.051031036307982884),
      ("he_normal", ["mode": "fan_avg"], 0.032274861218395144),
      ("he_normal", ["activation": "leaky_relu(0.2)"], 0.025020024032044865),
      ("he_normal", ["activation": "leaky_relu", "slope": "0.2"], 0.025020024032044865),
      ("he_normal", ["activation": "leaky_relu"], 0.025514242473758962),
      ("he_normal", ["activation": "linear"], 0.018042195912175808),
      ("he_normal", ["activation": "selu"], 0.013531646934131865),
      ("lecun_uniform", [:], 0.03125), ("lecun_normal", ["distribution": "normal"], 0.018042195912175808),
      ("uniform", [:], 0.018042195912175808),
    ] as [(String, [String: String], Double)])
  func scales(name: String, arguments: [String: String], expected: Double) throws {
    #expect(scale(try law(name, arguments)) == Float(expected))
  }

  @Test(
    "other names mean the same and are recorded under one",
    arguments: [
      ("glorot_uniform", "xavier_uniform"), ("glorot_normal", "xavier_normal"),
      ("kaiming_uniform", "he_uniform"),
      ("kaiming_normal", "he_normal"),
    ])
  func aliases(alias: String, name: String) throws {
    #expect(try law(alias) == law(name))
    #expect(try Scheme(alias).name == name)
    #expect(try Scheme(alias).json["scheme"]?.stringValue == name)
  }

  // Computed with Python's math module in the libraries' order, for the same shape.
  @Test(
    "under a library's name a scheme has that library's meaning and defaults",
    arguments: [
      ("torch.kaiming_uniform", ["a": "2.23606797749979"], 0.018042195912175804),
      ("torch.kaiming_normal", [:], 0.025515518153991442),
      ("torch.xavier_normal", ["gain": "2"], 0.04564354645876385),
      ("torch.uniform", ["a": "-0.5", "b": "0.5"], 0.5),
      ("torch.normal", [:], 1), ("torch.trunc_normal", ["std": "0.02"], 0.02), ("jax.normal", [:], 0.01),
      ("jax.glorot_uniform", [:], 0.03952847075210474), ("jax.he_uniform", [:], 0.04419417382415922),
      ("keras.random_normal", [:], 0.05), ("keras.random_uniform", [:], 0.05),
      ("keras.HeUniform", [:], 0.04419417382415922),
      ("he_normal", ["distribution": "uniform"], 0.04419417382415922),
    ] as [(String, [String: String], Double)])
  func libraries(name: String, arguments: [String: String], expected: Double) throws {
    #expect(scale(try law(name, arguments)) == Float(expected))
  }

  @Test(
    "cut normals keep their variance where the library corrects it, and not where it does not",
    arguments: [
      ("lecun_normal", [:], 0.020511220524151476), ("jax.lecun_normal", [:], 0.020511220524151472),
      ("jax.glorot_normal", [:], 0.025944869778524542), ("keras.he_normal", [:], 0.029007246246080396),
      ("variance_scaling", ["mode": "fan_geo_avg"], 0.029007246246080396),
      ("keras.truncated_normal", [:], 0.05),
      ("jax.truncated_normal", ["stddev": "0.5"], 0.5), ("torch.trunc_normal", [:], 1),
    ] as [(String, [String: String], Double)])
  func cut(name: String, arguments: [String: String], expected: Double) throws {
    #expect(
      try law(name, arguments)
        == .truncatedNormal(
          alpha: 0.02275013194817921, beta: 0.9772498680518208, low: -2, high: 2, mean: 0,
          std: Float(expected)))
  }

  @Test("JAX's uniform begins at 0, torch's is [0, 1)")
  func ranges() throws {
    #expect(try law("jax.uniform") == .uniform(half: 0.005, mid: 0.005, low: 0, high: 0.01))
    #expect(try law("torch.uniform") == .uniform(half: 0.5, mid: 0.5, low: 0, high: 1))
  }

  @Test("fans may be named by axes, with a batch of experts, or taken from another tensor")
  func axes() throws {
    func std(_ fans: FanSource, _ dims: [Int]) throws -> Float? {
      scale(
        try Scheme("he_normal", ["gain": "1"]).resolve(shape: Shape(dims), dtype: .float32, fans: fans).law)
    }
    // [model, heads, size] of flax: in is the first axis; [experts, out, in] has a batch.
    #expect(try std(.axes(FanAxes(input: [0], output: [1, 2])), [64, 12, 5]) == 1 / 8)
    #expect(try std(.axes(FanAxes(input: [-1], output: [1], batch: [0])), [8, 3, 16]) == 1 / 4)
    #expect(try std(.tensor("w", Fans(fanIn: 100, fanOut: 3)), [3]) == 1 / 10)
    #expect(throws: SchemeError.self) { try std(.axes(FanAxes(input: [3], output: [1])), [2, 2]) }
    #expect(throws: SchemeError.self) { try std(.axes(FanAxes(input: [0], output: [-2])), [2, 2]) }
  }

  @Test("defaults: AlexNet's 0.01, ±1/√fan_in, cuts at two standard deviations")
  func defaults() throws {
    #expect(try law("normal") == .normal(mean: 0, std: 0.01))
    #expect(try law("uniform", [:], [10, 100]) == .uniform(half: 0.1, mid: 0, low: -0.1, high: 0.1))
    #expect(
      try law("truncated_normal", ["std": "0.5"])
        == .truncatedNormal(
          alpha: 0.02275013194817921, beta: 0.9772498680518208, low: -2, high: 2, mean: 0, std: 0.5))
    #expect(try law("zeros", [:], []) == .constant(value: 0))
    #expect(try law("ones", [:], [4], dtype: .int64) == .constant(value: 1))
    #expect(try law("constant", ["value": "0.1"], [4]) == .constant(value: Double(0.1 as Float)))
    #expect(try law("constant", ["value": "true"], [4], dtype: .bool) == .constant(value: 1))
  }

  @Test(
    "auto picks Xavier for saturating activations and He for rectifiers, and says which",
    arguments: [
      ("sigmoid", "xavier_uniform"), ("tanh", "xavier_uniform"), ("softmax", "xavier_uniform"),
      ("relu", "he_normal"),
      ("leaky_relu(0.1)", "he_normal"), ("gelu", "he_normal"), ("selu", "lecun_normal"),
      ("linear", "lecun_normal"),
    ])
  func auto(activation: String, picked: String) throws {
    let resolution = try Scheme("auto", ["activation": activation])
      .resolve(shape: Shape([768, 3072]), dtype: .float32, layout: .torch)
    #expect(resolution.scheme.name == picked)
    #expect(resolution.reason?.isEmpty == false)
    let given = picked == "lecun_normal" || activation == "gelu" ? [:] : ["activation": activation]
    #expect(resolution.law == (try law(picked, given)))
  }

  @Test("a recorded scheme resolves to the same law again")
  func records() throws {
    for (name, arguments) in [
      ("kaiming_normal", ["mode": "fan_out", "activation": "leaky_relu(0.2)"]),
      ("normal", ["std": "0.004082482904638631"]),
      ("truncated_normal", ["low": "-1", "high": "3e0"]), ("auto", ["activation": "relu"]), ("zeros", [:]),
    ] {
      let scheme = try Scheme(name, arguments)
      #expect(
        try law(name, arguments)
          == Scheme(json: scheme.json)
          .resolve(shape: Shape([768, 3072]), dtype: .float32, layout: .torch).law)
      #expect(try Scheme(json: scheme.json).json.canonical == scheme.json.canonical)
    }
  }

  @Test(
    "what cannot be resolved says what is wrong and what to write",
    arguments: [
      ("he_normall", [:], [2, 2], "unknown scheme `he_normall`; did you mean `he_normal`?"),
      ("constant(0.5)", [:], [2], "parameters are written {scheme: NAME"),
      ("normal", ["std": "1e-400"], [2], "std is 1e-400, which rounds to 0"),
      ("normal", ["std": "1e400"], [2], "std is 1e400, which is too large"),
      ("he_normal", ["activation": "leaky_relu", "slope": "1e200"], [2, 2], "the gain is 0"),
      ("normal", ["sd": "1"], [2], "`normal` has no parameter `sd`; did you mean `std`?"),
      ("zeros", ["value": "1"], [2], "`zeros` has no parameter `value` (it takes none)"),
      ("normal", ["std": "010"], [2], "std is `010`, which is not a number"),
      ("normal", ["std": "1:30"], [2], "std is `1:30`"), ("normal", ["std": ".nan"], [2], "std is `.nan`"),
      ("normal", ["std": ".inf"], [2], "std is `.inf`"),
      ("normal", ["std": "-0.1"], [2], "std is -0.1; it cannot be negative"),
      ("normal", ["std": "1e300"], [2], "std is 1e+300, which is not finite in float32"),
      ("uniform", ["low": "1", "high": "-1"], [2], "low must be below high"),
      ("uniform", ["low": "1"], [2], "takes low and high together"),
      ("truncated_normal", ["low": "2", "high": "1"], [2], "low must be below high"),
      ("truncated_normal", ["low": "6", "high": "7"], [2], "far tail"),
      (
        "he_normal", [:], [768],
        "needs the tensor's fans, and the shape [768] has none (rank 1, at least 2 is needed); write zeros"
      ),
      ("uniform", [:], [], "`uniform` needs the tensor's fans"),
      ("xavier_normal", [:], [0, 4], "divides by a fan"),
      ("he_normal", ["mode": "fan_inn"], [2, 2], "unknown mode `fan_inn`; did you mean `fan_in`?"),
      ("he_normal", ["activation": "relo"], [2, 2], "unknown activation `relo`; did you mean `relu`?"),
      ("he_normal", ["activation": "relu(2)"], [2, 2], "only leaky_relu takes a slope"),
      ("he_normal", ["activation": "leaky_relu(x)"], [2, 2], "which is not a number"),
      ("he_normal", ["slope": "1"], [2, 2], "slope belongs to"),
      ("he_normal", ["activation": "relu", "gain": "1"], [2, 2], "gain and activation both"),
      ("he_normal", ["gain": "-1"], [2, 2], "gain is -1.0; it cannot be negative"),
      ("xavier_normal", ["mode": "fan_in"], [2, 2], "always averages both fans"),
      ("auto", [:], [2, 2], "picks by the activation"),
      ("he_normal", [:], [2], "`he_normal` needs the tensor's fans"),
      ("constant", [:], [2], "needs value"), ("constant", ["value": "x"], [2], "value is `x`"),
    ] as [(String, [String: String], [Int], String)])
  func errors(name: String, arguments: [String: String], dims: [Int], message: String) throws {
    let error = #expect(throws: SchemeError.self) { try law(name, arguments, dims) }
    #expect(error.map { $0.description.contains(message) } == true, "\(error?.description ?? "")")
  }

  @Test(
    "integer tensors take the integers they hold, digit by digit",
    arguments: [
      ("9007199254740992", DType.int64, true), ("9007199254740993", .int64, false),
      ("9007199254740993.0", .int64, false),
      ("-9007199254740992", .int64, true), ("1e3", .int64, true), ("1.5", .int64, false),
      ("300", .uint8, false),
      ("-128", .int8, true), ("-1", .uint64, false), ("2", .bool, false),
    ])
  func integers(text: String, dtype: DType, fits: Bool) throws {
    let scheme = try Scheme("constant", ["value": text])
    let shape = try Shape([3])
    if fits {
      #expect(
        try scheme.resolve(shape: shape, dtype: dtype, layout: .torch).law
          == .constant(value: Double(text) ?? .nan))
    } else {
      #expect(throws: SchemeError.self) { try scheme.resolve(shape: shape, dtype: dtype, layout: .torch) }
    }
  }
}
