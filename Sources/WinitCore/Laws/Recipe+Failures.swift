// Elements that a law cannot compute, which a create refuses.

import WinitJSON

extension Recipe {
  /// Returns why the first element that is not finite has no value; nil if all are finite. Only a law that can fail has
  /// such elements, so the bytes of other laws are not read. Given bytes may hold any value.
  ///
  /// - Parameters:
  ///   - elements: the indices of the elements.
  ///   - bytes: the bytes of these elements.
  package func failure(
    _ elements: Range<Int>, _ bytes: UnsafeRawBufferPointer
  ) -> (coordinates: [Int], error: LawError)? {
    guard law.canFail, dtype.isFloatingPoint else { return nil }
    let values = dtype.values(bytes)
    let index = elements.first { !values[$0 - elements.lowerBound].isFinite && part(of: $0)?.law != .literal }
    return index.map { (shape.coordinates(of: $0), failure(at: $0)) }
  }

  /// Returns the part that decides an element; nil for a law without parts.
  private func part(of index: Int) -> LawPart? {
    guard case .parts(let parts) = law else { return nil }
    let coordinates = shape.coordinates(of: index)
    return parts.last { zip($0.box, coordinates).allSatisfy { $0.contains($1) } }
  }

  /// Returns why an element is not finite.
  private func failure(at index: Int) -> LawError {
    switch law {
    case .expression(let draw, let tree):
      return failure(tree, draw, word: index, shape.coordinates(of: index))
    case .parts:
      guard let part = part(of: index), case .expression(let draw, let tree) = part.law else { break }
      let coordinates = shape.coordinates(of: index)
      let box = Box(leading: part.box, of: shape)
      let local = zip(coordinates, box.ranges).map { $0 - $1.lowerBound }
      let indexInBox = zip(local, box.ranges).reduce(0) { $0 * $1.1.count + $1.0 }
      return Recipe(unchecked: law, seed: seed, stream: part.stream ?? stream, dtype: dtype, shape: shape)
        .failure(tree, draw, word: part.stream == nil ? index : indexInBox, local)
    default: break
    }
    return .overflow(.infinity, dtype)
  }

  private func failure(_ tree: ExpressionTree, _ draw: Law?, word: Int, _ coordinates: [Int]) -> LawError {
    let draws = draw.map { Recipe(unchecked: $0, seed: seed, stream: stream, dtype: .float32, shape: shape) }
    let value = draws.map { $0.draw(word) } ?? 0
    do throws(LawError) {
      return .overflow(try tree.value(draw: value, coordinates), dtype)
    } catch { return error }
  }
}

/// A tensor whose law does not fit, or cannot compute an element.
package struct TensorFailure: Error, Sendable, CustomStringConvertible {
  package let tensor: TensorName
  /// The coordinates of the element; nil if the law does not fit the tensor.
  package let coordinates: [Int]?
  package let error: LawError

  package init(_ tensor: TensorName, at coordinates: [Int]? = nil, _ error: LawError) {
    (self.tensor, self.coordinates, self.error) = (tensor, coordinates, error)
  }

  /// What is wrong, and what to do.
  package var description: String {
    guard let coordinates else { return "tensor \(quoted: tensor): \(error.description)" }
    let place = "tensor \(quoted: tensor): element \(coordinates)"
    return "\(place): \(error.description). Change the init so that every element has a finite value"
  }
}

extension ExpressionTree {
  /// Returns the value at an element.
  ///
  /// - Throws: `LawError.noValue` with the first operation that has no value.
  package func value(draw: Double, _ coordinates: [Int]) throws(LawError) -> Double {
    switch self {
    case .number(let value): return value
    case .draw: return draw
    case .index(let axis): return Double(coordinates[axis])
    case .unary(let operation, let operand):
      let x = try operand.value(draw: draw, coordinates)
      guard let value = operation.value(x) else { throw operation.error(x) }
      return value
    case .binary(let operation, let left, let right):
      let (x, y) = (try left.value(draw: draw, coordinates), try right.value(draw: draw, coordinates))
      guard let value = operation.value(x, y) else {
        throw operation.error(x, y)
      }
      return value
    }
  }
}
