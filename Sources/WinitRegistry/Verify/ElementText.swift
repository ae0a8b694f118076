// The values of elements, as numbers and as text.

import WinitCore

/// Returns the value of a floating-point element, widened to binary64.
func floatingPoint(_ bytes: UnsafeRawBufferPointer, at index: Int, _ dtype: WinitCore.DType) -> Double {
  let pattern = bitPattern(bytes, at: index, dtype)
  switch dtype {
  case .float64: return Double(bitPattern: pattern)
  case .float32: return Double(Float(bitPattern: UInt32(pattern)))
  case .bfloat16: return Double(Float(bitPattern: UInt32(pattern) << 16))
  default: return widenBinary16(UInt16(pattern))
  }
}

/// Returns the bits of an element, in the low bits of the result.
func bitPattern(_ bytes: UnsafeRawBufferPointer, at index: Int, _ dtype: WinitCore.DType) -> UInt64 {
  let size = dtype.byteCount
  return (0..<size).reversed().reduce(0) { $0 << 8 | UInt64(bytes[index * size + $1]) }
}

/// Returns the value of an element as the shortest text that identifies it in binary32 or binary64.
func elementText(_ bytes: UnsafeRawBufferPointer, at index: Int, _ dtype: WinitCore.DType) -> String {
  let pattern = bitPattern(bytes, at: index, dtype)
  switch dtype {
  case .float64: return "\(Double(bitPattern: pattern))"
  case .float32, .float16, .bfloat16: return "\(Float(floatingPoint(bytes, at: index, dtype)))"
  case .int64: return "\(Int64(bitPattern: pattern))"
  case .int32: return "\(Int32(truncatingIfNeeded: pattern))"
  case .int16: return "\(Int16(truncatingIfNeeded: pattern))"
  case .int8: return "\(Int8(truncatingIfNeeded: pattern))"
  case .uint64, .uint32, .uint16, .uint8: return "\(pattern)"
  case .bool: return pattern == 0 ? "false" : pattern == 1 ? "true" : "byte \(pattern)"
  }
}

private func widenBinary16(_ bits: UInt16) -> Double {
  let sign: Double = bits & 0x8000 == 0 ? 1 : -1
  let exponent = Int(bits >> 10) & 31
  let fraction = Double(bits & 0x3FF)
  switch exponent {
  case 0: return sign * fraction * 0x1p-24
  case 31: return fraction == 0 ? sign * .infinity : .nan
  default: return sign * Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction * 0x1p-10)
  }
}

/// Returns the value of an element as a binary64 number; integers beyond 2⁵³ are rounded.
func number(_ bytes: UnsafeRawBufferPointer, at index: Int, _ dtype: WinitCore.DType) -> Double {
  let pattern = bitPattern(bytes, at: index, dtype)
  switch dtype {
  case .float64, .float32, .float16, .bfloat16: return floatingPoint(bytes, at: index, dtype)
  case .int64: return Double(Int64(bitPattern: pattern))
  case .int32: return Double(Int32(truncatingIfNeeded: pattern))
  case .int16: return Double(Int16(truncatingIfNeeded: pattern))
  case .int8: return Double(Int8(truncatingIfNeeded: pattern))
  case .uint64, .uint32, .uint16, .uint8, .bool: return Double(pattern)
  }
}
