// The values of small floating-point formats, and rounding to other dtypes.

import Testing
import WinitCore

/// Returns the first 16 digits of the SHA-256 of bytes.
private func digest(_ bytes: [UInt8]) -> String { String(SHA256Digest(of: bytes).hex.prefix(16)) }

private func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

@Suite struct FloatingPointTests {
  // The SHA-256 of all patterns as binary64, with every NaN as 0x7FF8000000000000: ml_dtypes 0.5.
  @Test(arguments: [
    (DType.float8_e4m3fn, "98959cdf4be234fd"), (.float8_e5m2, "0ebeb4cd681ba45c"),
    (.float8_e8m0fnu, "a3dfaeaa54eb87b7"), (.float8_e4m3fnuz, "10ad41a5ddbd0da6"),
    (.float8_e5m2fnuz, "0480d2f04b2d4dad"), (.float6_e2m3fn, "2cad943ffd993823"),
    (.float6_e3m2fn, "fe6ecfe7e41d29e0"), (.float4_e2m1fn, "bafb8c3b8a81bdda"),
  ])
  func `every pattern of fp8, fp6 and fp4 has the value that ml_dtypes gives it`(dtype: DType, expected: String) throws
  {
    let format = try #require(SmallFloat(dtype))
    let values = (0..<UInt64(1) << UInt64(dtype.bitCount)).map { format.value($0) }
    #expect(digest(values.flatMap { littleEndian($0.isNaN ? 0x7FF8 << 48 : $0.bitPattern) }) == expected)
  }

  @Test func `other dtypes are no small floating-point formats`() {
    for dtype in DType.allCases where dtype.bitCount > 8 || !dtype.isLiteralOnly { #expect(SmallFloat(dtype) == nil) }
  }

  // NumPy 2 and ml_dtypes 0.5, with every NaN as the positive quiet NaN.
  @Test(arguments: [
    (DType.float16, DType.bfloat16, "37de2c9beecc2633"), (.bfloat16, .float16, "081663db890db93c"),
    (.float32, .float16, "6939760c3b206c14"), (.float32, .bfloat16, "faa0d60a7362bce7"),
  ])
  func `values are rounded to nearest even, as NumPy rounds them`(source: DType, target: DType, expected: String) throws
  {
    // All patterns of 16 bits, or 2²⁰ patterns of 32 bits, spread by Knuth's multiplier.
    let bytes: [UInt8] =
      source == .float32
      ? (0..<UInt64(1) << 20).flatMap { littleEndian(UInt32(truncatingIfNeeded: $0 &* 2_654_435_761)) }
      : (0..<UInt32(1) << 16).flatMap { littleEndian(UInt16($0)) }
    #expect(digest(bytes.withUnsafeBytes { source.cast($0, to: target).bytes }) == expected)
  }

  // Rounded once, with fractions of exact integers in Python. NumPy and PyTorch round binary64 to 16 bits twice.
  @Test(arguments: [
    (DType.float32, "6a39391571f0d9e3"), (.float16, "a787c6905cc3d063"), (.bfloat16, "e77ed6d240b0dff0"),
  ])
  func `binary64 values are rounded once, also close to the middle of two values`(target: DType, expected: String)
    throws
  {
    let exponents = [
      -150, -140, -133, -127, -126, -30, -25, -24, -20, -15, -14, -1, 0, 1, 14, 15, 16, 126, 127, 128,
    ]
    var state: UInt64 = 12345
    let values = (0..<60000).map { i -> Double in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let word = state >> 11
      var fraction = word & (1 << 52 - 1) | 1 << 52
      switch i / 20 % 4 {
      case 1: fraction &= ~(1 << 30 - 1)
      case 2: fraction &= ~(1 << 41 - 1)
      case 3: fraction = fraction & ~(1 << 41 - 1) | 1 << 41 | 1
      default: break
      }
      return Double(
        sign: word >> 52 == 1 ? .minus : .plus, exponent: exponents[i % 20] - 52, significand: Double(fraction))
    }
    let bytes = values.flatMap { littleEndian($0.bitPattern) }
    #expect(digest(bytes) == "90b6c3339a98b67d")  // the same values in Python
    #expect(digest(bytes.withUnsafeBytes { DType.float64.cast($0, to: target).bytes }) == expected)
  }

  @Test func `packed elements have whole bytes together, and the elements of a chunk overlap where a byte splits one`()
    throws
  {
    #expect(try Shape([4]).byteCount(.float6_e2m3fn) == 3 && Shape([7]).byteCount(.float4_e2m1fn) == 4)
    #expect(
      try Shape([3, 3]).fillsWholeBytes(.float4_e2m1fn) == false && Shape([2, 6]).fillsWholeBytes(.float6_e3m2fn))
    // 2²³ bits are 1398101 elements of 6 bits, and 2 bits.
    let total = try Shape([1 << 22]).byteCount(.float6_e2m3fn)
    #expect(Chunk(0, ofBytes: total).elements(.float6_e2m3fn) == 0..<1_398_102)
    #expect(Chunk(1, ofBytes: total).elements(.float6_e2m3fn) == 1_398_101..<2_796_203)
    #expect(Chunk(1, ofBytes: 3 << 20).elements(.float4_e2m1fn) == 2_097_152..<4_194_304)
    #expect(throws: LawError.self) {
      try Recipe(seed: 0, stream: 0, dtype: .float4_e2m1fn, shape: Shape([3]), law: .literal)
    }
  }
}
