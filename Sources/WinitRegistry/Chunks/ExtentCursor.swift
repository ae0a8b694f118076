// Sink: the elements of a slice, cut from the chunks that hold them.

import WinitCore
import WinitFiles

/// Writes the elements of a box, chunk by chunk in order, by cutting its extents at the boundaries of chunks.
struct ExtentCursor {
  private var extents: Box.Extents
  private var rest: Range<Int>?

  init(_ box: Box) {
    extents = box.extents
    rest = extents.next()
  }

  /// Writes the elements of the box that lie in a chunk.
  ///
  /// - Returns: the number of bytes written.
  mutating func write(
    _ elements: Range<Int>, of bytes: UnsafeRawBufferPointer, _ dtype: WinitCore.DType, to sink: any ByteSink
  ) throws -> Int {
    var gathered: [UInt8] = []
    var written = 0
    while let extent = rest, extent.lowerBound < elements.upperBound {
      let piece = extent.clamped(to: elements)
      let range =
        (piece.lowerBound - elements.lowerBound) * dtype.byteCount..<(piece.upperBound - elements.lowerBound)
        * dtype.byteCount
      let part = UnsafeRawBufferPointer(rebasing: bytes[range])
      if part.count == bytes.count { try sink.write(part) } else { gathered += part }
      written += part.count
      rest = piece.upperBound < extent.upperBound ? piece.upperBound..<extent.upperBound : extents.next()
    }
    if !gathered.isEmpty { try sink.write(gathered) }
    return written
  }
}
