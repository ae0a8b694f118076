// Arithmetic to about 106 bits from binary64's own operations, for numbers that must be correctly rounded.

/// An unevaluated sum of two binary64 numbers, |low| ≤ ½ ulp(high).
///
/// Dekker, "A floating-point technique for extending the available precision", Numerische Mathematik 18 (1971), with
/// Knuth's two-sum. Products are split by Dekker's method, so that no fused operation is needed. The relative error of
/// each operation is a few times 2⁻¹⁰⁴ while nothing overflows or underflows.
struct DoubleDouble {
  var high: Double
  var low: Double

  init(_ high: Double, _ low: Double = 0) {
    self.high = high
    self.low = low
  }

  /// Returns the exact sum of two numbers. Requires |a| ≥ |b|.
  private static func quickTwoSum(_ a: Double, _ b: Double) -> DoubleDouble {
    let sum = a + b
    return DoubleDouble(sum, b - (sum - a))
  }

  /// Returns the exact sum of two numbers.
  static func twoSum(_ a: Double, _ b: Double) -> DoubleDouble {
    let sum = a + b
    let bb = sum - a
    return DoubleDouble(sum, (a - (sum - bb)) + (b - bb))
  }

  /// Returns the exact product of two numbers.
  static func twoProduct(_ a: Double, _ b: Double) -> DoubleDouble {
    let product = a * b
    let (a1, a0) = split(a)
    let (b1, b0) = split(b)
    return DoubleDouble(product, ((a1 * b1 - product) + a1 * b0 + a0 * b1) + a0 * b0)
  }

  /// Splits a number into two halves of 26 bits each.
  private static func split(_ a: Double) -> (Double, Double) {
    let scaled = a * 134_217_729  // 2²⁷ + 1
    let high = scaled - (scaled - a)
    return (high, a - high)
  }

  static func + (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
    let high = twoSum(a.high, b.high)
    let low = twoSum(a.low, b.low)
    let sum = quickTwoSum(high.high, high.low + low.high)
    return quickTwoSum(sum.high, sum.low + low.low)
  }

  static prefix func - (a: DoubleDouble) -> DoubleDouble { DoubleDouble(-a.high, -a.low) }

  static func - (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble { a + -b }

  static func * (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
    let product = twoProduct(a.high, b.high)
    return quickTwoSum(product.high, product.low + (a.high * b.low + a.low * b.high))
  }

  static func / (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
    let q0 = a.high / b.high
    let rest0 = a - b * DoubleDouble(q0)
    let q1 = rest0.high / b.high
    let rest1 = rest0 - b * DoubleDouble(q1)
    let sum = quickTwoSum(q0, q1)
    return sum + DoubleDouble(rest1.high / b.high)
  }

  /// Returns the number times a power of two, which is exact while both parts stay normal.
  func scaled(byPowerOf2 k: Int) -> DoubleDouble {
    DoubleDouble(
      high * Double(sign: .plus, exponent: k, significand: 1),
      low * Double(sign: .plus, exponent: k, significand: 1))
  }
}

extension DoubleDouble {
  /// ln 2, to 106 bits.
  private static let ln2 = DoubleDouble(0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56)

  /// Returns e^x as 2^exponent × significand, with the significand near 1. Subtracts a multiple of ln 2, divides the
  /// rest by 512, and squares the Taylor series of e^r − 1 nine times, which keeps the small part precise.
  static func exp(_ x: DoubleDouble) -> (significand: DoubleDouble, exponent: Int) {
    let k = (x.high / ln2.high).rounded()
    let r = (x - ln2 * DoubleDouble(k)).scaled(byPowerOf2: -9)
    // |r| < 0.0007: ten terms leave less than 2⁻¹²⁰.
    var series = DoubleDouble(0)
    for n in stride(from: 10.0, through: 1, by: -1) {
      series = (DoubleDouble(1) + series) * r / DoubleDouble(n)
    }
    for _ in 0..<9 { series = series + series + series * series }
    return (DoubleDouble(1) + series, Int(k))
  }
}
