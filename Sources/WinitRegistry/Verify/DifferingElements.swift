// The elements in which two ranges of a tensor's bytes differ.

import WinitCore

/// The differing elements of two ranges of bytes at the same place of a tensor.
struct DifferingElements: Sequence, IteratorProtocol {
  /// An element that differs.
  struct Element {
    /// The row-major index in the tensor.
    let index: Int
    let expected: UInt64
    let found: UInt64
    /// Whether all bits of the element are in the range. An element of 6 bits can lie in two chunks.
    let isWhole: Bool
  }

  private let expected: UnsafeRawBufferPointer
  private let found: UnsafeRawBufferPointer
  private let dtype: WinitCore.DType
  private let start: Int
  private var position: Int
  private let end: Int

  /// Compares two ranges of the same size.
  ///
  /// - Parameter start: the offset of the ranges in the bytes of the tensor.
  init(
    _ expected: UnsafeRawBufferPointer, _ found: UnsafeRawBufferPointer, at start: Int, _ dtype: WinitCore.DType
  ) {
    (self.expected, self.found, self.dtype, self.start) = (expected, found, dtype, start)
    let elements = Chunk.elements(start..<start + Swift.min(expected.count, found.count), dtype)
    (position, end) = (elements.lowerBound, elements.upperBound)
  }

  mutating func next() -> Element? {
    while position < end {
      let index = position
      position += 1
      if dtype.hasWholeBytes {
        let place = index - start / dtype.byteCount
        let bits = (bitPattern(expected, at: place, dtype), bitPattern(found, at: place, dtype))
        if bits.0 != bits.1 { return Element(index: index, expected: bits.0, found: bits.1, isWhole: true) }
      } else {
        let (a, isWhole) = packed(expected, index)
        let (b, _) = packed(found, index)
        if a != b { return Element(index: index, expected: a, found: b, isWhole: isWhole) }
      }
    }
    return nil
  }

  /// Returns the bits of a packed element that are in the range. Bits outside it are 0.
  private func packed(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> (bits: UInt64, isWhole: Bool) {
    let width = dtype.bitCount
    // 8 elements have `width` bytes.
    let byte = index / 8 * width + index % 8 * width / 8 - start
    let shift = index % 8 * width % 8
    var bits: UInt64 = 0
    var isWhole = true
    for i in 0..<2 where i == 0 || shift + width > 8 {
      if bytes.indices.contains(byte + i) {
        bits |= UInt64(bytes[byte + i]) << UInt64(8 * i)
      } else {
        isWhole = false
      }
    }
    return (bits >> UInt64(shift) & ((1 << UInt64(width)) - 1), isWhole)
  }
}
