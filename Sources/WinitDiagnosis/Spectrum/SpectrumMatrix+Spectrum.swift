// The largest and the smallest singular value of a weight.

import Foundation
package import WinitCore

extension SpectrumMatrix {
  /// The longest smaller side with which the smallest singular value is computed.
  package static let exactLimit = 1024

  /// Computes the singular values once all chunks are stored: the largest of all matrices of the batch, and the smallest
  /// of all, which stays nil where the smaller side is above `exactLimit`.
  ///
  /// The largest singular value is as exact as the smallest where that is computed. Otherwise 32 Lanczos steps give it.
  ///
  /// - Parameters:
  ///   - std: the standard deviation of the elements, for the Marchenko–Pastur edge.
  ///   - name: the name of the tensor, from which the start vector of the Lanczos steps comes.
  ///   - exactLimit: the longest smaller side with which all singular values are computed.
  /// - Returns: nil if an element is not finite.
  /// - Throws: the error of a request to stop.
  package func spectrum(
    std: Double, name: TensorName, threads: Int = 1, exactLimit: Int = SpectrumMatrix.exactLimit
  ) throws -> Spectrum? {
    guard let magnitude = largestMagnitude else { return nil }
    let edge = std * (Double(rows).squareRoot() + Double(columns).squareRoot())
    let isExact = min(rows, columns) <= exactLimit
    guard magnitude > 0 else { return Spectrum(largest: 0, edge: edge, smallest: isExact ? 0 : nil) }
    // Only binary64 numbers need a scale, so that no square overflows or underflows.
    let exponent = abs(Int(magnitude.exponent)) > 150 ? Int(magnitude.exponent) : 0
    var (largest, smallest) = (0.0, Double.infinity)
    for index in 0..<axes.batch {
      if isExact {
        let values = try reduction(of: index, exponent: exponent, magnitude: scalbn(magnitude, -exponent)).bidiagonal()
        (largest, smallest) = (max(largest, values.largest), min(smallest, values.smallest))
      } else {
        let lanczos = Lanczos(self, index: index, exponent: exponent, threads: threads)
        largest = max(largest, try lanczos.largest(stream: name.stream))
      }
    }
    return Spectrum(
      largest: scalbn(largest, exponent), edge: edge, smallest: isExact ? scalbn(smallest, exponent) : nil)
  }

  /// Returns the triangle of a matrix, or of its transpose, whichever is taller.
  private func reduction(of index: Int, exponent: Int, magnitude: Double) throws -> HouseholderReduction {
    let (rows, columns) = (rows, columns)
    if rows >= columns {
      return try HouseholderReduction(rows: rows, columns: columns, magnitude: magnitude) { range, values in
        for row in range {
          let place = values + (row - range.lowerBound) * columns
          read(row: row, of: index, into: place)
          if exponent != 0 { for i in 0..<columns { place[i] = scalbn(place[i], -exponent) } }
        }
      }
    }
    return try HouseholderReduction(rows: columns, columns: rows, magnitude: magnitude) { range, values in
      for row in 0..<rows {
        for column in range {
          let value = self[row, column, of: index]
          values[(column - range.lowerBound) * rows + row] = exponent == 0 ? value : scalbn(value, -exponent)
        }
      }
    }
  }
}
