// Conversions from binary32 to the 16-bit floating-point formats, in integer arithmetic.

extension Float {
  /// The bits of the bfloat16 nearest to this finite value, ties to even. A value beyond the range gives infinity.
  package var bfloat16Bits: UInt16 {
    let bits = bitPattern
    return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
  }

  /// The bits of the binary16 nearest to this finite value, ties to even. A value beyond the range gives infinity.
  package var float16Bits: UInt16 {
    let sign = UInt16(truncatingIfNeeded: (bitPattern >> 16) & 0x8000)
    let magnitude = bitPattern & 0x7FFF_FFFF
    if magnitude >= 0x4780_0000 { return sign | 0x7C00 }  // 65536 and above
    if magnitude >= 0x3880_0000 {  // normal in binary16: rebias the exponent and drop 13 bits of the fraction
      let rebased = magnitude &- 0x3800_0000
      return sign | UInt16(truncatingIfNeeded: (rebased &+ 0xFFF &+ ((rebased >> 13) & 1)) >> 13)
    }
    if magnitude < 0x3300_0000 { return sign }  // below 2⁻²⁵, which is half of the smallest subnormal number
    // Subnormal: the result is a count of 2⁻²⁴. The 24-bit significand is shifted right by 126 − exponent, 14 … 24
    // places.
    let significand = (magnitude & 0x7F_FFFF) | 0x80_0000
    let shift = 126 &- (magnitude >> 23)
    let half = (UInt32(1) << (shift &- 1)) &- 1
    return sign | UInt16(truncatingIfNeeded: (significand &+ half &+ ((significand >> shift) & 1)) >> shift)
  }
}

extension Double {
  /// The value of a binary16 number.
  package init(float16Bits bits: UInt16) {
    let exponent = Int((bits >> 10) & 0x1F)
    let fraction = Double(bits & 0x3FF)
    let magnitude =
      switch exponent {
      case 0: fraction * 0x1p-24
      case 0x1F: fraction == 0 ? Double.infinity : .nan
      default: (1024 + fraction) * Double(sign: .plus, exponent: exponent - 25, significand: 1)
      }
    self = bits & 0x8000 == 0 ? magnitude : -magnitude
  }
}
