// The elements in which two tensors differ.

import WinitCore

/// The elements in which two tensors differ: the first of them, and their number.
public struct ElementDifference: Sendable {
  /// The row-major index of the first differing element, from 0.
  public let element: Int
  /// The coordinates of the first differing element: one for each axis, from 0.
  public let coordinates: [Int]
  /// The expected value of the first differing element, as text.
  public let expected: String
  /// The value of the first differing element that was found, as text.
  public let found: String
  /// The number of differing elements.
  public private(set) var count: Int
  /// The bits in which the two values of the first differing element differ.
  let flippedBits: UInt64
}

extension ElementDifference {
  /// Compares two ranges of elements of the tensor of a recipe. Both have the same size, and begin at element `start`.
  /// Returns nil if they are equal.
  init?(
    expected: UnsafeRawBufferPointer, found: UnsafeRawBufferPointer, from start: Int, of recipe: Recipe
  ) {
    let dtype = recipe.dtype
    var first: (index: Int, bits: (UInt64, UInt64))?
    var count = 0
    for i in 0..<min(expected.count, found.count) / dtype.byteCount {
      let bits = (bitPattern(expected, at: i, dtype), bitPattern(found, at: i, dtype))
      if bits.0 == bits.1 { continue }
      if first == nil { first = (i, bits) }
      count += 1
    }
    guard let (index, bits) = first else { return nil }
    var texts = (elementText(expected, at: index, dtype), elementText(found, at: index, dtype))
    if texts.0 == texts.1 {  // NaNs
      texts.0 += " (0x\(String(bits.0, radix: 16)))"
      texts.1 += " (0x\(String(bits.1, radix: 16)))"
    }
    self.init(
      element: start + index, coordinates: recipe.shape.coordinates(of: start + index), expected: texts.0,
      found: texts.1, count: count, flippedBits: bits.0 ^ bits.1)
  }

  /// Adds the differences of a later range of elements.
  mutating func add(_ later: ElementDifference) { count += later.count }

  /// The difference as text: `first at [1, 2] (element 5): 0.1 expected, 0.2 found`
  var text: String {
    let place = coordinates.map(String.init).joined(separator: ", ")
    return "first at [\(place)] (element \(element)): \(expected) expected, \(found) found"
  }
}

extension ElementDifference? {
  /// Adds the differences of a later range of elements.
  mutating func add(_ later: ElementDifference?) {
    guard let later else { return }
    if self == nil { self = later } else { self?.add(later) }
  }
}
