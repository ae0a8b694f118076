// The moments of a truncated normal distribution.

import Foundation

extension LawMoments {
  /// The moments of Normal(mean, std²) cut at `low` and `high` standard deviations.
  ///
  /// The formulas with the densities at both ends (Robert, "Simulation of truncated normal variables", 1995)
  /// subtract nearly equal numbers for narrow ranges and for tails. The density is integrated instead, by Gauss's
  /// formula with ten points on each of 64 panels, to about 14 digits.
  init(truncatedAt low: Double, _ high: Double, mean: Double, std: Double) {
    // Beyond ten more standard deviations than the end that is nearer to 0, there is less than 10⁻²¹ of the mass.
    let nearest = low > 0 ? low : high < 0 ? -high : 0
    let (from, to) = (max(low, -nearest - 10), min(high, nearest + 10))
    let width = (to - from) / 64
    var points: [(place: Double, mass: Double)] = []
    for panel in 0..<64 {
      let middle = from + (Double(panel) + 0.5) * width
      for (node, weight) in LawMoments.gauss {
        for sign in [-1.0, 1] {
          let x = middle + sign * node * width / 2
          // The density over that at the nearest end, so that it does not underflow.
          points.append((x, weight * exp((nearest - x) * (nearest + x) / 2)))
        }
      }
    }
    let total = points.reduce(0) { $0 + $1.mass }
    let center = points.reduce(0) { $0 + $1.place * $1.mass } / total
    func moment(_ power: Int) -> Double {
      points.reduce(0) { sum, point in
        let d = point.place - center
        return sum + point.mass * (power == 2 ? d * d : power == 3 ? d * d * d : d * d * d * d)
      } / total
    }
    let variance = std * std
    self.init(
      mean: mean + std * center, variance: variance * moment(2), third: variance * std * moment(3),
      fourth: variance * variance * moment(4))
  }

  /// The positive nodes and the weights of Gauss's formula with ten points (Abramowitz and Stegun, table 25.4).
  private static let gauss: [(node: Double, weight: Double)] = [
    (0.148874338981631211, 0.295524224714752870), (0.433395394129247191, 0.269266719309996355),
    (0.679409568299024406, 0.219086362515982044), (0.865063366688984511, 0.149451349150580593),
    (0.973906528517171720, 0.066671344308688138),
  ]
}
