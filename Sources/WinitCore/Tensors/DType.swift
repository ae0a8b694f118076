// The element types of tensors.

/// The element type of a tensor. The raw value is the name in specs, manifests and output.
package enum DType: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
  /// IEEE-754 binary64.
  case float64
  /// IEEE-754 binary32.
  case float32
  /// IEEE-754 binary16.
  case float16
  /// The upper half of a binary32: 8 bits of exponent and 7 bits of fraction.
  case bfloat16
  /// A signed integer of 64 bits.
  case int64
  /// A signed integer of 32 bits.
  case int32
  /// A signed integer of 16 bits.
  case int16
  /// A signed integer of 8 bits.
  case int8
  /// An unsigned integer of 64 bits.
  case uint64
  /// An unsigned integer of 32 bits.
  case uint32
  /// An unsigned integer of 16 bits.
  case uint16
  /// An unsigned integer of 8 bits.
  case uint8
  /// A truth value, one byte that is 0 or 1.
  case bool
  /// 8 bits: 4 of exponent, 3 of fraction, no infinities (OCP 8-bit floating point).
  case float8_e4m3fn
  /// 8 bits: 5 of exponent, 2 of fraction (OCP 8-bit floating point).
  case float8_e5m2
  /// 8 bits of exponent: a power of two (OCP microscaling).
  case float8_e8m0fnu
  /// 8 bits: 4 of exponent with bias 8, 3 of fraction, one NaN and no negative zero.
  case float8_e4m3fnuz
  /// 8 bits: 5 of exponent with bias 16, 2 of fraction, one NaN and no negative zero.
  case float8_e5m2fnuz
  /// 6 bits: 2 of exponent, 3 of fraction (OCP microscaling).
  case float6_e2m3fn
  /// 6 bits: 3 of exponent, 2 of fraction (OCP microscaling).
  case float6_e3m2fn
  /// 4 bits: 2 of exponent, 1 of fraction (OCP microscaling). The first of two elements is in the low bits of the byte.
  case float4_e2m1fn
  /// Two binary32 numbers: the real part and the imaginary part.
  case complex64

  /// The name in specs, manifests and output.
  package var description: String { rawValue }

  /// The size of one element in bits.
  package var bitCount: Int {
    switch self {
    case .float64, .int64, .uint64, .complex64: 64
    case .float32, .int32, .uint32: 32
    case .float16, .bfloat16, .int16, .uint16: 16
    case .int8, .uint8, .bool, .float8_e4m3fn, .float8_e5m2, .float8_e8m0fnu, .float8_e4m3fnuz, .float8_e5m2fnuz: 8
    case .float6_e2m3fn, .float6_e3m2fn: 6
    case .float4_e2m1fn: 4
    }
  }

  /// The size of one element in bytes.
  ///
  /// - Precondition: the dtype has whole bytes. Only a literal can have another dtype.
  package var byteCount: Int {
    precondition(hasWholeBytes, "an element of the dtype must have whole bytes")
    return bitCount / 8
  }

  /// Whether an element has whole bytes. The elements of fp6 and fp4 are packed.
  package var hasWholeBytes: Bool { bitCount.isMultiple(of: 8) }

  /// Returns the number of bytes of packed elements, rounded up. Elements follow each other from the lowest bit of the
  /// first byte on.
  package func byteCount(ofElements count: Int) -> Int {
    hasWholeBytes ? count * (bitCount / 8) : count / 8 * bitCount + (count % 8 * bitCount + 7) / 8
  }

  /// Whether only a literal can have this dtype: its bytes are stored and compared, and no law fills them.
  package var isLiteralOnly: Bool {
    switch self {
    case .float8_e4m3fn, .float8_e5m2, .float8_e8m0fnu, .float8_e4m3fnuz, .float8_e5m2fnuz, .float6_e2m3fn,
      .float6_e3m2fn, .float4_e2m1fn, .complex64:
      true
    default: false
    }
  }

  /// True for the four floating-point types, which random laws can fill.
  package var isFloatingPoint: Bool {
    switch self {
    case .float64, .float32, .float16, .bfloat16: true
    default: false
    }
  }

  /// The integers that a constant of this dtype may be, or nil for a dtype that is not an integer or boolean one.
  ///
  /// The range is that of the dtype, and at most 2⁵³ in magnitude, so that a JSON number represents every value
  /// exactly.
  package var constantRange: ClosedRange<Int64>? {
    let limit: Int64 = 1 << 53
    switch self {
    case .float64, .float32, .float16, .bfloat16, .float8_e4m3fn, .float8_e5m2, .float8_e8m0fnu, .float8_e4m3fnuz,
      .float8_e5m2fnuz, .float6_e2m3fn, .float6_e3m2fn, .float4_e2m1fn, .complex64:
      return nil
    case .int64: return -limit...limit
    case .uint64: return 0...limit
    case .int32: return Int64(Int32.min)...Int64(Int32.max)
    case .int16: return Int64(Int16.min)...Int64(Int16.max)
    case .int8: return Int64(Int8.min)...Int64(Int8.max)
    case .uint32: return 0...Int64(UInt32.max)
    case .uint16: return 0...Int64(UInt16.max)
    case .uint8: return 0...Int64(UInt8.max)
    case .bool: return 0...1
    }
  }

  /// Reads a dtype in any of the usual forms: the name (`float32`), the code of safetensors (`F32`, `BF16`, `I64`, in
  /// upper or lower case), or the name as PyTorch prints it (`torch.float32`). Returns nil for any other text.
  package init?(parsing text: String) {
    let name = text.lowercased()
    let bare = name.hasPrefix("torch.") ? String(name.dropFirst(6)) : name
    guard let dtype = DType.byName[bare] else { return nil }
    self = dtype
  }

  private static let byName: [String: DType] = {
    var table = [
      "f64": float64, "f32": float32, "f16": float16, "bf16": bfloat16, "double": float64, "float": float32,
      "half": float16, "i64": int64, "i32": int32, "i16": int16, "i8": int8, "u64": uint64, "u32": uint32,
      "u16": uint16, "u8": uint8, "f8_e4m3": float8_e4m3fn, "f8_e5m2": float8_e5m2, "f8_e8m0": float8_e8m0fnu,
      "f8_e4m3fnuz": float8_e4m3fnuz, "f8_e5m2fnuz": float8_e5m2fnuz, "f6_e2m3": float6_e2m3fn,
      "f6_e3m2": float6_e3m2fn, "f4": float4_e2m1fn, "float4_e2m1fn_x2": float4_e2m1fn, "c64": complex64,
    ]
    for dtype in allCases { table[dtype.rawValue] = dtype }
    return table
  }()
}
