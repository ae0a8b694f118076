// Softmax, and the cross entropy of its values.

import Foundation

enum Softmax {
  /// Returns the softmax of each sample.
  static func values(of logits: Batch) throws -> Batch {
    let result = try Batch(samples: logits.samples, units: logits.units)
    for sample in 0..<logits.samples {
      let (from, into) = (logits.row(sample), result.row(sample))
      // max of the standard library ignores a NaN that comes first, but the exponential of the NaN itself stays NaN.
      let largest = from.max() ?? 0
      var sum = 0.0
      for unit in from.indices {
        into[unit] = exp(from[unit] - largest)
        sum += into[unit]
      }
      for unit in into.indices { into[unit] /= sum }
    }
    return result
  }

  /// Returns the mean cross entropy, and its gradient with respect to the logits: (softmax − one-hot label) / samples.
  static func crossEntropy(of logits: Batch, labels: [Int]) throws -> (loss: Double, gradient: Batch) {
    let gradient = try values(of: logits)
    var loss = 0.0
    for (sample, label) in labels.enumerated() {
      let (row, values) = (logits.row(sample), gradient.row(sample))
      // −ln(softmax) from the logits, because a softmax can be 0 in binary64.
      let largest = row.max() ?? 0
      loss += log(row.reduce(0) { $0 + exp($1 - largest) }) - (row[label] - largest)
      values[label] -= 1
      for unit in values.indices { values[unit] /= Double(labels.count) }
    }
    return (loss / Double(labels.count), gradient)
  }

  /// Replaces a gradient g with respect to the values p by that with respect to the logits: p (g − Σ g p).
  static func multiplyByDerivative(_ gradient: Batch, at values: Batch) {
    for sample in 0..<gradient.samples {
      let (row, probabilities) = (gradient.row(sample), values.row(sample))
      var mean = 0.0
      for unit in row.indices { mean += row[unit] * probabilities[unit] }
      for unit in row.indices { row[unit] = probabilities[unit] * (row[unit] - mean) }
    }
  }
}
