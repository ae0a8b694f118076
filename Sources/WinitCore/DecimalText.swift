// Numbers with a fixed number of digits after the point, as text.

import Foundation

/// Formats a number with at most two digits after the point, as C's `%.2f` does: the exact value of the number is
/// rounded, and a half to the even digit.
package func decimal(_ value: Double, digits: Int) -> String {
  // The first call of Foundation's `String(format:)` takes longer than a small command.
  guard value.sign == .plus, value < 0x1p52 else { return String(format: "%.\(digits)f", value) }
  let unit: UInt64 = digits == 0 ? 1 : digits == 1 ? 10 : 100
  // The value is `significand` divided by 2 to the power of `shift`. The product has at most 60 bits.
  let significand = value.significandBitPattern | (value.isNormal ? 1 << 52 : 0)
  let shift = 52 - max(Int(value.exponentBitPattern) - 1023, -1022)
  let product = significand * unit
  var rounded: UInt64 = 0
  if shift < 64 {
    let (quotient, half) = (product >> shift, UInt64(1) << (shift - 1))
    let rest = product - (quotient << shift)
    rounded = quotient + (rest > half || (rest == half && quotient & 1 == 1) ? 1 : 0)
  }
  let (whole, fraction) = rounded.quotientAndRemainder(dividingBy: unit)
  guard digits > 0 else { return String(whole) }
  return "\(whole).\(fraction < 10 && digits == 2 ? "0" : "")\(fraction)"
}
