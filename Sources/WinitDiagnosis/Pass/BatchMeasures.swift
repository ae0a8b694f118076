// The quantities that are measured on a batch.

import Foundation

/// The quantities of a batch of outputs or of gradients. Sums have a fixed order, so the bits do not depend on threads.
struct BatchMeasures {
  /// The root of the mean square of all elements.
  let rms: Double
  /// The standard deviation over the batch, as root mean square over the units.
  let signal: Double
  /// The norm of a sample, as root mean square over the batch.
  let norm: Double
  /// The mean cosine between two different samples that are not 0; nil for fewer than two such samples.
  let cosine: Double?

  init(_ batch: Batch) {
    let (samples, units) = (Double(batch.samples), Double(batch.units))
    var largest = 0.0
    for sample in 0..<batch.samples {
      // A comparison with NaN is false, so NaN replaces `largest` and stays.
      for value in batch.row(sample) where !(value.magnitude <= largest) { largest = value.magnitude }
      guard largest.isFinite else {
        (rms, signal, norm, cosine) = (.nan, .nan, .nan, nil)
        return
      }
    }
    guard largest > 0 else {
      (rms, signal, norm, cosine) = (0, 0, 0, nil)
      return
    }
    // Squares of numbers near 1 neither overflow nor underflow. A power of two is exact.
    let scale = Double(sign: .plus, exponent: -max(largest.exponent, -1_000), significand: 1)

    var means = [Double](repeating: 0, count: batch.units)
    var units1 = means
    var square = 0.0
    var directions = 0.0
    for sample in 0..<batch.samples {
      let row = batch.row(sample)
      var length = 0.0
      for unit in row.indices {
        let value = row[unit] * scale
        length += value * value
        means[unit] += value
      }
      square += length
      guard length > 0 else { continue }
      directions += 1
      let inverse = scale / length.squareRoot()
      for unit in row.indices { units1[unit] += row[unit] * inverse }
    }
    for unit in means.indices { means[unit] /= samples }

    // The deviations from the mean, and not the difference of mean squares: a signal can be 1e-7 of the bias.
    var deviation = 0.0
    for sample in 0..<batch.samples {
      let row = batch.row(sample)
      for unit in row.indices {
        let value = row[unit] * scale - means[unit]
        deviation += value * value
      }
    }
    rms = (square / (samples * units)).squareRoot() / scale
    signal = (deviation / (samples * units)).squareRoot() / scale
    norm = (square / samples).squareRoot() / scale
    // The sum over pairs of different samples: |Σu|² has each pair twice, and each sample with itself.
    let total = units1.reduce(0) { $0 + $1 * $1 }
    cosine = directions < 2 ? nil : (total - directions) / (directions * (directions - 1))
  }

  /// Returns the fraction of units that are 0 for every sample.
  static func deadFraction(_ batch: Batch) -> Double {
    var isAlive = [Bool](repeating: false, count: batch.units)
    for sample in 0..<batch.samples {
      let row = batch.row(sample)
      for unit in row.indices where row[unit] != 0 { isAlive[unit] = true }
    }
    return Double(isAlive.count { !$0 }) / Double(batch.units)
  }

  /// Returns the fraction of elements for which a condition holds.
  static func fraction(_ batch: Batch, where holds: (Double) -> Bool) -> Double {
    var count = 0
    for sample in 0..<batch.samples {
      for value in batch.row(sample) where holds(value) { count += 1 }
    }
    return Double(count) / (Double(batch.samples) * Double(batch.units))
  }
}
