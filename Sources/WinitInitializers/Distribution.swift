// The three distributions with a given variance.

import WinitCore

extension Scheme {
  /// How values of a given variance are distributed.
  package enum Distribution: String, Sendable, Hashable, CaseIterable {
    /// Normal, not truncated.
    case normal
    /// Uniform within ±√3 standard deviations.
    case uniform
    /// Normal, truncated at two standard deviations and scaled to keep the variance.
    case truncatedNormal = "truncated_normal"

    /// The standard deviation of a standard normal truncated at ±2: `scipy.stats.truncnorm.std(a=-2, b=2)`, as JAX
    /// and Keras write it. A truncated normal is divided by it to keep its variance.
    static let truncatedDeviation = 0.87962566103423978

    /// Returns the law with a standard deviation.
    func law(std: Double) throws(SchemeError) -> Law {
      switch self {
      case .uniform: return try law(std: std, bound: 3.0.squareRoot() * std)
      default: return try law(std: std, bound: 0)
      }
    }

    /// Returns the law with a standard deviation. For the uniform distribution, returns the law with a bound that the
    /// caller has computed.
    func law(std: Double, bound: Double) throws(SchemeError) -> Law {
      switch self {
      case .normal: return try checked { () throws(LawError) in try .normal(roundingMean: 0, std: std) }
      case .uniform: return try SchemeDefinition.uniform(-bound, bound)
      case .truncatedNormal:
        return try SchemeDefinition.truncated(0, std / Self.truncatedDeviation, low: -2, high: 2)
      }
    }
  }
}
