// The facts of one tensor.

package import WinitJSON

/// The facts of one tensor. The moments are those of the finite elements.
package struct TensorDiagnosis: Sendable {
  package var name: String
  package var shape: [Int]
  package var dtype: String
  /// The number of elements.
  package var count: Int
  /// The mean; nil without a finite element.
  package var mean: Double?
  /// The standard deviation, with the divisor n.
  package var std: Double?
  package var min: Double?
  package var max: Double?
  /// m₃/m₂^1.5; nil for a constant tensor.
  package var skewness: Double?
  /// m₄/m₂², 3 for a normal distribution; nil for a constant tensor.
  package var kurtosis: Double?
  /// The number of elements that are 0 or −0.
  package var zeros: Int
  package var nan: Int
  package var infinite: Int
  /// The fans by the layout, or by `fans` of the spec; nil below rank 2.
  package var fanIn: Int?
  package var fanOut: Int?
  /// The standard deviation that the scheme promises; nil if it promises none.
  package var expectedStd: Double?
  /// (std − expectedStd) in standard errors of the std; nil without a promise.
  package var z: Double?
  package var histogram: Histogram?
  package var spectrum: Spectrum?
  /// The scheme on one line; nil for a tensor of a file.
  package var scheme: String?
  /// The law as the manifest writes it, whose density a report draws; nil for a tensor of a file.
  package var law: JSONValue?
  /// The tensor whose values this tensor shares; nil for a tensor with values of its own.
  package var tiedTo: String?

  package init(name: String, shape: [Int], dtype: String, count: Int) {
    (self.name, self.shape, self.dtype, self.count) = (name, shape, dtype, count)
    (zeros, nan, infinite) = (0, 0, 0)
  }

  /// The number of elements that are NaN or infinite.
  package var nonfinite: Int { nan + infinite }
}

/// How many finite elements lie in each of several intervals of equal width.
package struct Histogram: Sendable, Equatable {
  /// The lower bound of the first interval.
  package var low: Double
  /// The upper bound of the last interval.
  package var high: Double
  package var counts: [Int]

  package init(low: Double, high: Double, counts: [Int]) { (self.low, self.high, self.counts) = (low, high, counts) }
}

/// The singular values of a weight as a matrix [outputs, inputs].
package struct Spectrum: Sendable, Equatable {
  /// The largest singular value.
  package var largest: Double
  /// The Marchenko–Pastur edge, std·(√rows + √columns): the largest singular value of independent elements.
  package var edge: Double
  /// The smallest singular value; nil where the smaller side is above 1,024.
  package var smallest: Double?

  package init(largest: Double, edge: Double, smallest: Double?) {
    (self.largest, self.edge, self.smallest) = (largest, edge, smallest)
  }
}
