// The gradient's second moment through a network, from the end to the start.

/// The second moments of the gradient with respect to the values at one place, summed over the units.
struct GradientMoments {
  /// The square of the norm per sample.
  var norm: Double
  /// The inner product of the gradients at two positions of a sample, times the number of positions.
  var cross: Double
}

/// A step of the backward pass, recorded by the forward pass.
///
/// In mean squares a layer multiplies the gradient by fan_out·Var(w) (Glorot and Bengio 2010, equation 6). In squared
/// norms, summed over units and positions, it multiplies by the number of inputs of an output times Var(w), which is
/// the factor of the forward pass.
indirect enum BackwardStep {
  /// Multiplies both moments.
  case scale(Double, cross: Double)
  /// A mean over positions whose weights have the overlaps of `PositionMean`.
  case average(PositionMean)
  /// A mean over this number of positions.
  case collapse(Double)
  /// The sum of two paths.
  case sum([BackwardStep], [BackwardStep])
  /// Notes the gradient of a layer.
  case layer(Int)

  /// Carries a gradient through the steps, the last one first, and notes the norm at each layer.
  static func run(
    _ steps: [BackwardStep], _ gradient: GradientMoments, note: (Int, Double) -> Void
  ) -> GradientMoments {
    var gradient = gradient
    for step in steps.reversed() {
      switch step {
      case .scale(let factor, let cross):
        gradient.norm = min(gradient.norm * factor, 1e300)
        gradient.cross = min(gradient.cross * cross, 1e300)
      case .average(let mean): gradient = mean.backward(gradient)
      case .collapse(let positions):
        gradient = GradientMoments(norm: gradient.norm / positions, cross: gradient.norm / positions)
      case .sum(let first, let second):
        let left = run(first, gradient, note: note)
        let right = run(second, gradient, note: note)
        gradient = GradientMoments(norm: left.norm + right.norm, cross: left.cross + right.cross)
      case .layer(let index): note(index, gradient.norm)
      }
    }
    return gradient
  }
}
