// The three distributions that a variance is spread in.

import WinitCore

/// How values of a given variance are distributed.
enum Distribution: String, Sendable, CaseIterable {
  case normal
  case uniform
  /// Cut at two standard deviations.
  case truncatedNormal = "truncated_normal"

  /// The standard deviation of a standard normal cut at ±2, by which a cut one is divided so that it keeps its variance:
  /// `scipy.stats.truncnorm.std(a=-2, b=2)`, as JAX and Keras write it.
  static let truncatedDeviation = 0.87962566103423978

  /// The law with a standard deviation: for uniform within ±√3 × std.
  func law(std: Double) throws(SchemeError) -> Law {
    switch self {
    case .uniform: return try law(std: std, bound: 3.0.squareRoot() * std)
    default: return try law(std: std, bound: 0)
    }
  }

  /// The law with a standard deviation, where the bound of uniform is computed in another order.
  func law(std: Double, bound: Double) throws(SchemeError) -> Law {
    switch self {
    case .normal: return try checked { () throws(LawError) in try .normal(roundingMean: 0, std: std) }
    case .uniform: return try SchemeDefinition.uniform(-bound, bound)
    case .truncatedNormal:
      return try SchemeDefinition.truncated(0, std / Distribution.truncatedDeviation, low: -2, high: 2)
    }
  }
}
