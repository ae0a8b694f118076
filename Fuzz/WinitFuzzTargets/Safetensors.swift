// The reader and the writer of safetensors headers.

import WinitCore
import WinitFiles
import WinitJSON

extension FuzzTarget {
  /// Only bytes of the file are read, the tensors cover the data exactly once, and a header that is written for the
  /// same tensors is read back as these tensors.
  static let safetensors = FuzzTarget("safetensors") { bytes in
    let header: SafetensorsHeader
    do { header = try read(bytes) } catch let error as FormatError {
      return .refused(error.problem)
    }
    let covered = header.entries.reduce(0) { $0 + $1.range.count }
    try expect(covered <= bytes.count - 10, "tensors of \(covered) bytes in a file of \(bytes.count)")
    try expect(
      header.entries.allSatisfy { (8...bytes.count).contains($0.range.upperBound) },
      "a tensor is outside the file")
    try expect(
      Set(header.entries.map(\.name)).count == header.entries.count, "duplicate name")
    try rewrite(header.entries)
    return .accepted
  }

  private static func read(_ bytes: [UInt8]) throws -> SafetensorsHeader {
    try SafetensorsHeader(path: "x.safetensors", size: bytes.count) { offset, count in
      try expect(
        offset >= 0 && count >= 0 && offset <= bytes.count && count <= bytes.count - offset,
        "\(count) bytes at \(offset) are read from a file of \(bytes.count) bytes")
      return Array(bytes[offset..<offset + count])
    }
  }

  private static func rewrite(_ entries: [SafetensorsHeader.Entry]) throws {
    let tensors = entries.map { (name: $0.name, dtype: $0.dtype, shape: $0.shape) }
    let layout = SafetensorsLayout(tensors, metadata: [("format", "pt")])
    try expect(layout.header.count % 8 == 0, "the header has \(layout.header.count) bytes")
    let size = tensors.reduce(0) { $0 + $1.shape.byteCount($1.dtype) }
    let reread = try read(layout.header + [UInt8](repeating: 0, count: size))
    try expect(
      reread.entries.map(\.name) == layout.order.map { tensors[$0].name }
        && reread.entries.map(\.dtype) == layout.order.map { tensors[$0].dtype }
        && reread.entries.map(\.shape) == layout.order.map { tensors[$0].shape },
      "the tensors read differ from those written")
  }
}
