// safetensors headers, and the writer's.

import WinitCore
import WinitFiles
import WinitJSON

extension FuzzTarget {
  /// Nothing is read that the file does not hold; tensors cover the data once; a header written of the same tensors reads
  /// back as them.
  static let safetensors = FuzzTarget("safetensors") { bytes in
    let header: SafetensorsHeader
    do { header = try read(bytes) } catch let error as FormatError {
      return .refused(error.problem)
    }
    let covered = header.entries.reduce(0) { $0 + $1.range.count }
    try expect(covered <= bytes.count - 10, "tensors of \(covered) bytes in a file of \(bytes.count)")
    try expect(
      header.entries.allSatisfy { (8...bytes.count).contains($0.range.upperBound) },
      "a tensor outside the file")
    try expect(
      Set(header.entries.map(\.name)).count == header.entries.count, "a name stands twice")
    try rewrite(header.entries)
    return .accepted
  }

  private static func read(_ bytes: [UInt8]) throws -> SafetensorsHeader {
    try SafetensorsHeader(path: "x.safetensors", size: bytes.count) { offset, count in
      try expect(
        offset >= 0 && count >= 0 && offset <= bytes.count && count <= bytes.count - offset,
        "\(count) bytes at \(offset) are asked of \(bytes.count)")
      return Array(bytes[offset..<offset + count])
    }
  }

  private static func rewrite(_ entries: [SafetensorsHeader.Entry]) throws {
    let tensors = entries.compactMap { entry in
      entry.dtype.map { (name: entry.name, dtype: $0, shape: entry.shape) }
    }
    let layout = SafetensorsLayout(tensors, metadata: [("format", "pt")])
    try expect(layout.header.count % 8 == 0, "the header has \(layout.header.count) bytes")
    let size = tensors.reduce(0) { $0 + $1.shape.byteCount($1.dtype) }
    let again = try read(layout.header + [UInt8](repeating: 0, count: size))
    try expect(
      again.entries.map(\.name) == layout.order.map { tensors[$0].name }
        && again.entries.map(\.dtype) == layout.order.map { tensors[$0].dtype }
        && again.entries.map(\.shape) == layout.order.map { tensors[$0].shape },
      "tensors written and read differ")
  }
}
