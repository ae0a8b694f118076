// The functions of expressions, in binary64. docs/law.md defines every operation and its order.

import CWinitKernels

/// The exponential function, logarithms, circular and hyperbolic functions, powers and the norm, without a math
/// library: the libraries of two platforms differ in the last place.
///
/// Every function computes a result for any argument. `UnaryOperation` and `BinaryOperation` know the domains.
package enum LawFunctions {
  /// e to the power of x, within 1.1 ulp.
  package static func exp(_ x: Double) -> Double {
    let y = min(max(x, -746), 710)
    let k = (y * 0x1.71547652b82fep+0).rounded(.toNearestOrEven)
    let r = (y - k * 0x1.62e42fee00000p-1) - k * 0x1.a39ef35793c76p-33
    var p = inverseFactorials[13]
    for n in stride(from: 12, through: 0, by: -1) { p = p * r + inverseFactorials[n] }
    let a = (k * 0.5).rounded(.down)
    return (p * powerOfTwo(a)) * powerOfTwo(k - a)
  }

  /// The natural logarithm of a positive number, within 0.8 ulp.
  package static func log(_ x: Double) -> Double {
    let isSubnormal = x < 0x1p-1022
    let bits = (isSubnormal ? x * 0x1p54 : x).bitPattern
    var e = Double(Int((bits >> 52) & 0x7FF) - 1023 - (isSubnormal ? 54 : 0))
    var m = Double(bitPattern: (bits & 0xF_FFFF_FFFF_FFFF) | 0x3FF0_0000_0000_0000)
    if m >= 0x1.6a09e667f3bcdp+0 {
      m = m * 0.5
      e = e + 1
    }
    let f = m - 1
    let s = f / (2 + f)
    let z = s * s
    var p = twoOver[12]
    for n in stride(from: 11, through: 1, by: -1) { p = p * z + twoOver[n] }
    let r = z * p
    let h = (0.5 * f) * f
    return e * 0x1.62e42fee00000p-1 - ((h - (s * (h + r) + e * 0x1.a39ef35793c76p-33)) - f)
  }

  /// The natural logarithm of 1 + x for x above −1, within 2.2 ulp.
  package static func log1p(_ x: Double) -> Double {
    let u = 1 + x
    let v = u - 1
    return v == 0 ? x : log(u) * (x / v)
  }

  /// e to the power of x, minus 1, within 2.2 ulp.
  package static func expm1(_ x: Double) -> Double {
    let u = exp(x)
    let v = u - 1
    if v == 0 { return x }
    return v == -1 ? -1 : v * (x / log(u))
  }

  /// The hyperbolic tangent, within 3 ulp.
  package static func tanh(_ x: Double) -> Double {
    let a = min(x.magnitude, 20)
    let t = expm1(a + a)
    let r = t / (t + 2)
    return x < 0 ? -r : r
  }

  /// The sine of x radians for |x| up to 2²⁰, within 1.6 × 2⁻⁵³.
  package static func sin(_ x: Double) -> Double { circular(x, shift: 0) }

  /// The cosine of x radians for |x| up to 2²⁰, within 1.6 × 2⁻⁵³.
  package static func cos(_ x: Double) -> Double { circular(x, shift: 1) }

  /// x to the power of y. A whole y up to 64 in magnitude multiplies; any other y gives exp(y × log x).
  package static func pow(_ x: Double, _ y: Double) -> Double {
    if y == 0 { return 1 }
    guard isSmallInteger(y) else { return exp(y * log(x)) }
    var v = x
    for _ in 1..<Int(y.magnitude) { v = v * x }
    return y < 0 ? 1 / v : v
  }

  /// The smaller number; `b` if they are equal.
  package static func min(_ a: Double, _ b: Double) -> Double { a < b ? a : b }

  /// The larger number; `b` if they are equal.
  package static func max(_ a: Double, _ b: Double) -> Double { a > b ? a : b }

  /// Whether a power by y is a product: y is whole and at most 64 in magnitude.
  static func isSmallInteger(_ y: Double) -> Bool { y.magnitude <= 64 && y == y.rounded(.towardZero) }

  /// The sine (shift 0) or the cosine (shift 1): the argument minus k quarter turns, then one of two polynomials.
  private static func circular(_ x: Double, shift: Int) -> Double {
    guard x.magnitude <= 0x1p20 else { return .nan }
    let k = (x * 0x1.45f306dc9c883p-1).rounded(.toNearestOrEven)
    let r = ((x - k * 0x1.921fb54400000p+0) - k * 0x1.0b4611a600000p-34) - k * 0x1.3198a2e037073p-69
    let z = r * r
    let quarter = (Int(k) + shift) & 3
    let value: Double
    if quarter & 1 == 0 {
      var p = inverseFactorials[17]
      for n in stride(from: 15, through: 3, by: -2) {
        p = p * z + (n & 2 == 0 ? inverseFactorials[n] : -inverseFactorials[n])
      }
      value = r + (r * z) * p
    } else {
      var q = inverseFactorials[16]
      for n in stride(from: 14, through: 2, by: -2) {
        q = q * z + (n & 2 == 0 ? inverseFactorials[n] : -inverseFactorials[n])
      }
      value = 1 + z * q
    }
    return quarter & 2 == 0 ? value : -value
  }

  /// 2 to the power of a whole number from −1022 to 1023.
  private static func powerOfTwo(_ k: Double) -> Double {
    Double(bitPattern: UInt64(Int(k) + 1023) << 52)
  }

  /// 1 ÷ n! for n from 0 to 17, each rounded once. All these factorials are exact in binary64.
  private static let inverseFactorials: [Double] = {
    var factorial = 1.0
    return (0...17).map { n in
      if n > 0 { factorial *= Double(n) }
      return 1 / factorial
    }
  }()

  /// 2 ÷ (2n + 1) for n from 0 to 12, each rounded once.
  private static let twoOver: [Double] = (0...12).map { 2 / Double(2 * $0 + 1) }
}

/// The eight partial sums of squares that give a norm: square i is added to sum i mod 8.
package struct NormSums: BitwiseCopyable {
  private var sums: (Double, Double, Double, Double, Double, Double, Double, Double) = (0, 0, 0, 0, 0, 0, 0, 0)
  private var next = 0

  package init() {}

  /// Adds the square of the next value.
  package mutating func add(_ value: Double) {
    let square = value * value
    switch next {
    case 0: sums.0 = sums.0 + square
    case 1: sums.1 = sums.1 + square
    case 2: sums.2 = sums.2 + square
    case 3: sums.3 = sums.3 + square
    case 4: sums.4 = sums.4 + square
    case 5: sums.5 = sums.5 + square
    case 6: sums.6 = sums.6 + square
    default: sums.7 = sums.7 + square
    }
    next = (next + 1) & 7
  }

  /// Adds the squares of the next values.
  package mutating func add(_ values: UnsafeBufferPointer<Double>) {
    let aligned = Swift.min(-next & 7, values.count)
    for i in 0..<aligned { add(values[i]) }
    let whole = (values.count - aligned) & ~7
    if whole > 0 {
      var vector = SIMD8(sums.0, sums.1, sums.2, sums.3, sums.4, sums.5, sums.6, sums.7)
      let bytes = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: values[aligned..<aligned + whole]))
      for offset in stride(from: 0, to: bytes.count, by: 64) {
        let eight = bytes.loadUnaligned(fromByteOffset: offset, as: SIMD8<Double>.self)
        vector = vector + eight * eight
      }
      sums = (vector[0], vector[1], vector[2], vector[3], vector[4], vector[5], vector[6], vector[7])
    }
    for i in aligned + whole..<values.count { add(values[i]) }
  }

  /// The square root of the sum of all squares.
  package var norm: Double {
    (((sums.0 + sums.4) + (sums.2 + sums.6)) + ((sums.1 + sums.5) + (sums.3 + sums.7))).squareRoot()
  }
}
