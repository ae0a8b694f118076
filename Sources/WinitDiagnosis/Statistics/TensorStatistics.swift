// What the elements of a tensor show.

import Foundation

/// The statistics of a tensor. They are the same bits with any number of threads.
package struct TensorStatistics: Sendable, Equatable {
  /// The number of elements.
  package var count = 0
  /// The mean of the finite elements; nil if there is none.
  package var mean: Double?
  /// The central moments of the finite elements: the means of (x − mean)², (x − mean)³ and (x − mean)⁴.
  package var variance = 0.0
  package var thirdMoment = 0.0
  package var fourthMoment = 0.0
  package var minimum: Double?
  package var maximum: Double?
  package var zeros = 0
  package var nan = 0
  package var infinite = 0
  package var histogram: Histogram?
  /// What the outputs and the inputs of the weight show; nil for a tensor whose dtype is not floating-point.
  package var units: UnitStatistics?

  /// The std and the standardized moments of binary64 elements so large or so small that the central moments overflow
  /// or underflow; nil for other elements.
  private var scaled: Scaled?

  private struct Scaled: Sendable, Equatable {
    var std: Double
    var skewness: Double?
    var kurtosis: Double?
  }

  package init() {}

  /// The standard deviation, with the divisor n.
  package var std: Double { scaled?.std ?? variance.squareRoot() }
  /// The mean of x², which theory uses.
  package var meanSquare: Double { variance + (mean ?? 0) * (mean ?? 0) }
  /// m₃/m₂^1.5; nil without a deviation from the mean.
  package var skewness: Double? {
    scaled.map(\.skewness) ?? (variance > 0 ? thirdMoment / (variance * variance.squareRoot()) : nil)
  }
  /// m₄/m₂², 3 for a normal distribution; nil without a deviation from the mean.
  package var kurtosis: Double? {
    scaled.map(\.kurtosis) ?? (variance > 0 ? fourthMoment / (variance * variance) : nil)
  }
  /// Whether all elements are one finite value.
  package var isConstant: Bool { minimum != nil && minimum == maximum && nan + infinite == 0 }

  /// Takes the moments of the finite elements.
  mutating func setMoments(_ moments: Moments) {
    guard moments.count > 0 else { return }
    let (n, unit) = (Double(moments.count), moments.exponent)
    mean = scalbn(moments.mean, unit) + scalbn(moments.meanLow, unit)
    let (m2, m3, m4) = (moments.second / n, moments.third / n, moments.fourth / n)
    variance = scalbn(m2, 2 * unit)
    thirdMoment = scalbn(m3, 3 * unit)
    fourthMoment = scalbn(m4, 4 * unit)
    guard unit != 0 else { return }
    let root = m2.squareRoot()
    scaled = Scaled(
      std: scalbn(root, unit), skewness: m2 > 0 ? m3 / (m2 * root) : nil, kurtosis: m2 > 0 ? m4 / (m2 * m2) : nil)
  }
}

/// The outputs (rows) and inputs (columns) of a weight, compared by hashes of 64 bits. In a vector each element is an
/// output. Equal rows have equal hashes; different rows have equal ones with a probability of about 2⁻⁶⁰.
package struct UnitStatistics: Sendable, Equatable {
  /// The hash of each output's elements, in the order of the outputs. 0 if every element is 0 or −0, and otherwise
  /// with a probability of about 2⁻⁶⁰.
  package var outputs: [UInt64]
  /// The hash of each input's elements; empty for a vector.
  package var inputs: [UInt64]
  /// The number of elements of one output.
  package var outputSize: Int

  package init(outputs: [UInt64], inputs: [UInt64], outputSize: Int) {
    (self.outputs, self.inputs, self.outputSize) = (outputs, inputs, outputSize)
  }
}
