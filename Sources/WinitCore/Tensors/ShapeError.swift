// Errors of shapes.

/// The reason why a list of dimensions is not a shape.
package enum ShapeError: Error, Equatable, CustomStringConvertible {
  /// A dimension is negative.
  case negative(axis: Int, dim: Int)
  /// The tensor has more elements than can be addressed, or a dimension is above 2⁵³.
  case tooLarge([Int])

  /// The message for a person.
  package var description: String {
    switch self {
    case .negative(let axis, let dim): "dimension \(axis) is \(dim); a dimension cannot be negative"
    case .tooLarge(let dims):
      "the shape [\(dims.map(String.init).joined(separator: ", "))] overflows: it has more elements than can be addressed"
    }
  }
}
