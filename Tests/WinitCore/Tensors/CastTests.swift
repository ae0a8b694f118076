// The cast of elements to another floating-point dtype.

import Testing
import WinitCore

@Suite struct CastTests {
  /// Returns the bits of the cast of a binary64 number.
  private func cast(_ value: Double, to dtype: DType) -> (bits: UInt64, overflows: Bool) {
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
    let (result, overflow) = bytes.withUnsafeBytes { DType.float64.cast($0, to: dtype) }
    return (result.reversed().reduce(0) { $0 << 8 | UInt64($1) }, overflow != nil)
  }

  // IEEE 754: bfloat16 has 8 bits of precision, binary16 has 11, and subnormal numbers in steps of 2⁻²⁴.
  private static let roundings: [(value: Double, bfloat16: UInt64, float16: UInt64)] = [
    (1, 0x3F80, 0x3C00), (-2.5, 0xC020, 0xC100),
    (0x1.01p0, 0x3F80, 0x3C04),  // a tie in bfloat16: to even, which is 1
    (0x1.03p0, 0x3F82, 0x3C0C),  // a tie in bfloat16: to even, which is above
    (0x1.0100000001p0, 0x3F81, 0x3C04),  // above the tie, which binary32 in between would hide
    (0x1.002p0, 0x3F80, 0x3C00), (0x1.0020000000004p0, 0x3F80, 0x3C01), (0x1.005FFFFFFFFFCp0, 0x3F80, 0x3C01),
    (0x1p-25, 0x3300, 0x0000), (0x1.000000000008p-25, 0x3300, 0x0001), (0x1.8p-24, 0x33C0, 0x0002),
    (0x1p-14, 0x3880, 0x0400), (-0.0, 0x8000, 0x8000), (0x1p-1074, 0x0000, 0x0000),
    (65504, 0x4780, 0x7BFF), (.infinity, 0x7F80, 0x7C00), (-.infinity, 0xFF80, 0xFC00),
  ]

  @Test(arguments: roundings)
  func `a binary64 number is rounded once to the nearest number of 16 bits, ties to even`(
    value: Double, bfloat16: UInt64, float16: UInt64
  ) {
    #expect(cast(value, to: .bfloat16) == (bfloat16, false))
    #expect(cast(value, to: .float16) == (float16, false))
  }

  @Test func `a finite number that rounds to infinity is reported, and a NaN stays a NaN`() {
    #expect(cast(65519, to: .float16) == (0x7BFF, false))
    #expect(cast(65520, to: .float16) == (0x7C00, true))
    #expect(cast(-1e39, to: .float32) == (0xFF80_0000, true))
    #expect(cast(0x1.FFp127, to: .bfloat16) == (0x7F80, true))
    #expect(cast(0x1.FEFFp127, to: .bfloat16) == (0x7F7F, false))
    #expect(cast(.nan, to: .bfloat16).bits & 0x7FFF > 0x7F80 && !cast(.nan, to: .bfloat16).overflows)
    #expect(cast(.nan, to: .float16).bits & 0x7FFF > 0x7C00)
  }

  @Test func `every number of 16 bits is widened exactly and casts back to itself`() {
    for dtype in [DType.float16, .bfloat16] {
      let bytes = (0...UInt16.max).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
      let wide = bytes.withUnsafeBytes { dtype.cast($0, to: .float64) }
      #expect(wide.overflow == nil)
      let back = wide.bytes.withUnsafeBytes { DType.float64.cast($0, to: dtype).bytes }
      let (exponent, fraction): (UInt16, UInt16) = dtype == .float16 ? (0x7C00, 0x3FF) : (0x7F80, 0x7F)
      for pattern in 0...Int(UInt16.max) where UInt16(pattern) & exponent != exponent || UInt16(pattern) & fraction == 0
      {
        guard back[2 * pattern] == bytes[2 * pattern], back[2 * pattern + 1] == bytes[2 * pattern + 1] else {
          Issue.record("\(dtype): \(pattern)")
          return
        }
      }
    }
  }
}
