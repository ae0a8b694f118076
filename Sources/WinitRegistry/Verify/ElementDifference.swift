// The elements in which two tensors differ.

import Foundation
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
  /// The last differing element so far.
  private var last: Int
}

extension ElementDifference {
  /// Compares two ranges of the bytes of a tensor. Both have the same size, and begin at the same offset. Returns nil
  /// if they are equal.
  init?(
    expected: UnsafeRawBufferPointer, found: UnsafeRawBufferPointer, at offset: Int, _ dtype: WinitCore.DType,
    _ shape: Shape
  ) {
    guard let (a, b) = expected.baseAddress.flatMap({ a in found.baseAddress.map { (a, $0) } }),
      memcmp(a, b, min(expected.count, found.count)) != 0
    else { return nil }
    var elements = DifferingElements(expected, found, at: offset, dtype)
    guard let first = elements.next() else { return nil }
    var (count, last) = (1, first.index)
    while let other = elements.next() { (count, last) = (count + 1, other.index) }
    var texts = (elementText(first.expected, dtype), elementText(first.found, dtype))
    if texts.0 == texts.1 || !first.isWhole {  // NaNs, and elements in two chunks
      let part = first.isWhole ? "" : "a part of its bits: "
      texts.0 = "\(first.isWhole ? texts.0 + " " : "")(\(part)0x\(String(first.expected, radix: 16)))"
      texts.1 = "\(first.isWhole ? texts.1 + " " : "")(\(part)0x\(String(first.found, radix: 16)))"
    }
    self.init(
      element: first.index, coordinates: shape.coordinates(of: first.index), expected: texts.0, found: texts.1,
      count: count, flippedBits: first.expected ^ first.found, last: last)
  }

  /// Adds the differences of a later range of elements. An element that lies in both ranges counts once.
  mutating func add(_ later: ElementDifference) {
    count += later.count - (later.element == last ? 1 : 0)
    last = later.last
  }

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
