// The moments of an activation function of normally distributed numbers.

import Foundation

/// A normal distribution: what a unit of a wide layer has before its activation.
package struct NormalInput: Sendable, Hashable {
  package var mean: Double
  package var variance: Double

  package init(mean: Double = 0, variance: Double) { (self.mean, self.variance) = (mean, variance) }

  var std: Double { variance.squareRoot() }
}

extension ActivationFunction {
  /// Returns E f(u)² for u ~ N(0, q).
  package func secondMoment(_ q: Double) -> Double { secondMoment(NormalInput(variance: q)) }

  /// Returns E f′(u)² for u ~ N(0, q).
  package func derivativeMoment(_ q: Double) -> Double { derivativeMoment(NormalInput(variance: q)) }

  /// Returns E f(u) for u ~ N(0, q).
  package func mean(_ q: Double) -> Double { mean(NormalInput(variance: q)) }

  /// Returns E f(u)·f(v) for u, v ~ N(0, q) with the covariance c.
  package func crossMoment(_ q: Double, covariance c: Double) -> Double {
    secondMoment(q) - differenceMoment(NormalInput(variance: q), difference: q - c)
  }

  /// Returns E f(u)².
  package func secondMoment(_ input: NormalInput) -> Double {
    let (mean, q) = (input.mean, input.mean * input.mean + input.variance)
    switch self {
    case .linear, .softmax: return q
    case .relu where mean == 0: return 0.5 * q
    case .leakyReLU(let slope) where mean == 0: return 0.5 * (1 + slope * slope) * q
    default:
      return average(input) {
        let y = value($0)
        return y * y
      }
    }
  }

  /// Returns E f′(u)².
  package func derivativeMoment(_ input: NormalInput) -> Double {
    switch self {
    case .linear, .softmax: return 1
    case .relu where input.mean == 0: return 0.5
    case .leakyReLU(let slope) where input.mean == 0: return 0.5 * (1 + slope * slope)
    default:
      return average(input) {
        let y = derivative($0)
        return y * y
      }
    }
  }

  /// Returns E f(u).
  package func mean(_ input: NormalInput) -> Double {
    switch self {
    case .linear, .softmax: return input.mean
    case .relu where input.mean == 0: return input.std * 0.3989422804014327
    case .leakyReLU(let slope) where input.mean == 0: return (1 - slope) * input.std * 0.3989422804014327
    default: return average(input, value)
    }
  }

  /// Returns E f(u)² − E f(u)·f(v) = ½·E (f(u) − f(v))² for u and v of one distribution, with
  /// `difference` = E u² − E u·v. The difference keeps all its digits where u and v are almost equal, as in a network
  /// whose biases outweigh what depends on the input.
  package func differenceMoment(_ input: NormalInput, difference: Double) -> Double {
    guard difference > 0 else { return 0 }
    switch self {
    case .linear, .softmax: return difference
    case .relu where input.mean == 0: return Self.reluDifference(input.variance, difference)
    case .leakyReLU(let slope) where input.mean == 0:
      let rest = 1 - slope
      return rest * rest * Self.reluDifference(input.variance, difference) + slope * difference
    default: return averageHalfSquare(input, difference, value)
    }
  }

  /// Returns E f′(u)·f′(v) for u and v of one distribution, with `difference` = E u² − E u·v.
  package func derivativeCrossMoment(_ input: NormalInput, difference: Double) -> Double {
    let moment = derivativeMoment(input)
    guard difference > 0 else { return moment }
    switch self {
    case .linear, .softmax: return 1
    case .relu where input.mean == 0:
      return 0.5 - Self.angle(input.variance, difference) / (2 * .pi)
    case .leakyReLU(let slope) where input.mean == 0:
      return moment - (1 - slope) * (1 - slope) * Self.angle(input.variance, difference) / (2 * .pi)
    default: return moment - averageHalfSquare(input, difference, derivative)
    }
  }

  /// The angle between two vectors of numbers with the second moment q, from sin²(θ/2) = (1 − cos θ)/2.
  private static func angle(_ q: Double, _ difference: Double) -> Double {
    2 * asin(min(1, (0.5 * difference / q).squareRoot()))
  }

  /// The arc-cosine kernel of degree 1 (Cho and Saul 2009, "Kernel Methods for Deep Learning", equation 6), written as
  /// its difference from its value at the angle 0: ½·δ − q·(sin θ − θ·cos θ)/(2π).
  private static func reluDifference(_ q: Double, _ difference: Double) -> Double {
    let angle = angle(q, difference)
    let square = angle * angle
    let rest =
      angle < 0.02
      ? angle * square * (1.0 / 3 - square * (1.0 / 30 - square / 840)) : sin(angle) - angle * cos(angle)
    return 0.5 * difference - q * rest / (2 * .pi)
  }
}

extension ActivationFunction {
  /// Where a function of a wide distribution needs short panels: activations change between −32 and 32.
  private static let unitBreaks: [Double] = [0.5, 1, 2, 4, 8, 16, 32].flatMap { [-$0, $0] } + [0]

  private func breaks(std: Double) -> [Double] { std > 0.5 ? kinks + Self.unitBreaks : kinks }

  private func average(_ input: NormalInput, _ function: (Double) -> Double) -> Double {
    let nodes = NormalQuadrature.nodes(mean: input.mean, std: input.std, breaks: breaks(std: input.std))
    return nodes.reduce(0) { $0 + $1.weight * function($1.x) }
  }

  /// Returns ½·E (g(u) − g(v))², where u = a + b and v = a − b with independent a ~ N(mean, variance − δ/2) and
  /// b ~ N(0, δ/2). The square is even in b.
  private func averageHalfSquare(
    _ input: NormalInput, _ difference: Double, _ function: (Double) -> Double
  ) -> Double {
    let spread = (0.5 * difference).squareRoot()
    guard spread > 0 else { return 0 }
    let center = max(0, input.variance - 0.5 * difference).squareRoot()
    let inner = breaks(std: spread)
    // As a function of a, the inner mean has a kink that is rounded over the width of b.
    let scales = sequence(first: spread) { $0 * 2 }.prefix(60).filter { $0 < 4 * center }
    let rounded = kinks.flatMap { kink in scales.flatMap { [kink - $0, kink + $0] } }
    var sum = 0.0
    for outer in NormalQuadrature.nodes(mean: input.mean, std: center, breaks: breaks(std: center) + rounded) {
      var mean = 0.0
      for node in NormalQuadrature.halfNodes(std: spread, breaks: inner.map { abs($0 - outer.x) }) {
        let change = function(outer.x + node.x) - function(outer.x - node.x)
        mean += node.weight * change * change
      }
      sum += outer.weight * mean
    }
    return 0.5 * sum
  }
}
