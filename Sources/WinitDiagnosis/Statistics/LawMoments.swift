// The moments that a law promises.

/// The mean and the central moments of the elements of a tensor under its law.
///
/// They are those of the continuous distributions. A draw has 2³² values (a uniform one 2²⁴), which changes the
/// standard deviation by less than 10⁻⁸ of it. The rounding of an element to its dtype is not counted.
package struct LawMoments: Sendable, Equatable {
  package var mean: Double
  package var variance: Double
  package var third: Double
  package var fourth: Double
  /// The variance of (x − mean)² that is due to chance. It is fourth − variance² if all elements are drawn alike, less
  /// if the boxes of parts have scales of their own, and 0 if nothing is drawn.
  package var chance: Double

  package var std: Double { variance.squareRoot() }
  /// m₄/m₂²; nil without a deviation from the mean.
  package var kurtosis: Double? { variance > 0 ? fourth / (variance * variance) : nil }

  /// The standard error of the standard deviation of `count` elements: σ·√((κ − 1)/4n) if all are drawn alike; nil if
  /// nothing is drawn.
  ///
  /// The root mean square of an orthogonal law has no error at all, and that of a sparse law less than this.
  package func standardErrorOfStd(count: Int) -> Double? {
    guard count > 0, chance > 0, variance > 0 else { return nil }
    return (chance / Double(count)).squareRoot() / (2 * std)
  }

  /// The distance of a standard deviation from the promised one in standard errors; nil if nothing is drawn.
  package func z(std: Double, count: Int) -> Double? {
    standardErrorOfStd(count: count).map { (std - self.std) / $0 }
  }

  /// The moments of a value that is not drawn.
  init(constant value: Double) { (mean, variance, third, fourth, chance) = (value, 0, 0, 0, 0) }

  /// The moments of values that are all drawn alike.
  init(mean: Double, variance: Double, third: Double = 0, fourth: Double) {
    (self.mean, self.variance, self.third, self.fourth) = (mean, variance, third, fourth)
    chance = max(0, fourth - variance * variance)
  }

  /// The moments of all elements of several groups. The weights, whose sum is 1, are the shares of the elements.
  init(mixing groups: [(weight: Double, moments: LawMoments)]) {
    self.init(constant: 0)
    mean = groups.reduce(0) { $0 + $1.weight * $1.moments.mean }
    for (weight, group) in groups {
      let shift = group.mean - mean
      let moved = group.moved(by: shift)
      variance += weight * moved.variance
      third += weight * moved.third
      fourth += weight * moved.fourth
      // Of (y + shift)², where y is the deviation from the group's own mean, all but constants is due to chance.
      chance += weight * (group.chance + 4 * shift * group.drawnThird + 4 * shift * shift * group.drawnVariance)
    }
  }

  /// The moments about a point `shift` below the mean.
  private func moved(by shift: Double) -> (variance: Double, third: Double, fourth: Double) {
    let square = shift * shift
    return (
      variance + square, third + 3 * shift * variance + shift * square,
      fourth + 4 * shift * third + 6 * square * variance + square * square
    )
  }

  /// The parts of the moments that are due to chance.
  private var drawnVariance: Double { chance > 0 ? variance : 0 }
  private var drawnThird: Double { chance > 0 ? third : 0 }
}
