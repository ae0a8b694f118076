// Operations on the elements of batches.

import WinitCore

extension Batch {
  /// Replaces each element z by f(z), and returns f′(z); nil for a linear function.
  func apply(_ function: ActivationFunction, threads: Int) throws -> Batch? {
    guard function != .linear else { return nil }
    let derivative = try Batch(samples: samples, units: units)
    concurrently(samples, threads: threads) { sample in
      let (values, slopes) = (row(sample), derivative.row(sample))
      for unit in values.indices {
        let z = values[unit]
        // A comparison with NaN is false, so that a ReLU would give 0.
        (values[unit], slopes[unit]) = z.isNaN ? (z, z) : (function.value(z), function.derivative(z))
      }
    }
    return derivative
  }

  func copy() throws -> Batch {
    let copy = try Batch(samples: samples, units: units)
    for sample in 0..<samples { _ = copy.row(sample).update(from: row(sample)) }
    return copy
  }

  /// Multiplies each element by that of another batch of the same size.
  func multiply(by other: Batch) {
    for sample in 0..<samples {
      let (values, factors) = (row(sample), other.row(sample))
      for unit in values.indices { values[unit] *= factors[unit] }
    }
  }

  /// Adds each element of another batch of the same size.
  func add(_ other: Batch) {
    for sample in 0..<samples {
      let (values, terms) = (row(sample), other.row(sample))
      for unit in values.indices { values[unit] += terms[unit] }
    }
  }

  /// Multiplies each sample by a vector.
  func multiply(units factors: [Float]) {
    for sample in 0..<samples {
      let values = row(sample)
      for unit in values.indices { values[unit] *= Double(factors[unit]) }
    }
  }

  /// Adds a vector to each sample.
  func add(units terms: [Float]) {
    for sample in 0..<samples {
      let values = row(sample)
      for unit in values.indices { values[unit] += Double(terms[unit]) }
    }
  }
}
