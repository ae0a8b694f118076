// Norms of a batch, and the gradients through them.

import WinitCore

/// The values of a norm without its weight and bias, and the divisors.
struct NormalizedBatch {
  /// x̂ = (x − mean) / divisor.
  let values: Batch
  /// One for each sample; for a batch norm, one for each unit.
  private let divisors: [Double]
  private let kind: Network.Norm.Kind

  /// What PyTorch adds to the variance, and Llama to the mean square.
  private static func epsilon(_ kind: Network.Norm.Kind) -> Double { kind == .rms ? 1e-6 : 1e-5 }

  init(_ batch: Batch, _ kind: Network.Norm.Kind) throws {
    self.kind = kind
    let values = try batch.copy()
    let groups = NormGroups(batch, kind)
    var divisors: [Double] = []
    for group in 0..<groups.count {
      let mean = kind == .rms ? 0 : groups.mean(group) { values.row($0)[$1] }
      let square = groups.mean(group) { (values.row($0)[$1] - mean) * (values.row($0)[$1] - mean) }
      let divisor = (square + Self.epsilon(kind)).squareRoot()
      groups.each(group) { values.row($0)[$1] = (values.row($0)[$1] - mean) / divisor }
      divisors.append(divisor)
    }
    (self.values, self.divisors) = (values, divisors)
  }

  /// Replaces a gradient g with respect to x̂ by that with respect to x: (g − mean g − x̂ · mean(g x̂)) / divisor, where
  /// an RMS norm has no mean g.
  func propagate(_ gradient: Batch) {
    let groups = NormGroups(gradient, kind)
    for group in 0..<groups.count {
      let mean = kind == .rms ? 0 : groups.mean(group) { gradient.row($0)[$1] }
      let slope = groups.mean(group) { gradient.row($0)[$1] * values.row($0)[$1] }
      groups.each(group) {
        gradient.row($0)[$1] = (gradient.row($0)[$1] - mean - values.row($0)[$1] * slope) / divisors[group]
      }
    }
  }
}

/// The elements that are normalized together: those of a sample, or those of a unit for a batch norm.
private struct NormGroups {
  let samples: Int
  let units: Int
  let isBatchNorm: Bool

  init(_ batch: Batch, _ kind: Network.Norm.Kind) {
    (samples, units, isBatchNorm) = (batch.samples, batch.units, kind == .batch)
  }

  var count: Int { isBatchNorm ? units : samples }

  func each(_ group: Int, _ body: (_ sample: Int, _ unit: Int) -> Void) {
    if isBatchNorm {
      for sample in 0..<samples { body(sample, group) }
    } else {
      for unit in 0..<units { body(group, unit) }
    }
  }

  func mean(_ group: Int, _ value: (_ sample: Int, _ unit: Int) -> Double) -> Double {
    var sum = 0.0
    each(group) { sum += value($0, $1) }
    return sum / Double(isBatchNorm ? samples : units)
  }
}
