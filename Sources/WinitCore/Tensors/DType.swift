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

  /// The name in specs, manifests and output.
  package var description: String { rawValue }

  /// The size of one element in bytes.
  package var byteCount: Int {
    switch self {
    case .float64, .int64, .uint64: 8
    case .float32, .int32, .uint32: 4
    case .float16, .bfloat16, .int16, .uint16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// True for the four floating-point types, which random laws can fill.
  package var isFloatingPoint: Bool {
    switch self {
    case .float64, .float32, .float16, .bfloat16: true
    default: false
    }
  }

  /// The integers that a constant of this dtype may be, or nil for a floating-point dtype.
  ///
  /// The range is that of the dtype, and at most 2⁵³ in magnitude, so that a JSON number represents every value
  /// exactly.
  package var constantRange: ClosedRange<Int64>? {
    let limit: Int64 = 1 << 53
    switch self {
    case .float64, .float32, .float16, .bfloat16: return nil
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
      "u16": uint16, "u8": uint8,
    ]
    for dtype in allCases { table[dtype.rawValue] = dtype }
    return table
  }()
}
