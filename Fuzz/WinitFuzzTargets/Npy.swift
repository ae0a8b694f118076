// The .npy writer: any dtype and shape.

import WinitCore
import WinitFiles

extension FuzzTarget {
  /// A dtype's number, and dimensions as text; a header that is written says them, in a multiple of 64 bytes.
  static let npy = FuzzTarget("npy") { bytes in
    guard let first = bytes.first, let text = text(Array(bytes.dropFirst())) else {
      return .refused("no text")
    }
    let dtype = DType.allCases[Int(first) % DType.allCases.count]
    let dims = text.split(separator: ",").map { Int($0) }
    guard !dims.contains(nil), let shape = try? Shape(dims.compactMap(\.self)) else {
      return .refused("no shape")
    }
    guard let header = NpyHeader(dtype: dtype, shape: shape)?.bytes else {
      try expect(
        dtype == .bfloat16 || shape.rank > 1000, "no header for \(dtype) \(shape)")
      return .refused("no header")
    }
    try expect(header.count % 64 == 0, "the header has \(header.count) bytes")
    try expect(header.starts(with: [0x93] + Array("NUMPY".utf8) + [1, 0]), "the header begins otherwise")
    try expect(Int(header[8]) + Int(header[9]) << 8 == header.count - 10, "its length is another")
    let fields = String(decoding: header[10...], as: UTF8.self)
    let inside = fields.drop { $0 != "(" }.dropFirst().prefix { $0 != ")" }
    let read = inside.split(separator: ",").map { Int($0.drop { $0 == " " }) }
    try expect(read == shape.dims, "`\(fields)` is not \(shape)")
    try expect(shape.rank != 1 || inside.hasSuffix(","), "`\(fields)` is no tuple")
    try expect(
      fields.hasSuffix("\n") && fields.contains(", 'fortran_order': False, 'shape': ("), "`\(fields)`")
    return .accepted
  }
}
