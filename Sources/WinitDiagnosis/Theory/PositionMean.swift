// Attention as a mean over the tokens seen so far.

import Foundation

/// The weights of attention at initialization: about 1/t over t visible tokens.
struct PositionMean {
  /// The number of tokens.
  let positions: Int
  /// The mean over the outputs of Σ p²; p are the weights of the visible tokens.
  let own: Double
  /// The mean over pairs of different outputs of Σ p·p′.
  let other: Double

  /// Creates the mean. Logits that are normal with this variance over the tokens give Σ p² ≈ e^variance/t instead of
  /// 1/t, and 1 where one token outweighs the others.
  init(positions: Int, isCausal: Bool, logitVariance: Double) {
    self.positions = positions
    let spread = exp(-min(logitVariance, 700))
    let count = Double(positions)
    func concentration(_ visible: Double) -> Double { 1 / (1 + (visible - 1) * spread) }
    guard isCausal else {
      own = concentration(count)
      other = 1 / count
      return
    }
    let visible = stride(from: 1, through: count, by: 1)
    own = visible.reduce(0) { $0 + concentration($1) } / count
    // The mean of 1/max(t, t′) over t ≠ t′.
    other = positions > 1 ? visible.reduce(0) { $0 + 2 * ($1 - 1) / $1 } / (count * (count - 1)) : 1
  }

  func forward(_ moments: SignalMoments) -> SignalMoments { moments.averaged(own: own, other: min(own, other)) }

  /// The transposed mean: the gradient of an output goes to the tokens that it averages.
  func backward(_ gradient: GradientMoments) -> GradientMoments {
    let pairs = Double(positions - 1)
    guard pairs > 0 else { return gradient }
    let norm = gradient.norm * own + gradient.cross * pairs * other
    // The sum over all tokens of the gradient stays, because weights add up to 1.
    let cross = (gradient.norm * (1 - own) + gradient.cross * pairs * (1 - other)) / pairs
    return GradientMoments(norm: norm, cross: cross)
  }
}
