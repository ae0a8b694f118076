// The shape of a tensor.

/// The lengths of a tensor's axes, outermost first. The last axis varies fastest in memory (row-major order).
///
/// A tensor of rank 0 has one element. No dimension is negative or above 2⁵³, so that a JSON number represents it
/// exactly. The size in bytes, at 8 bytes per element, fits a signed 64-bit integer.
package struct Shape: Sendable, Hashable, CustomStringConvertible {
  /// The length of each axis.
  package let dims: [Int]
  /// The number of elements: the product of the dimensions, which is 1 for rank 0.
  package let elementCount: Int

  /// Creates a shape from the lengths of the axes.
  ///
  /// - Throws: `ShapeError` if a dimension is negative or the tensor is too large to address.
  package init(_ dims: [Int]) throws(ShapeError) {
    var count = 1
    for (axis, dim) in dims.enumerated() {
      guard dim >= 0 else { throw .negative(axis: axis, dim: dim) }
      guard dim <= 1 << 53 else { throw .tooLarge(dims) }
      guard dim > 0 else { continue }
      let (product, overflow) = count.multipliedReportingOverflow(by: dim)
      guard !overflow, product <= Int.max / 8 else { throw .tooLarge(dims) }
      count = product
    }
    self.dims = dims
    self.elementCount = dims.contains(0) ? 0 : count
  }

  /// The number of axes.
  package var rank: Int { dims.count }

  /// Returns the size in bytes of a tensor of this shape and a dtype.
  package func byteCount(_ dtype: DType) -> Int { dtype.byteCount(ofElements: elementCount) }

  /// Returns whether the elements of a dtype fill whole bytes, as the safetensors format demands.
  package func fillsWholeBytes(_ dtype: DType) -> Bool {
    dtype.hasWholeBytes || (elementCount % 8 * dtype.bitCount).isMultiple(of: 8)
  }

  /// The shape as in specs and messages: `[768, 2304]`.
  package var description: String { "[" + dims.map(String.init).joined(separator: ", ") + "]" }

  /// Returns the coordinates of the element with a row-major index.
  ///
  /// - Precondition: the index is below `elementCount`.
  package func coordinates(of index: Int) -> [Int] {
    var rest = index
    var coordinates = [Int](repeating: 0, count: rank)
    for axis in dims.indices.reversed() {
      coordinates[axis] = rest % dims[axis]
      rest /= dims[axis]
    }
    return coordinates
  }
}
