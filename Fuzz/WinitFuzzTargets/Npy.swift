// The writer of .npy headers.

import WinitCore
import WinitFiles

extension FuzzTarget {
  /// The input is the index of a dtype and dimensions as text. A header that is written contains the shape, and its
  /// size is a multiple of 64 bytes.
  static let npy = FuzzTarget("npy") { bytes in
    guard let first = bytes.first, let text = text(Array(bytes.dropFirst())) else {
      return .refused("not UTF-8")
    }
    let dtype = DType.allCases[Int(first) % DType.allCases.count]
    let dims = text.split(separator: ",").map { Int($0) }
    guard !dims.contains(nil), let shape = try? Shape(dims.compactMap(\.self)) else {
      return .refused("not a shape")
    }
    guard let header = NpyHeader(dtype: dtype, shape: shape)?.bytes else {
      try expect(
        dtype == .bfloat16 || dtype.isLiteralOnly || shape.rank > 1000, "no header for \(dtype) \(shape)")
      return .refused("no header")
    }
    try expect(header.count % 64 == 0, "the header has \(header.count) bytes")
    try expect(header.starts(with: [0x93] + Array("NUMPY".utf8) + [1, 0]), "the header begins with other bytes")
    try expect(Int(header[8]) + (Int(header[9]) << 8) == header.count - 10, "the header gives another length")
    let fields = String(decoding: header[10...], as: UTF8.self)
    let inside = fields.drop { $0 != "(" }.dropFirst().prefix { $0 != ")" }
    let read = inside.split(separator: ",").map { Int($0.drop { $0 == " " }) }
    try expect(read == shape.dims, "`\(fields)` does not contain the shape \(shape)")
    try expect(shape.rank != 1 || inside.hasSuffix(","), "`\(fields)` has no tuple")
    try expect(
      fields.hasSuffix("\n") && fields.contains(", 'fortran_order': False, 'shape': ("), "`\(fields)`")
    return .accepted
  }
}
