// The draws in expressions of elements.

import WinitCore

/// A function in an expression that draws a number for each element.
enum DrawFunction: String, CaseIterable {
  case uniform
  case normal
  case truncatedNormal = "truncated_normal"

  /// The names of the parameters, in order.
  var parameters: [String] {
    switch self {
    case .uniform: ["low", "high"]
    case .normal: ["mean", "std"]
    case .truncatedNormal: ["mean", "std", "low", "high"]
    }
  }

  /// Returns the law of the draw.
  func law(_ numbers: [Double]) throws(LawError) -> Law {
    switch self {
    case .uniform: try .uniform(roundingLow: numbers[0], high: numbers[1])
    case .normal: try .normal(roundingMean: numbers[0], std: numbers[1])
    case .truncatedNormal:
      try .truncatedNormal(
        roundingMean: numbers[0], std: numbers[1], low: numbers[2], high: numbers[3],
        alpha: NormalCDF.value(numbers[2]), beta: NormalCDF.value(numbers[3]))
    }
  }
}
