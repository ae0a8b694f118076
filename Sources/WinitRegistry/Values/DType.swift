// The element types of tensors.

import WinitCore

/// The element type of a tensor. The raw value is the name in specs, manifests and output.
///
/// Random schemes fill the four floating-point dtypes. Integers and `bool` hold constants or given values.
public enum DType: String, Sendable, Hashable, CaseIterable {
  /// IEEE 754 binary64, 8 bytes.
  case float64
  /// IEEE 754 binary32, 4 bytes.
  case float32
  /// IEEE 754 binary16, 2 bytes.
  case float16
  /// The upper half of a binary32, 2 bytes: 8 bits of exponent, 7 bits of fraction.
  case bfloat16
  /// Signed integers, 8 bytes, two's complement.
  case int64
  /// Signed integers, 4 bytes, two's complement.
  case int32
  /// Signed integers, 2 bytes, two's complement.
  case int16
  /// Signed integers, 1 byte, two's complement.
  case int8
  /// Unsigned integers, 8 bytes.
  case uint64
  /// Unsigned integers, 4 bytes.
  case uint32
  /// Unsigned integers, 2 bytes.
  case uint16
  /// Unsigned integers, 1 byte.
  case uint8
  /// Truth values, 1 byte: 0 or 1.
  case bool
  /// 8 bits: 4 of exponent, 3 of fraction, no infinities. Given values only.
  case float8_e4m3fn
  /// 8 bits: 5 of exponent, 2 of fraction. Given values only.
  case float8_e5m2
  /// 8 bits: a power of two. Given values only.
  case float8_e8m0fnu
  /// 8 bits: 4 of exponent, 3 of fraction, no negative zero. Given values only.
  case float8_e4m3fnuz
  /// 8 bits: 5 of exponent, 2 of fraction, no negative zero. Given values only.
  case float8_e5m2fnuz
  /// 6 bits: 2 of exponent, 3 of fraction; 4 elements have 3 bytes. Given values only.
  case float6_e2m3fn
  /// 6 bits: 3 of exponent, 2 of fraction; 4 elements have 3 bytes. Given values only.
  case float6_e3m2fn
  /// 4 bits: 2 of exponent, 1 of fraction; 2 elements have one byte. Given values only.
  case float4_e2m1fn
  /// Two binary32 numbers, the real and the imaginary part. Given values only.
  case complex64
}

extension DType {
  /// True for the four dtypes that random laws can fill.
  package var isFloatingPoint: Bool { core.isFloatingPoint }

  /// Reads a dtype as people write it: `float32`, `F32`, `bf16` or `torch.float32`.
  package init?(parsing text: String) {
    guard let core = WinitCore.DType(parsing: text) else { return nil }
    self.init(core)
  }

  init(_ core: WinitCore.DType) {
    self =
      switch core {
      case .float64: .float64
      case .float32: .float32
      case .float16: .float16
      case .bfloat16: .bfloat16
      case .int64: .int64
      case .int32: .int32
      case .int16: .int16
      case .int8: .int8
      case .uint64: .uint64
      case .uint32: .uint32
      case .uint16: .uint16
      case .uint8: .uint8
      case .bool: .bool
      case .float8_e4m3fn: .float8_e4m3fn
      case .float8_e5m2: .float8_e5m2
      case .float8_e8m0fnu: .float8_e8m0fnu
      case .float8_e4m3fnuz: .float8_e4m3fnuz
      case .float8_e5m2fnuz: .float8_e5m2fnuz
      case .float6_e2m3fn: .float6_e2m3fn
      case .float6_e3m2fn: .float6_e3m2fn
      case .float4_e2m1fn: .float4_e2m1fn
      case .complex64: .complex64
      }
  }

  var core: WinitCore.DType {
    switch self {
    case .float64: .float64
    case .float32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .int64: .int64
    case .int32: .int32
    case .int16: .int16
    case .int8: .int8
    case .uint64: .uint64
    case .uint32: .uint32
    case .uint16: .uint16
    case .uint8: .uint8
    case .bool: .bool
    case .float8_e4m3fn: .float8_e4m3fn
    case .float8_e5m2: .float8_e5m2
    case .float8_e8m0fnu: .float8_e8m0fnu
    case .float8_e4m3fnuz: .float8_e4m3fnuz
    case .float8_e5m2fnuz: .float8_e5m2fnuz
    case .float6_e2m3fn: .float6_e2m3fn
    case .float6_e3m2fn: .float6_e3m2fn
    case .float4_e2m1fn: .float4_e2m1fn
    case .complex64: .complex64
    }
  }
}
