// The law `expression`: a tree of operations on the draw and the coordinates of an element.

extension Recipe {
  /// The number of elements that are computed together.
  private static let tile = 256

  /// Fills elements with the values of a tree, each rounded once to binary32. An element at which an operation has no
  /// value becomes NaN.
  ///
  /// - Parameters:
  ///   - draw: the law of the draw; nil if the tree has none.
  ///   - words: the words of the elements.
  ///   - index: the row-major index of the first element in the tensor or the box whose dimensions are given.
  func fillExpression(
    _ tree: ExpressionTree, _ draw: Law?, words: Range<Int>, index: Int, _ dims: [Int],
    into buffer: UnsafeMutableRawBufferPointer, _ kernel: SIMDKernel
  ) {
    let draws = draw.map { Recipe(unchecked: $0, seed: seed, stream: stream, dtype: .float32, shape: shape) }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.tile) { floats in
      withUnsafeTemporaryAllocation(of: Bool.self, capacity: Self.tile) { isInvalid in
        for start in stride(from: 0, to: words.count, by: Self.tile) {
          let count = min(Self.tile, words.count - start)
          if let draws {
            draws.fillDraws(
              words.lowerBound + start..<words.lowerBound + start + count,
              into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: floats[..<count])), kernel)
          }
          for i in 0..<count { isInvalid[i] = false }
          let tile = ExpressionTile(
            count: count, draws: UnsafeBufferPointer(floats), index: index + start, dims: dims, isInvalid: isInvalid)
          withUnsafeTemporaryAllocation(of: Double.self, capacity: Self.tile) { values in
            tile.evaluate(tree, into: values)
            for i in 0..<count {
              store(isInvalid[i] ? .nan : Float(values[i]), at: start + i, in: buffer)
            }
          }
        }
      }
    }
  }
}

/// Elements whose expressions are evaluated together, operation by operation.
private struct ExpressionTile {
  let count: Int
  let draws: UnsafeBufferPointer<Float>
  /// The row-major index of the first element, and the dimensions in which it counts.
  let index: Int
  let dims: [Int]
  /// Whether an operation has no value at an element.
  let isInvalid: UnsafeMutableBufferPointer<Bool>

  /// Computes the values of a tree.
  func evaluate(_ tree: ExpressionTree, into values: UnsafeMutableBufferPointer<Double>) {
    switch tree {
    case .number(let number): for i in 0..<count { values[i] = number }
    case .draw: for i in 0..<count { values[i] = Double(draws[i]) }
    case .index(let axis):
      let stride = dims[(axis + 1)...].reduce(1, *)
      // The coordinate of element i, and the number of elements that have it from there on.
      var (coordinate, left) = (index / stride % dims[axis], stride - index % stride)
      for i in 0..<count {
        values[i] = Double(coordinate)
        left -= 1
        guard left == 0 else { continue }
        left = stride
        coordinate = coordinate + 1 == dims[axis] ? 0 : coordinate + 1
      }
    case .unary(let operation, let operand):
      evaluate(operand, into: values)
      for i in 0..<count { set(operation.value(values[i]), at: i, in: values) }
    case .binary(let operation, let left, let right):
      evaluate(left, into: values)
      withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { others in
        evaluate(right, into: others)
        for i in 0..<count { set(operation.value(values[i], others[i]), at: i, in: values) }
      }
    }
  }

  @inline(__always)
  private func set(_ value: Double?, at i: Int, in values: UnsafeMutableBufferPointer<Double>) {
    values[i] = value ?? 0
    if value == nil { isInvalid[i] = true }
  }
}
