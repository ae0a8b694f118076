// The values and the derivatives of activation functions.

import Foundation

extension ActivationFunction {
  /// Returns f(x). Softmax is no function of one number; this returns x for it.
  package func value(_ x: Double) -> Double {
    switch self {
    case .linear, .softmax: x
    case .relu: x > 0 ? x : 0
    case .relu6: min(max(x, 0), 6)
    case .leakyReLU(let slope): x > 0 ? x : slope * x
    case .tanh: Foundation.tanh(x)
    case .sigmoid: logistic(x)
    case .selu: Self.seluScale * (x > 0 ? x : Self.seluAlpha * expm1(x))
    case .elu: x > 0 ? x : expm1(x)
    case .gelu: x * normalCDF(x)
    case .geluTanh: 0.5 * x * (1 + Foundation.tanh(Self.geluTanhArgument(x)))
    case .quickGELU: x * logistic(1.702 * x)
    case .silu: x * logistic(x)
    case .mish: x * Foundation.tanh(softPlus(x))
    case .hardswish: x * min(max(x + 3, 0), 6) / 6
    case .softplus: softPlus(x)
    }
  }

  /// Returns f′(x); at a kink the derivative on the left.
  package func derivative(_ x: Double) -> Double {
    switch self {
    case .linear, .softmax: return 1
    case .relu: return x > 0 ? 1 : 0
    case .relu6: return x > 0 && x <= 6 ? 1 : 0
    case .leakyReLU(let slope): return x > 0 ? 1 : slope
    case .tanh:
      let y = Foundation.tanh(x)
      return 1 - y * y
    case .sigmoid: return logistic(x) * logistic(-x)
    case .selu: return Self.seluScale * (x > 0 ? 1 : Self.seluAlpha * exp(x))
    case .elu: return x > 0 ? 1 : exp(x)
    case .gelu: return normalCDF(x) + x * normalDensity(x)
    case .geluTanh:
      let y = Foundation.tanh(Self.geluTanhArgument(x))
      return 0.5 * (1 + y) + 0.5 * x * (1 - y * y) * Self.geluTanhFactor * (1 + 3 * 0.044715 * x * x)
    case .quickGELU: return logistic(1.702 * x) * (1 + 1.702 * x * logistic(-1.702 * x))
    case .silu: return logistic(x) * (1 + x * logistic(-x))
    case .mish:
      let y = Foundation.tanh(softPlus(x))
      return y + x * (1 - y * y) * logistic(x)
    case .hardswish: return x <= -3 ? 0 : x > 3 ? 1 : (2 * x + 3) / 6
    case .softplus: return logistic(x)
    }
  }

  /// Where f or f′ jumps: quadrature splits there.
  var kinks: [Double] {
    switch self {
    case .relu, .leakyReLU, .selu, .elu: [0]
    case .relu6: [0, 6]
    case .hardswish: [-3, 3]
    case .linear, .softmax, .tanh, .sigmoid, .gelu, .geluTanh, .quickGELU, .silu, .mish, .softplus: []
    }
  }

  /// Whether f is about 0 for negative and about x for positive numbers, without f(a·x) = a·f(x). A deep narrow chain
  /// of such functions has two regimes, near 0 and far from 0, and the draw of the weights decides between them.
  package var isInhomogeneousHalfRectifier: Bool {
    switch self {
    case .gelu, .geluTanh, .quickGELU, .silu, .mish, .hardswish: true
    default: false
    }
  }

  /// λ and α of Klambauer et al. 2017, "Self-Normalizing Neural Networks", equation 2, as torch and Keras have them.
  private static let seluScale = 1.0507009873554805
  private static let seluAlpha = 1.6732632423543772

  /// √(2/π), of the approximation in Hendrycks and Gimpel 2016, "Gaussian Error Linear Units".
  private static let geluTanhFactor = (2 / Double.pi).squareRoot()

  private static func geluTanhArgument(_ x: Double) -> Double { geluTanhFactor * (x + 0.044715 * x * x * x) }
}

/// Returns 1/(1 + e⁻ˣ) with a small relative error on both sides.
private func logistic(_ x: Double) -> Double {
  if x >= 0 { return 1 / (1 + exp(-x)) }
  let power = exp(x)
  return power / (1 + power)
}

/// Returns ln(1 + eˣ) without overflow.
private func softPlus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

/// Returns the distribution function of N(0, 1).
func normalCDF(_ x: Double) -> Double { 0.5 * erfc(-x * 0.5.squareRoot()) }

/// Returns the density of N(0, 1).
func normalDensity(_ x: Double) -> Double { exp(-0.5 * x * x) * 0.3989422804014327 }
