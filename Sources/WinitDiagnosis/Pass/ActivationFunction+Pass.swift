// What a pass asks of activation functions besides their values.

extension ActivationFunction {
  /// Whether the function is 0 for every negative argument, so that a unit can be dead.
  var isRectifier: Bool { self == .relu || self == .relu6 }

  /// Returns whether an output is saturated; nil for a function without saturation.
  var saturation: ((Double) -> Bool)? {
    switch self {
    case .tanh: { $0.magnitude > 0.99 }
    case .sigmoid: { $0 < 0.01 || $0 > 0.99 }
    default: nil
    }
  }
}
