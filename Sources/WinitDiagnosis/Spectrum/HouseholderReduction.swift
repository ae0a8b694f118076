// All singular values of a matrix whose smaller side is short, by Householder's reflections.

import WinitCore

/// The reduction of a matrix to a bidiagonal one with the same singular values.
///
/// First the longer side is reduced: strips of rows are reflected into a triangular matrix, so that the work stays in
/// the cache. Then the triangle is reflected from both sides (Golub and Kahan, 1965). Both are backward stable: a
/// singular value is exact to about 10⁻¹⁵ of the largest one.
struct HouseholderReduction {
  /// The number of rows of a strip.
  private static let strip = 64

  private let size: Int
  /// A vector whose square is below this number counts as 0.
  ///
  /// A vector that is 0 in exact arithmetic holds rounding errors. Its reflections leave smaller errors each time, whose
  /// squares would underflow in the end.
  private let negligible: Double
  /// The square matrix, row by row.
  private var elements: [Double]

  /// Reduces a matrix to a triangle.
  ///
  /// - Parameters:
  ///   - count: the number of rows, which may be below the number of columns.
  ///   - columns: the number of columns, the smaller side.
  ///   - magnitude: the largest magnitude of an element; above 0.
  ///   - read: writes rows of the matrix, one after the other.
  init(rows count: Int, columns: Int, magnitude: Double, read: (Range<Int>, UnsafeMutablePointer<Double>) -> Void)
    throws
  {
    size = columns
    let negligible = magnitude * 0x1p-70 * (magnitude * 0x1p-70)
    self.negligible = negligible
    elements = [Double](repeating: 0, count: columns * columns)
    try elements.withUnsafeMutableBufferPointer { buffer in
      guard let triangle = buffer.baseAddress else { return }
      try withUnsafeTemporaryAllocation(of: Double.self, capacity: (HouseholderReduction.strip + 1) * columns) {
        strip in
        guard let rows = strip.baseAddress else { return }
        for start in stride(from: 0, to: count, by: HouseholderReduction.strip) {
          try OperationContext.current.cancellation.check()
          let end = min(count, start + HouseholderReduction.strip)
          read(start..<end, rows)
          HouseholderReduction.add(
            rows, count: end - start, to: triangle, size: columns, negligible: negligible,
            sums: rows + HouseholderReduction.strip * columns)
        }
      }
    }
  }

  /// Reflects rows into a triangle, so that they become 0.
  private static func add(
    _ rows: UnsafeMutablePointer<Double>, count: Int, to triangle: UnsafeMutablePointer<Double>, size: Int,
    negligible: Double, sums: UnsafeMutablePointer<Double>
  ) {
    for k in 0..<size {
      // The vector to reflect is the diagonal element, and column k of the rows.
      var square = 0.0
      for i in 0..<count { square += rows[i * size + k] * rows[i * size + k] }
      guard square > negligible else { continue }
      let top = triangle + k * size
      let diagonal = top[k]
      let norm = (diagonal * diagonal + square).squareRoot()
      let first = diagonal >= 0 ? diagonal + norm : diagonal - norm
      let factor = 2 / (first * first + square)
      top[k] = diagonal >= 0 ? -norm : norm
      for j in k + 1..<max(size, k + 1) { sums[j] = first * top[j] }
      for i in 0..<count {
        let (row, element) = (rows + i * size, rows[i * size + k])
        for j in k + 1..<max(size, k + 1) { sums[j] += element * row[j] }
      }
      for j in k + 1..<max(size, k + 1) {
        sums[j] *= factor
        top[j] -= first * sums[j]
      }
      for i in 0..<count {
        let (row, element) = (rows + i * size, rows[i * size + k])
        for j in k + 1..<max(size, k + 1) { row[j] -= element * sums[j] }
      }
    }
  }

  /// Returns the bidiagonal matrix.
  consuming func bidiagonal() throws -> Bidiagonal {
    var result = Bidiagonal(diagonal: [], upper: [])
    let (size, negligible) = (size, negligible)
    try elements.withUnsafeMutableBufferPointer { buffer in
      guard let matrix = buffer.baseAddress else { return }
      try withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * size) { memory in
        guard let sums = memory.baseAddress else { return }
        let vector = sums + size
        for k in 0..<size {
          try OperationContext.current.cancellation.check()
          result.diagonal.append(HouseholderReduction.reflectColumn(k, matrix, size, negligible, vector, sums))
          if k + 1 < size { result.upper.append(HouseholderReduction.reflectRow(k, matrix, size, negligible, vector)) }
        }
      }
    }
    return result
  }

  /// Makes the elements of a column below the diagonal 0, and returns the diagonal element.
  private static func reflectColumn(
    _ k: Int, _ matrix: UnsafeMutablePointer<Double>, _ size: Int, _ negligible: Double,
    _ vector: UnsafeMutablePointer<Double>,
    _ sums: UnsafeMutablePointer<Double>
  ) -> Double {
    for i in k..<size { vector[i] = matrix[i * size + k] }
    guard let (factor, norm) = reflection(vector + k, count: size - k, negligible) else { return matrix[k * size + k] }
    for j in k + 1..<max(size, k + 1) { sums[j] = 0 }
    for i in k..<size {
      let (row, element) = (matrix + i * size, vector[i])
      for j in k + 1..<max(size, k + 1) { sums[j] += element * row[j] }
    }
    for j in k + 1..<max(size, k + 1) { sums[j] *= factor }
    for i in k..<size {
      let (row, element) = (matrix + i * size, vector[i])
      for j in k + 1..<max(size, k + 1) { row[j] -= element * sums[j] }
    }
    return norm
  }

  /// Makes the elements of a row right of the second one after the diagonal 0, and returns the first one after it.
  private static func reflectRow(
    _ k: Int, _ matrix: UnsafeMutablePointer<Double>, _ size: Int, _ negligible: Double,
    _ vector: UnsafeMutablePointer<Double>
  ) -> Double {
    let count = size - k - 1
    let top = matrix + k * size + k + 1
    for j in 0..<count { vector[j] = top[j] }
    guard let (factor, norm) = reflection(vector, count: count, negligible) else { return top[0] }
    for i in k + 1..<size {
      let row = matrix + i * size + k + 1
      let sum = factor * UnsafePointer(row).sumOfProducts(UnsafePointer(vector), count: count)
      for j in 0..<count { row[j] -= sum * vector[j] }
    }
    return norm
  }

  /// Changes x to the vector v of the reflection 1 − factor·v·vᵀ, which maps x to a multiple of the first axis; nil if
  /// x is one already.
  private static func reflection(
    _ x: UnsafeMutablePointer<Double>, count: Int, _ negligible: Double
  ) -> (factor: Double, norm: Double)? {
    let rest = UnsafePointer(x + 1).sumOfProducts(UnsafePointer(x + 1), count: count - 1)
    guard rest > negligible else { return nil }
    let norm = (x[0] * x[0] + rest).squareRoot()
    let image = x[0] >= 0 ? -norm : norm
    x[0] -= image
    return (2 / (x[0] * x[0] + rest), image)
  }
}
