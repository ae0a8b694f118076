// The signal and the gradient along the main path.

/// One forward order of the layers of the main path. An assumed chain has a curve for each assumed activation.
struct SignalCurve {
  let layers: [LayerDiagnosis]
  let isAssumed: Bool
  /// The signal that enters the first layer; nil if it is unknown.
  private let input: Double?

  /// Returns the curves of a model. The layers of the next assumption begin with the name of the first layer.
  static func curves(_ evidence: FindingEvidence) -> [SignalCurve] {
    let main = evidence.layers.filter(\.isMainPath)
    var curves: [[LayerDiagnosis]] = []
    for layer in main {
      if layer.isAssumed, let first = curves.last?.first, first.name != layer.name {
        curves[curves.count - 1].append(layer)
      } else if !layer.isAssumed, !curves.isEmpty {
        curves[curves.count - 1].append(layer)
      } else {
        curves.append([layer])
      }
    }
    return curves.map { layers in
      SignalCurve(layers: layers, isAssumed: layers.contains(where: \.isAssumed), input: evidence.inputStd)
    }
  }

  /// A ratio between two layers.
  struct Ratio {
    let value: Double
    let layer: String
    /// The number of layers between the two.
    let steps: Int
    let isMeasured: Bool
  }

  /// The signal at the last hidden layer over that of the input. A zero or small last layer does no harm.
  var forward: Ratio? {
    guard layers.count > 2 else { return nil }
    let last = layers[layers.count - 2]
    let isMeasured = layers.allSatisfy { $0.measured != nil }
    func signal(_ layer: LayerDiagnosis) -> Double? { isMeasured ? layer.measured?.signal : layer.theory?.signal }
    let isTable = layers[0].kind == "embedding" || input == nil
    guard let start = isTable ? signal(layers[0]) : input, let end = signal(last), start > 0 else { return nil }
    return Ratio(
      value: end / start, layer: last.name, steps: layers.count - (isTable ? 2 : 1), isMeasured: isMeasured)
  }

  /// The norm of the gradient per sample at the first layer over that at the last.
  var backward: Ratio? {
    guard layers.count > 2, let first = layers.first, let last = layers.last else { return nil }
    let isMeasured = layers.allSatisfy { $0.measured?.gradient != nil }
    func gradient(_ layer: LayerDiagnosis) -> Double? {
      isMeasured ? layer.measured?.gradient : layer.theory?.gradient
    }
    guard let start = gradient(first), let end = gradient(last), end > 0 else { return nil }
    return Ratio(value: start / end, layer: first.name, steps: layers.count - 1, isMeasured: isMeasured)
  }
}
