// Sink: the bytes of a slice, cut from the chunks that hold them.

import WinitCore
import WinitFiles
import WinitStorage

/// Writes the elements of a box, chunk by chunk in order, by cutting its extents at the boundaries of chunks.
struct ExtentCursor {
  private var extents: Box.Extents
  private let dtype: WinitCore.DType
  private var rest: Range<Int>?

  /// Creates a cursor of a box whose extents begin and end with whole bytes.
  init(_ box: Box, _ dtype: WinitCore.DType) {
    extents = box.extents
    self.dtype = dtype
    rest = nextExtent()
  }

  /// Writes the bytes of the box that lie in a chunk.
  ///
  /// - Parameters:
  ///   - range: the range of the chunk in the bytes of the tensor.
  ///   - bytes: the bytes of the chunk.
  /// - Returns: the number of bytes written.
  mutating func write(_ range: Range<Int>, of bytes: UnsafeRawBufferPointer, to sink: any ByteSink) throws -> Int {
    // The only extent in a chunk is written without a copy. Several extents are gathered, so that the sink is called
    // once.
    var (first, gathered) = (UnsafeRawBufferPointer?.none, [UInt8]())
    var written = 0
    while let extent = rest, extent.lowerBound < range.upperBound {
      let piece = extent.clamped(to: range)
      let part = UnsafeRawBufferPointer(
        rebasing: bytes[piece.lowerBound - range.lowerBound..<piece.upperBound - range.lowerBound])
      if let begun = first {
        if gathered.isEmpty { gathered += begun }
        gathered += part
      } else {
        first = part
      }
      written += part.count
      rest = piece.upperBound < extent.upperBound ? piece.upperBound..<extent.upperBound : nextExtent()
    }
    if !gathered.isEmpty { try sink.write(gathered) } else if let first { try sink.write(first) }
    return written
  }

  private mutating func nextExtent() -> Range<Int>? { extents.next().map(dtype.bytes(of:)) }
}

extension WinitCore.DType {
  /// Returns the range of bytes of a range of elements that begins and ends with whole bytes.
  func bytes(of elements: Range<Int>) -> Range<Int> {
    byteCount(ofElements: elements.lowerBound)..<byteCount(ofElements: elements.upperBound)
  }
}

/// Returns the box of a tensor that a slice takes; the whole tensor without a slice.
///
/// - Throws: `RegistryError` with the code `invalidSlice`.
func box(_ slice: TensorSlice?, of tensor: TensorRecord) throws -> Box {
  let (shape, dtype) = (tensor.recipe.shape, tensor.recipe.dtype)
  guard let slice else { return Box(whole: shape) }
  do {
    let box = try Box(slice.core, of: shape)
    if !dtype.hasWholeBytes {
      func isWhole(_ element: Int) -> Bool { (element % 8 * dtype.bitCount).isMultiple(of: 8) }
      for extent in box.extents where !isWhole(extent.lowerBound) || !isWhole(extent.upperBound) {
        throw SliceError.splitsBytes(slice.core, dtype)
      }
    }
    return box
  } catch let error as SliceError { throw RegistryError.invalidSlice(tensor.name, error) }
}

/// Returns the chunks that hold an element of a box, in order.
func touchedChunks(_ box: Box, of recipe: Recipe) -> [Chunk] {
  var next = 0
  var chunks: [Chunk] = []
  for extent in box.extents {
    let bytes = recipe.dtype.bytes(of: extent)
    let last = (bytes.upperBound - 1) / chunkSize
    next = max(next, bytes.lowerBound / chunkSize)
    while next <= last {
      chunks.append(recipe.chunk(next))
      next += 1
    }
    if next == recipe.chunkCount { break }
  }
  return chunks
}
