// Activation functions and their gains.

/// An activation function, which determines the gain of a scheme.
package enum Activation: Sendable, Hashable {
  /// The identity.
  case linear
  /// The logistic function.
  case sigmoid
  /// The hyperbolic tangent.
  case tanh
  /// The softmax function.
  case softmax
  /// max(0, x).
  case relu
  /// x for positive x, slope · x otherwise.
  case leakyReLU(slope: Double)
  /// The scaled exponential linear unit.
  case selu

  /// The recommended gain, as `torch.nn.init.calculate_gain` returns it: tanh 5/3, ReLU √2, leaky ReLU √(2/(1 +
  /// slope²)), SELU 3/4, the others 1. It is computed in binary64 in this order of operations.
  package var gain: Double {
    switch self {
    case .linear, .sigmoid, .softmax: 1
    case .tanh: 5.0 / 3
    case .relu: 2.0.squareRoot()
    case .leakyReLU(let slope): (2 / (1 + slope * slope)).squareRoot()
    case .selu: 0.75
    }
  }

  /// The names in a spec.
  static let names = ["linear", "sigmoid", "tanh", "softmax", "relu", "leaky_relu", "selu"]

  /// The default slope of leaky ReLU, as in `torch.nn.LeakyReLU`.
  static let defaultSlope = 0.01

  /// Creates an activation by its name in a spec; nil for an unknown name. Only leaky ReLU uses the slope.
  init?(name: String, slope: Double) {
    switch name {
    case "linear": self = .linear
    case "sigmoid": self = .sigmoid
    case "tanh": self = .tanh
    case "softmax": self = .softmax
    case "relu": self = .relu
    case "leaky_relu": self = .leakyReLU(slope: slope)
    case "selu": self = .selu
    default: return nil
    }
  }
}
