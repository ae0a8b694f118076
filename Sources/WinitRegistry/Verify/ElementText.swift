// The values of elements, as numbers and as text.

import Foundation
import WinitCore

/// Returns the value of a floating-point element, widened to binary64.
func floatingPoint(_ bytes: UnsafeRawBufferPointer, at index: Int, _ dtype: WinitCore.DType) -> Double {
  number(bitPattern(bytes, at: index, dtype), dtype)
}

/// Returns the bits of an element of whole bytes, in the low bits of the result.
func bitPattern(_ bytes: UnsafeRawBufferPointer, at index: Int, _ dtype: WinitCore.DType) -> UInt64 {
  switch dtype.byteCount {
  case 1: UInt64(bytes[index])
  case 2: UInt64(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)))
  case 4: UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
  default: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
  }
}

/// Returns the value of an element as the shortest text that identifies it in binary32 or binary64.
func elementText(_ bytes: UnsafeRawBufferPointer, at index: Int, _ dtype: WinitCore.DType) -> String {
  elementText(bitPattern(bytes, at: index, dtype), dtype)
}

/// Returns the value of an element with these bits as text.
func elementText(_ pattern: UInt64, _ dtype: WinitCore.DType) -> String {
  switch dtype {
  case .float64: "\(Double(bitPattern: pattern))"
  case .int64: "\(Int64(bitPattern: pattern))"
  case .int32: "\(Int32(truncatingIfNeeded: pattern))"
  case .int16: "\(Int16(truncatingIfNeeded: pattern))"
  case .int8: "\(Int8(truncatingIfNeeded: pattern))"
  case .uint64, .uint32, .uint16, .uint8: "\(pattern)"
  case .bool: pattern == 0 ? "false" : pattern == 1 ? "true" : "byte \(pattern)"
  case .complex64: "(\(complex(pattern).real), \(complex(pattern).imaginary))"
  default: "\(Float(number(pattern, dtype)))"
  }
}

/// Returns the value of an element as a binary64 number; integers beyond 2⁵³ are rounded.
///
/// - Precondition: the dtype is not complex.
func number(_ pattern: UInt64, _ dtype: WinitCore.DType) -> Double {
  switch dtype {
  case .float64: Double(bitPattern: pattern)
  case .float32: Double(Float(bitPattern: UInt32(truncatingIfNeeded: pattern)))
  case .float16: Double(float16Bits: UInt16(truncatingIfNeeded: pattern))
  case .bfloat16: Double(Float(bitPattern: UInt32(truncatingIfNeeded: pattern) << 16))
  case .int64: Double(Int64(bitPattern: pattern))
  case .int32: Double(Int32(truncatingIfNeeded: pattern))
  case .int16: Double(Int16(truncatingIfNeeded: pattern))
  case .int8: Double(Int8(truncatingIfNeeded: pattern))
  default: SmallFloat(dtype)?.value(pattern) ?? Double(pattern)
  }
}

/// Returns the absolute difference of two elements in binary64.
func distance(_ a: UInt64, _ b: UInt64, _ dtype: WinitCore.DType) -> Double {
  guard dtype == .complex64 else { return abs(number(a, dtype) - number(b, dtype)) }
  let (a, b) = (complex(a), complex(b))
  return hypot(Double(a.real) - Double(b.real), Double(a.imaginary) - Double(b.imaginary))
}

private func complex(_ pattern: UInt64) -> (real: Float, imaginary: Float) {
  (
    Float(bitPattern: UInt32(truncatingIfNeeded: pattern)), Float(bitPattern: UInt32(truncatingIfNeeded: pattern >> 32))
  )
}
