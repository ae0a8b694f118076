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
    }
  }
}
