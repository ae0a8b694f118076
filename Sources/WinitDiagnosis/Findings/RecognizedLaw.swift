// The initialization that a standard deviation and the fans show.

import WinitInitializers

/// An initialization of the literature that gives the scale that a weight has.
struct RecognizedLaw: Sendable {
  /// The name as the field writes it.
  let name: String
  /// The init in a spec.
  let initializer: String
  /// The standard deviation for the fans.
  let std: Double

  /// Returns the initialization that a weight of independent elements shows; nil if there is none within 5 standard
  /// errors and 2 percent.
  init?(_ tensor: ObservedTensor) {
    let facts = tensor.statistics
    guard let fans = tensor.fans, let kurtosis = facts.kurtosis, facts.count > 0 else { return nil }
    self.init(std: facts.std, kurtosis: kurtosis, count: facts.count, fans: fans)
  }

  init?(std: Double, kurtosis: Double, count: Int, fans: Fans) {
    // The error of a std from n elements: std·√((κ − 1)/4n).
    let error = (max(0.01, kurtosis - 1) / 4 / Double(count)).squareRoot()
    let tolerance = min(0.1, max(0.005, min(0.02, 5 * error)))
    let isUniform = kurtosis < 2.2
    for candidate in RecognizedLaw.candidates(fans, isUniform: isUniform) {
      if abs(std / candidate.std - 1) <= tolerance {
        self = candidate
        return
      }
    }
    return nil
  }

  private init(_ name: String, _ initializer: String, _ variance: Double) {
    (self.name, self.initializer, std) = (name, initializer, variance.squareRoot())
  }

  /// The initializations, the likeliest first. For equal fans, Xavier's and LeCun's scales are one.
  private static func candidates(_ fans: Fans, isUniform: Bool) -> [RecognizedLaw] {
    let (fanIn, fanOut) = (Double(fans.fanIn), Double(fans.fanOut))
    let kind = isUniform ? "uniform" : "normal"
    var list = [
      RecognizedLaw("He", "{scheme: he_\(kind)}", 2 / fanIn),
      RecognizedLaw("Xavier", "{scheme: xavier_\(kind)}", 2 / (fanIn + fanOut)),
      RecognizedLaw(
        "LeCun", isUniform ? "{scheme: lecun_uniform}" : "{scheme: lecun_normal, distribution: normal}", 1 / fanIn),
      RecognizedLaw("He by fan_out", "{scheme: he_\(kind), mode: fan_out}", 2 / fanOut),
      RecognizedLaw(
        "Xavier with tanh's gain 5/3", "{scheme: xavier_\(kind), activation: tanh}", 50 / 9 / (fanIn + fanOut)),
    ]
    if isUniform {
      list.insert(RecognizedLaw("PyTorch's default ±1/√fan_in", "{scheme: uniform}", 1 / (3 * fanIn)), at: 0)
    }
    return list
  }
}
