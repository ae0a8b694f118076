// The lengths of a tensor's axes.

/// The lengths of a tensor's axes, outermost first; the last axis varies fastest in memory (row-major).
/// Rank 0 has one element. No dimension is negative or above 2⁵³ (so that a JSON number carries it), and the
/// tensor's bytes at 8 bytes an element can be counted in a signed 64-bit integer.
public struct Shape: Sendable, Hashable, CustomStringConvertible {
  /// The length of each axis.
  public let dims: [Int]
  /// The number of elements: the product of the dims, 1 for rank 0.
  public let elementCount: Int

  /// - Throws: `ShapeError` for a negative dimension or a product too large to address.
  public init(_ dims: [Int]) throws(ShapeError) {
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
  public var rank: Int { dims.count }

  /// The size of the tensor in bytes at a dtype.
  public func byteCount(_ dtype: DType) -> Int { elementCount * dtype.byteCount }

  /// As it is written in specs and messages: `[768, 2304]`.
  public var description: String { "[" + dims.map(String.init).joined(separator: ", ") + "]" }

  /// The coordinates of the element at a row-major index, which must be below `elementCount`.
  public func coordinates(of index: Int) -> [Int] {
    var rest = index
    var coordinates = [Int](repeating: 0, count: rank)
    for axis in dims.indices.reversed() {
      coordinates[axis] = rest % dims[axis]
      rest /= dims[axis]
    }
    return coordinates
  }
}

/// Why a list of dimensions is not a shape.
public enum ShapeError: Error, Equatable, CustomStringConvertible {
  /// A dimension is below zero.
  case negative(axis: Int, dim: Int)
  /// The tensor could not be addressed.
  case tooLarge([Int])

  /// What is wrong, for a person.
  public var description: String {
    switch self {
    case .negative(let axis, let dim): "dimension \(axis) is \(dim); a dimension cannot be negative"
    case .tooLarge(let dims):
      "the shape [\(dims.map(String.init).joined(separator: ", "))] overflows: it has more elements than can be addressed"
    }
  }
}
