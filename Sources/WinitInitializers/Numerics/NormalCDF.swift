// The normal distribution function Φ, correctly rounded. Φ of a truncated normal's bounds is part of a recipe, and so
// of the run's id. Mathematical libraries differ in the last digits, and each difference would be another id.

/// The distribution function of the standard normal.
package enum NormalCDF {
  /// Returns the binary64 nearest to Φ(x), computed to about 100 bits from basic operations alone. (If Φ(x) were within
  /// 10⁻²⁹ of the midpoint of two binary64 numbers, the result could be the other number. No such x is known.)
  ///
  /// Near the center Φ(x) = ½ + φ(x)·Σ x²ⁿ⁺¹/(1·3·5…(2n + 1)), whose terms all have the same sign (Abramowitz and
  /// Stegun, 26.2.11); in the tails the continued fraction φ(x)/(x + 1/(x + 2/(x + 3/(x + …)))), ibid. 26.2.14.
  package static func value(_ x: Double) -> Double {
    guard x.isFinite else { return x.isNaN ? x : x < 0 ? 0 : 1 }
    if x < -39 { return 0 }  // below half of the smallest subnormal
    if x > 9 { return 1 }  // 1 − Φ(9) = 1.1e-19, below half of the last place under 1
    let (density, exponent) = density(x)
    if abs(x) < 5 {
      return (DoubleDouble(0.5) + (density * centerSeries(x)).scaled(byPowerOf2: exponent)).high
    }
    let tail = density * tailFraction(abs(x))
    if x > 0 { return (DoubleDouble(1) - tail.scaled(byPowerOf2: exponent)).high }
    return tail.rounded(timesPowerOf2: exponent)
  }

  /// Returns φ(x) = e^(−x²/2)/√(2π) as a value times 2^exponent.
  private static func density(_ x: Double) -> (value: DoubleDouble, exponent: Int) {
    let inverseRoot2Pi = DoubleDouble(0x1.9884533d43651p-2, -0x1.cbc0d30ebfd15p-56)
    let power = DoubleDouble.exp(-DoubleDouble.twoProduct(x, x).scaled(byPowerOf2: -1))
    return (power.significand * inverseRoot2Pi, power.exponent)
  }

  private static func centerSeries(_ x: Double) -> DoubleDouble {
    let square = DoubleDouble.twoProduct(x, x)
    var term = DoubleDouble(x)
    var sum = term
    var odd = 1.0
    while abs(term.high) > abs(sum.high) * 0x1p-110 {
      odd += 2
      term = term * square / DoubleDouble(odd)
      sum = sum + term
    }
    return sum
  }

  /// Returns (1 − Φ(x))/φ(x) for x ≥ 5. The fraction converges like exp(−2x√(2n)): 300 levels leave 10⁻¹⁰⁰ at 5.
  private static func tailFraction(_ x: Double) -> DoubleDouble {
    let x = DoubleDouble(x)
    var fraction = x
    for n in stride(from: 300.0, through: 1, by: -1) { fraction = x + DoubleDouble(n) / fraction }
    return DoubleDouble(1) / fraction
  }
}

extension DoubleDouble {
  /// Returns the binary64 nearest to the number times 2^k, also if the result is subnormal.
  fileprivate func rounded(timesPowerOf2 k: Int) -> Double {
    let leastExponent = -1074
    let exponent = Int(high.exponent) + k
    if exponent >= -1022 { return scaled(byPowerOf2: k).high }
    // Count in smallest subnormals, fewer than 2⁵². Adding 2⁵² rounds to an integer; if `high` alone is at a midpoint,
    // `low` decides.
    let units = scaledInSteps(byPowerOf2: k - leastExponent)
    let magic = 0x1p52
    var count = (units.high + magic) - magic
    let rest = (units.high - count) + units.low
    if rest > 0.5 { count += 1 } else if rest < -0.5 { count -= 1 }
    return Double(bitPattern: UInt64(count))
  }

  /// Scales in two steps, because 2^k may be outside binary64's range although the result is not.
  private func scaledInSteps(byPowerOf2 k: Int) -> DoubleDouble {
    let half = k / 2
    return scaled(byPowerOf2: half).scaled(byPowerOf2: k - half)
  }
}
