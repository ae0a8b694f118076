// The moments behind a maximum over neighboring positions.

extension SignalMoments {
  /// Returns the moments behind a maximum over `count` positions of values f(x), where `self` are the moments of x. The
  /// positions are G + S + A: G all samples share, S all positions of a sample share, A is a position's own. A monotone
  /// f commutes with the maximum, so that the maximum is f(G + S + max A), and max A is an order statistic.
  ///
  /// `derivative` is the mean of f′² where the maximum is: the gradient goes there alone.
  func maximum(over count: Int, of activation: ActivationFunction) -> (moments: SignalMoments, derivative: Double) {
    let input = input
    let own = min(position, input.variance)
    let ofSample = min(max(0, both - own), input.variance - own)
    let shared = max(0, input.variance - own - ofSample)
    let kinks = activation.kinks
    let maxima = NormalQuadrature.maximumNodes(count: count).map { $0.x * own.squareRoot() }
    let weights = NormalQuadrature.maximumNodes(count: count).map(\.weight)

    /// The means of f − offset, of its square and of f′² over the maximum of a sample.
    func averages(_ center: Double, _ offset: Double) -> (first: Double, second: Double, derivative: Double) {
      var (first, second, derivative) = (0.0, 0.0, 0.0)
      for (maximum, weight) in zip(maxima, weights) {
        let value = activation.value(center + maximum) - offset
        let slope = activation.derivative(center + maximum)
        first += weight * value
        second += weight * value * value
        derivative += weight * slope * slope
      }
      return (first, second, derivative)
    }

    var result = SignalMoments(q: 0, sample: 0, position: 0, both: 0)
    var derivative = 0.0
    for outer in NormalQuadrature.nodes(mean: input.mean, std: shared.squareRoot(), breaks: kinks) {
      let offset = activation.value(outer.x)  // differences from it keep the digits of a weak signal
      var (first, second, square) = (0.0, 0.0, 0.0)
      for inner in NormalQuadrature.nodes(mean: 0, std: ofSample.squareRoot(), breaks: kinks.map { $0 - outer.x }) {
        let averages = averages(outer.x + inner.x, offset)
        first += inner.weight * averages.first
        second += inner.weight * averages.second
        square += inner.weight * averages.first * averages.first
        derivative += outer.weight * inner.weight * averages.derivative
      }
      result.q += outer.weight * (second + 2 * offset * first + offset * offset)
      result.mean += outer.weight * (first + offset)
      result.position += outer.weight * (second - square)
      result.sample += outer.weight * (second - first * first)
    }
    result.position = max(0, result.position)
    result.sample = max(0, result.sample)
    result.both = result.sample
    return (result, derivative)
  }
}
