// Gains: what an activation does to the scale of what passes through it.

/// An activation function, for its gain.
public enum Activation: Sendable, Hashable {
  /// The identity.
  case linear
  /// The logistic function.
  case sigmoid
  /// The hyperbolic tangent.
  case tanh
  /// Softmax.
  case softmax
  /// max(0, x).
  case relu
  /// x for positive x, slope · x otherwise.
  case leakyReLU(slope: Double)
  /// The scaled exponential linear unit.
  case selu

  /// The recommended gain, as `torch.nn.init.calculate_gain` gives it: tanh 5/3, ReLU √2, leaky ReLU
  /// √(2/(1 + slope²)), SELU 3/4, the others 1. Computed in binary64 in that order.
  public var gain: Double {
    switch self {
    case .linear, .sigmoid, .softmax: 1
    case .tanh: 5.0 / 3
    case .relu: 2.0.squareRoot()
    case .leakyReLU(let slope): (2 / (1 + slope * slope)).squareRoot()
    case .selu: 0.75
    }
  }

  /// The names a spec may use.
  static let names = ["linear", "sigmoid", "tanh", "softmax", "relu", "leaky_relu", "selu"]

  /// The default slope of leaky ReLU, as in `torch.nn.LeakyReLU`.
  static let defaultSlope = 0.01

  /// By name, with the slope where it is leaky ReLU.
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
