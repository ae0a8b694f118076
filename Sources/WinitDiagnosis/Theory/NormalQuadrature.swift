// Integrals over normal distributions, by Gauss–Legendre rules on panels.

import Foundation

/// Integrates functions of normally distributed numbers. Panels end where a function has a kink, so that functions that
/// are smooth between kinks are integrated to about 1e-13.
///
/// Gauss–Hermite rules are no alternative: they have errors of 1e-3 at the kink of ReLU, and for tanh of N(0, 10⁴).
enum NormalQuadrature {
  /// A number, and its weight in a mean.
  struct Node {
    let x: Double
    let weight: Double
  }

  /// Numbers farther from the mean than this many standard deviations are left out: 1e-18 of the probability.
  private static let range = 9.0

  /// Nodes for the mean over N(mean, std²), with panels that end at the breaks too.
  static func nodes(mean: Double, std: Double, breaks: [Double]) -> [Node] {
    guard std > 0 else { return [Node(x: mean, weight: 1)] }
    let units = stride(from: -range, through: range, by: 1).map { mean + $0 * std }
    return nodes(from: units[0], to: units[units.count - 1], ends: units + breaks) {
      normalDensity(($0 - mean) / std) / std
    }
  }

  /// Nodes for the mean over |N(0, std²)|, the positive half with twice the density.
  static func halfNodes(std: Double, breaks: [Double]) -> [Node] {
    guard std > 0 else { return [Node(x: 0, weight: 1)] }
    let units = stride(from: 0, through: range, by: 1).map { $0 * std }
    return nodes(from: 0, to: range * std, ends: units + breaks) { 2 * normalDensity($0 / std) / std }
  }

  /// Nodes for the mean over the maximum of `count` independent numbers of N(0, 1), which has the density
  /// n·φ(x)·Φ(x)ⁿ⁻¹.
  static func maximumNodes(count: Int) -> [Node] {
    let units = Array(stride(from: -range, through: range, by: 1))
    let nodes = nodes(from: -range, to: range, ends: units) { x in
      Double(count) * normalDensity(x) * power(normalCDF(x), count - 1)
    }
    return nodes.filter { $0.weight > 1e-18 }
  }

  /// Returns xⁿ by repeated squaring.
  private static func power(_ x: Double, _ exponent: Int) -> Double {
    var (result, square, rest) = (1.0, x, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }

  private static func nodes(
    from low: Double, to high: Double, ends: [Double], density: (Double) -> Double
  ) -> [Node] {
    let ends = ends.filter { $0 >= low && $0 <= high }.sorted()
    var nodes: [Node] = []
    nodes.reserveCapacity(ends.count * rule.count)
    for (start, end) in zip(ends, ends.dropFirst()) where end > start {
      let (center, half) = (0.5 * (start + end), 0.5 * (end - start))
      for node in rule {
        let x = center + half * node.x
        nodes.append(Node(x: x, weight: half * node.weight * density(x)))
      }
    }
    return nodes
  }

  /// The Gauss–Legendre rule with 12 nodes on [−1, 1].
  private static let rule = legendreRule(12)

  /// Computes a Gauss–Legendre rule: the roots of the Legendre polynomial by Newton's method (Abramowitz and Stegun,
  /// 25.4.29), from the usual first guess.
  static func legendreRule(_ count: Int) -> [Node] {
    let size = Double(count)
    var nodes: [Node] = []
    for index in 1...count {
      var x = cos(Double.pi * (Double(index) - 0.25) / (size + 0.5))
      var slope = 1.0
      for _ in 0..<20 {
        var (previous, value) = (1.0, x)
        for degree in stride(from: 2.0, through: size, by: 1) {
          (previous, value) = (value, ((2 * degree - 1) * x * value - (degree - 1) * previous) / degree)
        }
        slope = size * (x * value - previous) / (x * x - 1)
        x -= value / slope
      }
      nodes.append(Node(x: -x, weight: 2 / ((1 - x * x) * slope * slope)))
    }
    return nodes
  }
}
