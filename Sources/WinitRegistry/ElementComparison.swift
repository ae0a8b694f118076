// Two tensors, element by element, a piece at a time.

import Tensors

/// Counts the elements in which given bytes differ from expected ones, and keeps the first.
struct ElementComparison: Sendable {
  let dtype: DType
  let shape: Shape
  private(set) var difference: Difference?
  /// Of a single differing element, the bits that differ.
  private(set) var flippedBits: UInt64 = 0

  init(_ dtype: DType, _ shape: Shape) {
    self.dtype = dtype
    self.shape = shape
  }

  /// Compares two pieces that begin at an element; pieces come in order.
  mutating func compare(_ expected: UnsafeRawBufferPointer, _ found: UnsafeRawBufferPointer, from start: Int)
  {
    for i in 0..<min(expected.count, found.count) / dtype.byteCount {
      let (a, b) = (bitPattern(expected, at: i, dtype), bitPattern(found, at: i, dtype))
      if a == b { continue }
      if difference != nil {
        difference?.count += 1
        continue
      }
      var (left, right) = (elementText(expected, at: i, dtype), elementText(found, at: i, dtype))
      if left == right {  // NaNs, or the two zeros
        left += " (0x\(String(a, radix: 16)))"
        right += " (0x\(String(b, radix: 16)))"
      }
      flippedBits = a ^ b
      difference = Difference(
        element: start + i, coordinates: shape.coordinates(of: start + i), expected: left, found: right,
        count: 1)
    }
  }
}

extension Difference {
  /// `first at [1, 2] (element 5): 0.1 expected, 0.2 found`
  var text: String {
    "first at [\(coordinates.map(String.init).joined(separator: ", "))] (element \(element)): \(expected) expected, \(found) found"
  }
}
