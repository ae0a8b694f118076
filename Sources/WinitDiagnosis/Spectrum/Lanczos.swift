// The largest singular value of a matrix that is only multiplied.

import Foundation
import WinitCore

/// Golub and Kahan's bidiagonalization with a start vector, every new vector made orthogonal to all before.
///
/// Measured on normal matrices of 64 to 3,072 rows and columns, the largest singular value is exact to 6·10⁻⁶ of itself
/// after 32 steps. It is never above the true one by more than rounding.
struct Lanczos {
  static let steps = 32

  private let matrix: SpectrumMatrix
  private let index: Int
  private let threads: Int
  /// The number of rows that one task multiplies. The sums of each task are added in the order of the tasks.
  private let strip: Int
  private let exponent: Int

  init(_ matrix: SpectrumMatrix, index: Int, exponent: Int, threads: Int) {
    (self.matrix, self.index, self.exponent, self.threads) = (matrix, index, exponent, threads)
    strip = max(64, (matrix.rows + 15) / 16)
  }

  /// Returns the largest singular value of the matrix times 2^−exponent.
  ///
  /// - Parameter stream: a stream of words, from which the start vector comes.
  func largest(stream: UInt64) throws -> Double {
    let words = WordStream(seed: 0, stream: stream)
    var right = (0..<matrix.columns).map { Double(UnitDraw.normal(words.word(UInt64($0)))) }
    _ = Lanczos.normalize(&right)
    var (lefts, rights) = ([[Double]](), [right])
    var bidiagonal = Bidiagonal(diagonal: [], upper: [])
    for step in 0..<min(Lanczos.steps, matrix.rows, matrix.columns) {
      try OperationContext.current.cancellation.check()
      var left = times(rights[step])
      Lanczos.orthogonalize(&left, to: lefts)
      let alpha = Lanczos.normalize(&left)
      bidiagonal.diagonal.append(alpha)
      lefts.append(left)
      var next = transposedTimes(left)
      Lanczos.orthogonalize(&next, to: rights)
      let beta = Lanczos.normalize(&next)
      // If beta is 0, the matrix maps the span of the vectors into itself. The largest value is one of this span, unless
      // the start vector is orthogonal to the singular vector.
      guard step + 1 < min(Lanczos.steps, matrix.rows, matrix.columns), beta > 0x1p-50 * alpha else { break }
      bidiagonal.upper.append(beta)
      rights.append(next)
    }
    if bidiagonal.upper.count == bidiagonal.diagonal.count { bidiagonal.upper.removeLast() }
    return bidiagonal.largest
  }

  /// Returns A·x.
  private func times(_ x: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: matrix.rows)
    result.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let buffer = buffer
      forEachRow { row, values, _ in buffer[row] = values.dot(x, count: matrix.columns) }
    }
    return result
  }

  /// Returns Aᵀ·y: one sum for each strip of rows, added in order.
  private func transposedTimes(_ y: [Double]) -> [Double] {
    let strips = (matrix.rows + strip - 1) / strip
    let columns = matrix.columns
    var sums = [Double](repeating: 0, count: strips * columns)
    sums.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      nonisolated(unsafe) let sums = start
      forEachRow { row, values, index in
        let (sum, factor) = (sums + index * columns, y[row])
        for i in 0..<columns { sum[i] += factor * values[i] }
      }
    }
    var result = [Double](sums[..<columns])
    for index in 1..<max(1, strips) { for i in 0..<columns { result[i] += sums[index * columns + i] } }
    return result
  }

  /// Calls a function with each row of the matrix times 2^−exponent, and with the number of its strip.
  private func forEachRow(_ body: @Sendable (Int, UnsafeMutablePointer<Double>, Int) -> Void) {
    let (matrix, index, strip, exponent) = (matrix, index, strip, exponent)
    concurrently((matrix.rows + strip - 1) / strip, threads: threads) { number in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: matrix.columns) { buffer in
        guard let values = buffer.baseAddress else { return }
        for row in number * strip..<min(matrix.rows, (number + 1) * strip) {
          matrix.read(row: row, of: index, into: values)
          if exponent != 0 { for i in 0..<matrix.columns { values[i] = scalbn(values[i], -exponent) } }
          body(row, values, number)
        }
      }
    }
  }

  /// Subtracts the components along orthonormal vectors, twice: after that, what is left is orthogonal to rounding
  /// (Giraud et al., 2005).
  private static func orthogonalize(_ vector: inout [Double], to others: [[Double]]) {
    let count = vector.count
    vector.withUnsafeMutableBufferPointer { buffer in
      guard let vector = buffer.baseAddress else { return }
      for _ in 0..<2 {
        for other in others {
          let component = vector.dot(other, count: count)
          other.withUnsafeBufferPointer { for i in 0..<count { vector[i] -= component * $0[i] } }
        }
      }
    }
  }

  /// Divides a vector by its norm, and returns the norm.
  private static func normalize(_ vector: inout [Double]) -> Double {
    let count = vector.count
    let norm = vector.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.map { UnsafePointer($0).sumOfProducts(UnsafePointer($0), count: count).squareRoot() } ?? 0
    }
    if norm > 0 { for i in 0..<count { vector[i] /= norm } }
    return norm
  }
}

extension UnsafePointer<Double> {
  /// The sum of products, in an order that does not depend on the processor.
  func sumOfProducts(_ other: UnsafePointer<Double>, count: Int) -> Double {
    var sum = SIMD8<Double>.zero
    let (left, right) = (UnsafeRawPointer(self), UnsafeRawPointer(other))
    var i = 0
    while i + 8 <= count {
      sum +=
        left.loadUnaligned(fromByteOffset: i * 8, as: SIMD8<Double>.self)
        * right.loadUnaligned(fromByteOffset: i * 8, as: SIMD8<Double>.self)
      i += 8
    }
    var rest = 0.0
    while i < count {
      rest += self[i] * other[i]
      i += 1
    }
    return sum.orderedSum + rest
  }
}

extension UnsafeMutablePointer<Double> {
  /// The sum of products with an array of at least as many numbers.
  func dot(_ other: [Double], count: Int) -> Double {
    other.withUnsafeBufferPointer { buffer in
      buffer.baseAddress.map { UnsafePointer(self).sumOfProducts($0, count: count) } ?? 0
    }
  }
}

extension SIMD8<Double> {
  /// The sum of the lanes, in an order that does not depend on the processor.
  var orderedSum: Double {
    let four = lowHalf + highHalf
    let two = four.lowHalf + four.highHalf
    return two[0] + two[1]
  }
}
