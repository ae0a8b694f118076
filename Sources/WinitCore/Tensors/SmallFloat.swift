// The values of floating-point numbers of 4 to 8 bits, for messages.

/// A floating-point format of 4 to 8 bits. Elements of these formats are stored and compared as bytes; their values are
/// only shown.
package struct SmallFloat: Sendable {
  private let exponentBits: Int
  private let fractionBits: Int
  private let bias: Int
  private let special: Special

  /// The bit patterns that are not finite numbers.
  private enum Special {
    /// All numbers are finite.
    case none
    /// The largest exponent is for infinities and NaNs, as in IEEE 754.
    case ieee
    /// Only all bits but the sign set is a NaN.
    case allOnes
    /// Only the negative zero is a NaN.
    case negativeZero
  }

  /// Returns nil for a dtype of more than 8 bits, and for integers.
  package init?(_ dtype: DType) {
    switch dtype {
    case .float8_e4m3fn: (exponentBits, fractionBits, bias, special) = (4, 3, 7, .allOnes)
    case .float8_e5m2: (exponentBits, fractionBits, bias, special) = (5, 2, 15, .ieee)
    case .float8_e8m0fnu: (exponentBits, fractionBits, bias, special) = (8, 0, 127, .allOnes)
    case .float8_e4m3fnuz: (exponentBits, fractionBits, bias, special) = (4, 3, 8, .negativeZero)
    case .float8_e5m2fnuz: (exponentBits, fractionBits, bias, special) = (5, 2, 16, .negativeZero)
    case .float6_e2m3fn: (exponentBits, fractionBits, bias, special) = (2, 3, 1, .none)
    case .float6_e3m2fn: (exponentBits, fractionBits, bias, special) = (3, 2, 3, .none)
    case .float4_e2m1fn: (exponentBits, fractionBits, bias, special) = (2, 1, 1, .none)
    default: return nil
    }
  }

  /// Returns the value of the low bits of a number.
  package func value(_ bits: UInt64) -> Double {
    let magnitudeBits = exponentBits + fractionBits
    let magnitude = Int(bits & ((1 << UInt64(magnitudeBits)) - 1))
    let isNegative = bits >> UInt64(magnitudeBits) & 1 == 1
    let exponent = magnitude >> fractionBits
    let fraction = magnitude & ((1 << fractionBits) - 1)
    let sign: Double = isNegative ? -1 : 1
    switch special {
    case .allOnes where magnitude == (1 << magnitudeBits) - 1: return .nan
    case .negativeZero where isNegative && magnitude == 0: return .nan
    case .ieee where exponent == (1 << exponentBits) - 1: return fraction == 0 ? sign * .infinity : .nan
    default: break
    }
    let scale = Double(sign: .plus, exponent: -fractionBits, significand: Double(fraction))
    // E8M0 has no fraction and no zero: its smallest exponent is a power of two as any other.
    if exponent == 0, fractionBits > 0 { return sign * Double(sign: .plus, exponent: 1 - bias, significand: scale) }
    return sign * Double(sign: .plus, exponent: exponent - bias, significand: 1 + scale)
  }
}
