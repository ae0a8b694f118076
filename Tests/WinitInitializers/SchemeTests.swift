import Testing
import WinitCore
import WinitInitializers
import WinitJSON

private func law(
  _ name: String, _ arguments: [String: SchemeArgument] = [:], _ dims: [Int] = [768, 3072], dtype: DType = .float32,
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

/// An error's case and the parameters or the scheme that it names.
private func summary(_ error: SchemeError) -> String {
  switch error {
  case .unknownScheme(let name): "unknownScheme \(name)"
  case .unknownParameters(let names, _): "unknownParameters \(names.joined(separator: ", "))"
  case .notANumber(let parameter, _): "notANumber \(parameter)"
  case .outOfRange(let parameter, _, _): "outOfRange \(parameter)"
  case .unknownWord(let parameter, _, _): "unknownWord \(parameter)"
  case .missing(let parameter, _): "missing \(parameter)"
  case .conflictingParameters(let names, _): "conflictingParameters \(names.joined(separator: ", "))"
  case .unsupportedLayout(let scheme, _): "unsupportedLayout \(scheme)"
  case .invalidAxes: "invalidAxes"
  case .noFans(let scheme, _): "noFans \(scheme)"
  case .zeroFan(let scheme, _): "zeroFan \(scheme)"
  case .noValue(let parameter, _, _): "noValue \(parameter)"
  case .law: "law"
  case .invalidRecord: "invalidRecord"
  }
}

@Suite struct SchemeTests {
  @Test(arguments: [
    ([768, 3072], Layout.torch, 3072, 768), ([768, 3072], .keras, 768, 3072),
    ([64, 3, 7, 7], .torch, 147, 3136), ([7, 7, 3, 64], .keras, 147, 3136), ([8, 4, 5], .torch, 20, 40),
  ])
  func `fans follow the layout and include the receptive field`(dims: [Int], layout: Layout, fanIn: Int, fanOut: Int)
    throws
  {
    let fans = try #require(Fans(Shape(dims), layout: layout))
    #expect(fans.fanIn == fanIn)
    #expect(fans.fanOut == fanOut)
  }

  // Computed with Python's math module (binary64, the order of docs/law.md) for [768, 3072] in torch's layout:
  // fan_in 3072, fan_out 768.
  @Test(
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
    ] as [(String, [String: SchemeArgument], Double)])
  func `scales are those of the published formulas in binary64, rounded once`(
    name: String, arguments: [String: SchemeArgument], expected: Double
  ) throws {
    #expect(scale(try law(name, arguments)) == Float(expected))
  }

  @Test(arguments: [
    ("glorot_uniform", "xavier_uniform"), ("glorot_normal", "xavier_normal"),
    ("kaiming_uniform", "he_uniform"),
    ("kaiming_normal", "he_normal"),
  ])
  func `an alias resolves as its scheme and is recorded under the scheme's name`(alias: String, name: String) throws {
    #expect(try law(alias) == law(name))
    #expect(try Scheme(alias).name == name)
    #expect(try Scheme(alias).json["scheme"]?.stringValue == name)
  }

  // Computed with Python's math module in the libraries' order, for the same shape.
  @Test(
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
    ] as [(String, [String: SchemeArgument], Double)])
  func `a scheme of a library has the library's meaning and defaults`(
    name: String, arguments: [String: SchemeArgument], expected: Double
  ) throws {
    #expect(scale(try law(name, arguments)) == Float(expected))
  }

  @Test(
    arguments: [
      ("lecun_normal", [:], 0.020511220524151476), ("jax.lecun_normal", [:], 0.020511220524151472),
      ("jax.glorot_normal", [:], 0.025944869778524542), ("keras.he_normal", [:], 0.029007246246080396),
      ("variance_scaling", ["mode": "fan_geo_avg"], 0.029007246246080396),
      ("keras.truncated_normal", [:], 0.05),
      ("jax.truncated_normal", ["stddev": "0.5"], 0.5), ("torch.trunc_normal", [:], 1),
    ] as [(String, [String: SchemeArgument], Double)])
  func `a truncated normal keeps its variance exactly where the library corrects it`(
    name: String, arguments: [String: SchemeArgument], expected: Double
  ) throws {
    #expect(
      try law(name, arguments)
        == .truncatedNormal(
          alpha: 0.02275013194817921, beta: 0.9772498680518208, low: -2, high: 2, mean: 0,
          std: Float(expected)))
  }

  @Test func `JAX's uniform is [0, 0.01), and torch's is [0, 1)`() throws {
    #expect(try law("jax.uniform") == .uniform(half: 0.005, mid: 0.005, low: 0, high: 0.01))
    #expect(try law("torch.uniform") == .uniform(half: 0.5, mid: 0.5, low: 0, high: 1))
  }

  @Test func `fans can be given by axes, with a batch of experts, or taken from another tensor`() throws {
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

  @Test func `the defaults are AlexNet's 0.01, ±1/√fan_in, and bounds at two standard deviations`() throws {
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

  @Test(arguments: [
    ("sigmoid", "xavier_uniform"), ("tanh", "xavier_uniform"), ("softmax", "xavier_uniform"),
    ("relu", "he_normal"),
    ("leaky_relu(0.1)", "he_normal"), ("gelu", "he_normal"), ("selu", "lecun_normal"),
    ("linear", "lecun_normal"),
  ])
  func `auto picks Xavier for saturating activations, He for rectifiers and LeCun for selu, and gives a reason`(
    activation: String, picked: String
  ) throws {
    let resolution = try Scheme("auto", ["activation": .word(activation)])
      .resolve(shape: Shape([768, 3072]), dtype: .float32, layout: .torch)
    #expect(resolution.scheme.name == picked)
    #expect(resolution.reason?.isEmpty == false)
    let given = picked == "lecun_normal" || activation == "gelu" ? [:] : ["activation": SchemeArgument.word(activation)]
    #expect(resolution.law == (try law(picked, given)))
  }

  @Test func `a recorded scheme resolves to the same law`() throws {
    for (name, arguments) in [
      ("kaiming_normal", ["mode": "fan_out", "activation": "leaky_relu(0.2)"]),
      ("normal", ["std": "0.004082482904638631"]),
      ("truncated_normal", ["low": "-1", "high": "3e0"]), ("auto", ["activation": "relu"]), ("zeros", [:]),
    ] as [(String, [String: SchemeArgument])] {
      let scheme = try Scheme(name, arguments)
      #expect(
        try law(name, arguments)
          == Scheme(json: scheme.json)
          .resolve(shape: Shape([768, 3072]), dtype: .float32, layout: .torch).law)
      #expect(try Scheme(json: scheme.json).json.canonical == scheme.json.canonical)
    }
  }

  @Test(
    arguments: [
      ("he_normall", [:], [2, 2], "unknownScheme he_normall"),
      ("constant(0.5)", [:], [2], "unknownScheme constant(0.5)"),
      ("normal", ["sd": "1", "men": "1"], [2], "unknownParameters men, sd"),
      ("zeros", ["value": "1"], [2], "unknownParameters value"), ("normal", ["std": "1e-400"], [2], "outOfRange std"),
      ("normal", ["std": "1e400"], [2], "outOfRange std"),
      ("dirac", ["groups": "1.5"], [2, 2, 3], "outOfRange groups"),
      ("he_normal", ["activation": "leaky_relu", "slope": "1e200"], [2, 2], "outOfRange the gain"),
      ("sparse", ["sparsity": "1.5"], [2, 2], "outOfRange sparsity"),
      ("orthogonal", ["gain": "0"], [2, 2], "outOfRange gain"),
      ("variance_scaling", ["scale": "-1"], [2, 2], "outOfRange scale"),
      ("normal", ["std": "010"], [2], "notANumber std"), ("normal", ["std": "1:30"], [2], "notANumber std"),
      ("normal", ["std": ".nan"], [2], "notANumber std"), ("normal", ["std": ".inf"], [2], "notANumber std"),
      ("constant", ["value": "x"], [2], "notANumber value"), ("constant", ["value": "true"], [2], "notANumber value"),
      ("he_normal", ["activation": "leaky_relu(x)"], [2, 2], "notANumber the slope in `leaky_relu(x)`"),
      ("torch.normal", ["std": "-0.1"], [2], "law"), ("normal", ["std": "1e300"], [2], "law"),
      ("uniform", ["low": "1", "high": "-1"], [2], "law"), ("truncated_normal", ["low": "2", "high": "1"], [2], "law"),
      ("truncated_normal", ["low": "6", "high": "7"], [2], "law"), ("he_normal", ["gain": "-1"], [2, 2], "law"),
      ("he_normal", [:], [768], "noFans he_normal"), ("uniform", [:], [], "noFans uniform"),
      ("torch.kaiming_normal", [:], [2], "noFans torch.kaiming_normal"),
      ("xavier_normal", [:], [0, 4], "zeroFan xavier_normal"),
      ("he_normal", ["mode": "fan_inn"], [2, 2], "unknownWord mode"),
      ("he_normal", ["activation": "relo"], [2, 2], "unknownWord activation"),
      ("he_normal", ["distribution": "gauss"], [2, 2], "unknownWord distribution"),
      ("torch.kaiming_normal", ["nonlinearity": "gelu"], [2, 2], "unknownWord nonlinearity"),
      ("uniform", ["low": "1"], [2], "conflictingParameters low, high"),
      ("he_normal", ["activation": "relu(2)"], [2, 2], "conflictingParameters activation, slope"),
      ("he_normal", ["activation": "leaky_relu(1)", "slope": "1"], [2, 2], "conflictingParameters activation, slope"),
      ("he_normal", ["slope": "1"], [2, 2], "conflictingParameters slope"),
      ("he_normal", ["activation": "relu", "gain": "1"], [2, 2], "conflictingParameters gain, activation"),
      ("xavier_normal", ["mode": "fan_in"], [2, 2], "conflictingParameters mode"),
      ("auto", [:], [2, 2], "missing activation"), ("constant", [:], [2], "missing value"),
      ("jax.variance_scaling", ["scale": "1"], [2, 2], "missing mode"),
      ("delta_orthogonal", [:], [2, 3, 2], "law"),
    ] as [(String, [String: SchemeArgument], [Int], String)])
  func `a scheme that cannot be resolved is an error that names the parameter or the reason`(
    name: String, arguments: [String: SchemeArgument], dims: [Int], expected: String
  ) throws {
    let error = #expect(throws: SchemeError.self) { try law(name, arguments, dims) }
    #expect(error.map(summary) == expected)
  }

  @Test(arguments: [
    ("9007199254740992", DType.int64, true), ("9007199254740993", .int64, false),
    ("9007199254740993.0", .int64, false),
    ("-9007199254740992", .int64, true), ("1e3", .int64, true), ("1.5", .int64, false),
    ("300", .uint8, false),
    ("-128", .int8, true), ("-1", .uint64, false), ("2", .bool, false),
  ])
  func `an integer tensor takes exactly the integers that it holds, up to 2⁵³`(text: String, dtype: DType, fits: Bool)
    throws
  {
    let scheme = try Scheme("constant", ["value": SchemeArgument(text: text)])
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
