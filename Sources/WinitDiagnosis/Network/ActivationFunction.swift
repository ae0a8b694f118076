// The activation functions of networks.

/// An activation function of a network.
package enum ActivationFunction: Sendable, Hashable {
  case linear, relu, relu6, tanh, sigmoid, softmax, selu, elu, gelu, geluTanh, quickGELU, silu, mish, hardswish
  case softplus
  case leakyReLU(slope: Double)

  /// The names in a spec. `leaky_relu` has the slope 0.01, and `leaky_relu(0.2)` another one.
  private static let names: [(String, ActivationFunction)] = [
    ("linear", .linear), ("relu", .relu), ("relu6", .relu6), ("leaky_relu", .leakyReLU(slope: 0.01)),
    ("tanh", .tanh), ("sigmoid", .sigmoid), ("softmax", .softmax), ("selu", .selu), ("elu", .elu), ("gelu", .gelu),
    ("gelu_tanh", .geluTanh), ("quick_gelu", .quickGELU), ("silu", .silu), ("swish", .silu), ("mish", .mish),
    ("hardswish", .hardswish), ("softplus", .softplus),
  ]

  /// The names that `init(name:)` knows.
  package static var knownNames: [String] { names.map(\.0) }

  /// Creates the activation of a name in a spec; nil for an unknown one.
  package init?(name: String) {
    if let known = ActivationFunction.names.first(where: { $0.0 == name }) {
      self = known.1
    } else if name.hasPrefix("leaky_relu("), name.hasSuffix(")"),
      let slope = Double(name.dropFirst("leaky_relu(".count).dropLast()), slope.isFinite
    {
      self = .leakyReLU(slope: slope)
    } else {
      return nil
    }
  }

  /// The name in a spec.
  package var name: String {
    if case .leakyReLU(let slope) = self, slope != 0.01 { return "leaky_relu(\(slope))" }
    return ActivationFunction.names.first { $0.1 == self }?.0 ?? "linear"
  }

  /// Whether f(a·x) = a·f(x) for positive a, so that scales pass through.
  package var isHomogeneous: Bool {
    switch self {
    case .linear, .relu, .leakyReLU: true
    default: false
    }
  }
}
