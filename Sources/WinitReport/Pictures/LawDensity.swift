// The probability density of a law, for the curve over a histogram.

import Foundation
import WinitCore
package import WinitJSON

/// The density of a law whose elements are independent.
package enum LawDensity: Sendable, Equatable {
  case constant(Double)
  case uniform(low: Double, high: Double)
  case normal(mean: Double, std: Double)
  /// A normal distribution that is cut to [low, high], whose probability within the cuts is `mass`.
  case truncatedNormal(mean: Double, std: Double, low: Double, high: Double, mass: Double)

  /// Creates the density of a law in the form that a manifest has; nil for a law without such a density, and for a
  /// value that is no law.
  package init?(_ json: JSONValue?) {
    guard let law = json.flatMap(Law.init(json:)) else { return nil }
    switch law {
    case .constant(let value): self = .constant(value)
    case .uniform(_, _, let low, let high) where low < high: self = .uniform(low: Double(low), high: Double(high))
    case .normal(let mean, let std) where std > 0: self = .normal(mean: Double(mean), std: Double(std))
    case .truncatedNormal(let alpha, let beta, let low, let high, let mean, let std) where std > 0 && alpha < beta:
      let (mean, std) = (Double(mean), Double(std))
      self = .truncatedNormal(
        mean: mean, std: std, low: mean + Double(low) * std, high: mean + Double(high) * std, mass: beta - alpha)
    default: return nil
    }
  }

  /// The probability per unit at x; 0 for a constant.
  package func density(_ x: Double) -> Double {
    switch self {
    case .constant: 0
    case .uniform(let low, let high): x >= low && x <= high ? 1 / (high - low) : 0
    case .normal(let mean, let std): LawDensity.normal(x, mean, std)
    case .truncatedNormal(let mean, let std, let low, let high, let mass):
      x >= low && x <= high ? LawDensity.normal(x, mean, std) / mass : 0
    }
  }

  private static func normal(_ x: Double, _ mean: Double, _ std: Double) -> Double {
    let z = (x - mean) / std
    return exp(-z * z / 2) / (std * (2 * Double.pi).squareRoot())
  }

  /// The points at which the density jumps.
  var jumps: [Double] {
    switch self {
    case .uniform(let low, let high), .truncatedNormal(_, _, let low, let high, _): [low, high]
    case .constant, .normal: []
    }
  }

  /// The law in words.
  var description: String {
    func text(_ x: Double) -> String { shortNumberText(x, digits: 4) }
    return switch self {
    case .constant(let value): "constant \(text(value))"
    case .uniform(let low, let high): "uniform on [\(text(low)), \(text(high))]"
    case .normal(let mean, let std): "normal, mean \(text(mean)), std \(text(std))"
    case .truncatedNormal(let mean, let std, let low, let high, _):
      "normal, mean \(text(mean)), std \(text(std)), cut to [\(text(low)), \(text(high))]"
    }
  }
}
