// The second moments of a layer's values, between which theory distinguishes.

/// The second moments of the units of a layer over wide random weights (Poole et al. 2016, "Exponential expressivity in
/// deep neural networks through transient chaos", equations 3 and 5): q = E x² of a unit, and E x·x′ of the same unit
/// for another sample, for another position (token, pixel) of the sample, and for both.
///
/// Instead of E x·x′ a field holds the difference q − E x·x′. A bias cancels in a difference, so that the signal keeps
/// its digits where the biases outweigh it.
struct SignalMoments: Equatable {
  /// E x².
  var q: Double
  /// E x over the units, which is about 0 behind a weight and positive behind a rectifier.
  var mean: Double = 0
  /// q − E x·x′ of two samples at one position: the square of the signal.
  var sample: Double
  /// q − E x·x′ of two positions of one sample. 0 where there is one position.
  var position: Double = 0
  /// q − E x·x′ of two samples and two positions.
  var both: Double

  /// Independent numbers with the second moment q.
  static func independent(_ q: Double, positions: Bool) -> SignalMoments {
    SignalMoments(q: q, sample: q, position: positions ? q : 0, both: q)
  }

  /// The part of the values that depends on the input.
  var signal: Double { sample.squareRoot() }

  /// The distribution of a unit before an activation.
  var input: NormalInput { NormalInput(mean: mean, variance: max(0, q - mean * mean)) }

  /// Behind random weights: each unit is a sum of inputs times weights, and a bias. Where weights and inputs
  /// both have means, all units have the product of the means in common.
  func weighted(by weight: UnitWeights, bias: UnitWeights? = nil) -> SignalMoments {
    let factor = weight.factor
    let common = weight.mean * weight.mean * weight.count * (weight.count - 1) * mean * mean
    return SignalMoments(
      q: q * factor + common + (bias?.meanSquare ?? 0) + 2 * weight.count * weight.mean * mean * (bias?.mean ?? 0),
      mean: weight.count * weight.mean * mean + (bias?.mean ?? 0), sample: sample * factor,
      position: position * factor, both: both * factor
    ).limited
  }

  /// Behind a residual sum with values of other weights.
  func adding(_ other: SignalMoments) -> SignalMoments {
    SignalMoments(
      q: q + other.q + 2 * mean * other.mean, mean: mean + other.mean, sample: sample + other.sample,
      position: position + other.position, both: both + other.both
    ).limited
  }

  /// Behind an activation.
  func activated(by activation: ActivationFunction, _ cache: MomentCache) -> SignalMoments {
    let input = input
    return SignalMoments(
      q: cache.secondMoment(activation, input), mean: cache.mean(activation, input),
      sample: cache.difference(activation, input, sample), position: cache.difference(activation, input, position),
      both: cache.difference(activation, input, both))
  }

  /// Behind a mean over positions, which keeps what they share. `own` is the mean of Σ p², where p are the weights of
  /// the positions in a mean, and `other` is the mean of Σ p·p′ for the means of two outputs.
  func averaged(own: Double, other: Double) -> SignalMoments {
    let ownOfSample = max(0, both - position)  // between one sample's and another sample's shared parts
    let shared = max(0, both - sample)  // what samples share at a position, such as a position embedding
    return SignalMoments(
      q: q - position * (1 - own), mean: mean,
      sample: max(0, ownOfSample + own * (position - shared)), position: max(0, position * (own - other)),
      both: max(0, ownOfSample + position * own - shared * other))
  }

  /// Numbers above 1e300 would overflow in the next layer. They stay there, which is far beyond every bound.
  var limited: SignalMoments {
    let limit = 1e300
    guard q > limit else { return self }
    let factor = q.isFinite ? limit / q : 0
    return SignalMoments(
      q: limit, mean: mean * factor.squareRoot(), sample: min(limit, sample * factor),
      position: min(limit, position * factor), both: min(limit, both * factor))
  }
}

/// The weights of one unit.
struct UnitWeights {
  /// The number of inputs that count.
  var count: Double
  var meanSquare: Double
  var mean: Double

  /// What the weights multiply second moments by.
  var factor: Double { count * meanSquare }
}

/// The moments of activations that one theory needs again and again: layers behind a norm have equal inputs.
final class MomentCache {
  private struct Key: Hashable {
    enum Moment: Hashable { case second, mean, derivative, difference, derivativeCross }

    let moment: Moment
    let activation: ActivationFunction
    let input: NormalInput
    var difference = 0.0
  }

  private var values: [Key: Double] = [:]

  private func value(_ key: Key, _ compute: () -> Double) -> Double {
    if let value = values[key] { return value }
    let value = compute()
    values[key] = value
    return value
  }

  func secondMoment(_ activation: ActivationFunction, _ input: NormalInput) -> Double {
    value(Key(moment: .second, activation: activation, input: input)) { activation.secondMoment(input) }
  }

  func mean(_ activation: ActivationFunction, _ input: NormalInput) -> Double {
    value(Key(moment: .mean, activation: activation, input: input)) { activation.mean(input) }
  }

  func derivative(_ activation: ActivationFunction, _ input: NormalInput) -> Double {
    value(Key(moment: .derivative, activation: activation, input: input)) { activation.derivativeMoment(input) }
  }

  func difference(_ activation: ActivationFunction, _ input: NormalInput, _ difference: Double) -> Double {
    value(Key(moment: .difference, activation: activation, input: input, difference: difference)) {
      activation.differenceMoment(input, difference: difference)
    }
  }

  func derivativeCross(_ activation: ActivationFunction, _ input: NormalInput, _ difference: Double) -> Double {
    value(Key(moment: .derivativeCross, activation: activation, input: input, difference: difference)) {
      activation.derivativeCrossMoment(input, difference: difference)
    }
  }
}
