// The operations of expressions, with their domains.

/// An operation with one operand. The raw value is its name in a manifest.
package enum UnaryOperation: String, Sendable, Hashable, CaseIterable {
  case negate = "neg"
  case absolute = "abs"
  case floor, sqrt, exp, log, log1p, expm1, sin, cos, tanh

  /// Returns the result; nil outside the domain, or if the result is not finite.
  @inline(__always)
  package func value(_ x: Double) -> Double? {
    guard isInDomain(x) else { return nil }
    let result =
      switch self {
      case .negate: -x
      case .absolute: x.magnitude
      case .floor: x.rounded(.down)
      case .sqrt: x.squareRoot()
      case .exp: LawFunctions.exp(x)
      case .log: LawFunctions.log(x)
      case .log1p: LawFunctions.log1p(x)
      case .expm1: LawFunctions.expm1(x)
      case .sin: LawFunctions.sin(x)
      case .cos: LawFunctions.cos(x)
      case .tanh: LawFunctions.tanh(x)
      }
    return result.isFinite ? result : nil
  }

  private func isInDomain(_ x: Double) -> Bool {
    switch self {
    case .log: x > 0
    case .log1p: x > -1
    case .sqrt: x >= 0
    case .sin, .cos: x.magnitude <= 0x1p20
    case .negate, .absolute, .floor, .exp, .expm1, .tanh: true
    }
  }

  /// Returns why an operand has no finite result.
  package func error(_ x: Double) -> LawError { .noValue(rawValue, [x], needs: isInDomain(x) ? nil : domain) }

  /// The domain, for errors; nil if every number is in it.
  private var domain: String? {
    switch self {
    case .log: "a number above 0"
    case .log1p: "a number above -1"
    case .sqrt: "a number of at least 0"
    case .sin, .cos: "a number of at most 2^20 in magnitude"
    case .negate, .absolute, .floor, .exp, .expm1, .tanh: nil
    }
  }
}

/// An operation with two operands. The raw value is its name in a manifest.
package enum BinaryOperation: String, Sendable, Hashable, CaseIterable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case min, max, pow

  /// Returns the result; nil outside the domain, or if the result is not finite.
  @inline(__always)
  package func value(_ x: Double, _ y: Double) -> Double? {
    guard isInDomain(x, y) else { return nil }
    let result =
      switch self {
      case .add: x + y
      case .subtract: x - y
      case .multiply: x * y
      case .divide: x / y
      case .min: LawFunctions.min(x, y)
      case .max: LawFunctions.max(x, y)
      case .pow: LawFunctions.pow(x, y)
      }
    return result.isFinite ? result : nil
  }

  private func isInDomain(_ x: Double, _ y: Double) -> Bool {
    switch self {
    case .divide: y != 0
    case .pow: x > 0 || LawFunctions.isSmallInteger(y) && (x != 0 || y >= 0)
    case .add, .subtract, .multiply, .min, .max: true
    }
  }

  /// Returns why operands have no finite result.
  package func error(_ x: Double, _ y: Double) -> LawError {
    .noValue(rawValue, [x, y], needs: isInDomain(x, y) ? nil : domain)
  }

  /// The domain, for errors; nil if all numbers are in it.
  private var domain: String? {
    switch self {
    case .divide: "a divisor other than 0"
    case .pow:
      "a base above 0, or a whole exponent of at most 64 in magnitude (with a base other than 0 if it is negative)"
    case .add, .subtract, .multiply, .min, .max: nil
    }
  }
}
