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
    case .float8_e4m3fn: "F8_E4M3"
    case .float8_e5m2: "F8_E5M2"
    case .float8_e8m0fnu: "F8_E8M0"
    case .float8_e4m3fnuz: "F8_E4M3FNUZ"
    case .float8_e5m2fnuz: "F8_E5M2FNUZ"
    case .float6_e2m3fn: "F6_E2M3"
    case .float6_e3m2fn: "F6_E3M2"
    case .float4_e2m1fn: "F4"
    case .complex64: "C64"
    }
  }

  /// Creates a dtype from its code in safetensors. Returns nil for any other text.
  package init?(safetensorsCode code: String) {
    guard let dtype = DType.allCases.first(where: { $0.safetensorsCode == code }) else { return nil }
    self = dtype
  }

  /// The position of the dtype in a file. The reference writer sorts by its enum of dtypes in descending order, which
  /// is this order.
  var safetensorsRank: Int {
    let order: [DType] = [
      .uint64, .int64, .float64, .complex64, .float32, .uint32, .int32, .bfloat16, .float16, .uint16, .int16,
      .float8_e5m2fnuz, .float8_e4m3fnuz, .float8_e8m0fnu, .float8_e4m3fn, .float8_e5m2, .int8, .uint8,
      .float6_e3m2fn, .float6_e2m3fn, .float4_e2m1fn, .bool,
    ]
    return order.firstIndex(of: self) ?? order.count
  }
}
