// A slice meets the chunks it lies in.

import WinitCore
import WinitFiles

/// Cuts a box's runs at chunk boundaries, as its chunks come by in order.
struct ExtentCursor {
  private var runs: Box.Extents
  private var rest: Range<Int>?

  init(_ box: Box) {
    runs = box.extents
    rest = runs.next()
  }

  /// Writes the box's elements that lie in a chunk.
  ///
  /// - Returns: how many bytes that were.
  mutating func write(
    _ elements: Range<Int>, of bytes: UnsafeRawBufferPointer, _ dtype: DType, to sink: any ByteSink
  ) throws -> Int {
    var gathered: [UInt8] = []
    var written = 0
    while let run = rest, run.lowerBound < elements.upperBound {
      let piece = run.clamped(to: elements)
      let range =
        (piece.lowerBound - elements.lowerBound) * dtype.byteCount..<(piece.upperBound - elements.lowerBound)
        * dtype.byteCount
      let part = UnsafeRawBufferPointer(rebasing: bytes[range])
      if part.count == bytes.count { try sink.write(part) } else { gathered += part }
      written += part.count
      rest = piece.upperBound < run.upperBound ? piece.upperBound..<run.upperBound : runs.next()
    }
    if !gathered.isEmpty { try sink.write(gathered) }
    return written
  }
}
