// Schemes in Swift: `Scheme.normal(std: 0.02)` is what a spec writes as `{scheme: normal, std: 0.02}`.

/// A parameter that is nil has its default and is not recorded. Other schemes, such as `torch.trunc_normal`, are
/// created by name: `try Scheme("torch.trunc_normal", ["std": 0.02])`.
extension Scheme {
  // MARK: - Constants

  /// Every element is 0.
  package static let zeros = Scheme(known: "zeros")

  /// Every element is 1.
  package static let ones = Scheme(known: "ones")

  /// Every element is `value`.
  package static func constant(_ value: Double) -> Scheme { constant(SchemeArgument(value)) }

  /// Every element is `value`, which an integer tensor takes up to 2⁵³ in size.
  package static func constant(_ value: Int) -> Scheme { constant(SchemeArgument(value)) }

  /// Every element is `value`, for a boolean tensor.
  package static func constant(_ value: Bool) -> Scheme { constant(.word("\(value)")) }

  private static func constant(_ value: SchemeArgument) -> Scheme { Scheme(known: "constant", ["value": value]) }

  /// The diagonal of a matrix is `gain`, 1 by default, and every other element is 0.
  package static func eye(gain: Double? = nil) -> Scheme { Scheme(known: "eye", ["gain": number(gain)]) }

  /// A convolution that passes its input through, in torch's layout.
  package static func dirac(groups: Int? = nil) -> Scheme {
    Scheme(known: "dirac", ["groups": groups.map { SchemeArgument($0) }])
  }

  // MARK: - Distributions

  /// Normal with a mean, 0 by default, and a standard deviation, 0.01 by default.
  package static func normal(mean: Double? = nil, std: Double? = nil) -> Scheme {
    Scheme(known: "normal", ["mean": number(mean), "std": number(std)])
  }

  /// Uniform between two bounds.
  package static func uniform(low: Double, high: Double) -> Scheme {
    Scheme(known: "uniform", ["low": number(low), "high": number(high)])
  }

  /// Uniform within ±1/√fan_in, as PyTorch initializes Linear and Conv layers.
  package static func uniform() -> Scheme { Scheme(known: "uniform") }

  /// Normal, truncated at `low` and `high` standard deviations from the mean, −2 and 2 by default.
  package static func truncatedNormal(
    mean: Double? = nil, std: Double? = nil, low: Double? = nil, high: Double? = nil
  ) -> Scheme {
    Scheme(
      known: "truncated_normal",
      ["mean": number(mean), "std": number(std), "low": number(low), "high": number(high)])
  }

  /// A matrix with orthonormal rows or columns, times `gain`, 1 by default.
  package static func orthogonal(gain: Double? = nil) -> Scheme {
    Scheme(known: "orthogonal", ["gain": number(gain)])
  }

  /// An orthogonal matrix in the middle of a convolution's kernel, in keras's layout.
  package static func deltaOrthogonal(gain: Double? = nil) -> Scheme {
    Scheme(known: "delta_orthogonal", ["gain": number(gain)])
  }

  /// Normal, with the share `sparsity` of the elements of each column set to 0.
  package static func sparse(sparsity: Double, std: Double? = nil) -> Scheme {
    Scheme(known: "sparse", ["sparsity": number(sparsity), "std": number(std)])
  }

  // MARK: - Scales from fans

  /// Xavier (Glorot) uniform. The gain is 1 by default.
  package static func xavierUniform(gain: Double? = nil) -> Scheme {
    Scheme(known: "xavier_uniform", ["gain": number(gain)])
  }

  /// Xavier (Glorot) uniform with the gain of an activation.
  package static func xavierUniform(activation: Activation) -> Scheme {
    Scheme(known: "xavier_uniform", activation.arguments)
  }

  /// Xavier (Glorot) normal. The gain is 1 by default.
  package static func xavierNormal(gain: Double? = nil) -> Scheme {
    Scheme(known: "xavier_normal", ["gain": number(gain)])
  }

  /// Xavier (Glorot) normal with the gain of an activation.
  package static func xavierNormal(activation: Activation) -> Scheme {
    Scheme(known: "xavier_normal", activation.arguments)
  }

  /// He (Kaiming) uniform. The mode is fan_in and the activation ReLU by default.
  package static func heUniform(mode: FanMode? = nil, activation: Activation? = nil) -> Scheme {
    Scheme(known: "he_uniform", arguments(mode, activation))
  }

  /// He (Kaiming) normal. The mode is fan_in and the activation ReLU by default.
  package static func heNormal(mode: FanMode? = nil, activation: Activation? = nil) -> Scheme {
    Scheme(known: "he_normal", arguments(mode, activation))
  }

  /// LeCun uniform.
  package static let leCunUniform = Scheme(known: "lecun_uniform")

  /// LeCun normal, truncated at two standard deviations.
  package static let leCunNormal = Scheme(known: "lecun_normal")

  /// Variance scale/fan. The scale is 1, the mode fan_in and the distribution truncated normal by default.
  package static func varianceScaling(
    scale: Double? = nil, mode: FanMode? = nil, distribution: Distribution? = nil
  ) -> Scheme {
    Scheme(
      known: "variance_scaling",
      [
        "scale": number(scale), "mode": mode.map { .word($0.rawValue) },
        "distribution": distribution.map { .word($0.rawValue) },
      ])
  }

  /// Zeros for biases, and for weights the scheme that suits the activation after them.
  package static func auto(activation: Activation, mode: FanMode? = nil) -> Scheme {
    Scheme(known: "auto", arguments(mode, activation))
  }

  /// Zeros for biases, and for weights the scheme that suits the activation after them, by its name: `gelu`, `silu`,
  /// `swish`, `elu`, `mish` or one that `Activation` has.
  package static func auto(activation: String, mode: FanMode? = nil) -> Scheme {
    Scheme(known: "auto", ["activation": .word(activation), "mode": mode.map { .word($0.rawValue) }])
  }

  private static func number(_ value: Double?) -> SchemeArgument? { value.map { SchemeArgument($0) } }

  private static func arguments(_ mode: FanMode?, _ activation: Activation?) -> [String: SchemeArgument?] {
    (activation?.arguments ?? [:]).merging(["mode": mode.map { .word($0.rawValue) }]) { $1 }
  }
}

extension Activation {
  /// The activation as a scheme's parameters.
  fileprivate var arguments: [String: SchemeArgument?] {
    switch self {
    case .linear: ["activation": .word("linear")]
    case .sigmoid: ["activation": .word("sigmoid")]
    case .tanh: ["activation": .word("tanh")]
    case .softmax: ["activation": .word("softmax")]
    case .relu: ["activation": .word("relu")]
    case .leakyReLU(let slope): ["activation": .word("leaky_relu"), "slope": SchemeArgument(slope)]
    case .selu: ["activation": .word("selu")]
    }
  }
}
