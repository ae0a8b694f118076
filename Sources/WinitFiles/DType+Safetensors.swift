// The codes of dtypes in safetensors files, and the order of dtypes in these files.

package import WinitCore

extension DType {
  /// The code of the dtype in safetensors: F32, BF16, I64, BOOL, …
  package var safetensorsCode: String {
    switch self {
    case .float64: "F64"
    case .float32: "F32"
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .int64: "I64"
    case .int32: "I32"
    case .int16: "I16"
    case .int8: "I8"
    case .uint64: "U64"
    case .uint32: "U32"
    case .uint16: "U16"
    case .uint8: "U8"
    case .bool: "BOOL"
    }
  }

  /// Creates a dtype from its code in safetensors. Returns nil for a code that a registry does not support, such as
  /// F8_E4M3.
  package init?(safetensorsCode code: String) {
    guard let dtype = DType.allCases.first(where: { $0.safetensorsCode == code }) else { return nil }
    self = dtype
  }

  /// Returns the number of bits of an element, for the code of any dtype of the format. Returns nil for any other text.
  static func bitCount(safetensorsCode code: String) -> Int? {
    if let dtype = DType(safetensorsCode: code) { return 8 * dtype.byteCount }
    switch code {
    case "F4": return 4
    case "F6_E2M3", "F6_E3M2": return 6
    case "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ": return 8
    case "C64": return 64
    default: return nil
    }
  }

  /// The position of the dtype in a file. The reference writer sorts by its enum of dtypes in descending order, which
  /// is this order.
  var safetensorsRank: Int {
    let order: [DType] = [
      .uint64, .int64, .float64, .float32, .uint32, .int32, .bfloat16, .float16, .uint16, .int16, .int8,
      .uint8, .bool,
    ]
    return order.firstIndex(of: self) ?? order.count
  }
}
