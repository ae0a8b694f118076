// The header of .npy files, NumPy's format for one array.

package import WinitCore

/// The header of a .npy file (numpy.lib.format, version 1.0). The elements of the array follow the header in row-major
/// order.
package struct NpyHeader {
  package let bytes: [UInt8]

  /// Creates the header of an array. Returns nil for bfloat16, fp8, fp6 and fp4, which NumPy does not have, and for a
  /// shape whose header would exceed the 64 KiB of version 1.0.
  package init?(dtype: DType, shape: Shape) {
    let descr: String
    switch dtype {
    case .float64: descr = "<f8"
    case .float32: descr = "<f4"
    case .float16: descr = "<f2"
    case .complex64: descr = "<c8"
    case .bfloat16, .float8_e4m3fn, .float8_e5m2, .float8_e8m0fnu, .float8_e4m3fnuz, .float8_e5m2fnuz, .float6_e2m3fn,
      .float6_e3m2fn, .float4_e2m1fn:
      return nil
    case .int64: descr = "<i8"
    case .int32: descr = "<i4"
    case .int16: descr = "<i2"
    case .int8: descr = "|i1"
    case .uint64: descr = "<u8"
    case .uint32: descr = "<u4"
    case .uint16: descr = "<u2"
    case .uint8: descr = "|u1"
    case .bool: descr = "|b1"
    }
    let dims = shape.dims.map(String.init).joined(separator: ", ") + (shape.rank == 1 ? "," : "")
    var text = "{'descr': '\(descr)', 'fortran_order': False, 'shape': (\(dims)), }"
    // Magic (6 bytes), version (2), length (2) and text with a newline: together a multiple of 64 bytes.
    text += String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
    guard text.utf8.count <= 0xFFFF else { return nil }
    let length = text.utf8.count
    bytes =
      [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(text.utf8)
  }
}
