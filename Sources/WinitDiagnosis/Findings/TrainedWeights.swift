// Whether weights have been trained, so that the rules for weights before training say little.

import WinitCore

/// Recognizes trained weights by the scales of their norms.
///
/// Libraries initialize a scale with one number, and its bias with 0. The first step of training changes both. Some GANs
/// draw the scale around 1 and leave the bias at 0, so a scale that varies beside a constant bias shows nothing.
package enum TrainedWeights {
  /// A scale and its bias have these last names.
  private static let names = ["weight": "bias", "scale": "bias", "gamma": "beta"]

  /// Returns a note for the reader of the findings; nil if nothing shows that the weights have been trained.
  ///
  /// - Parameter tensors: the tensors of the model. Those that a law gives are not judged.
  package static func note(_ tensors: [ObservedTensor]) -> String? {
    let index = Dictionary(tensors.enumerated().map { ($1.name, $0) }) { first, _ in first }
    var (count, changed) = (0, 0)
    for tensor in tensors where tensor.tiedTo == nil && (tensor.law == nil || tensor.isForeign) {
      guard tensor.isFloating, tensor.shape.rank == 1, tensor.shape.elementCount >= 4,
        let last = tensor.name.string.split(whereSeparator: { $0 == "." || $0 == "/" }).last,
        let bias = names[last.lowercased()]
      else { continue }
      count += 1
      let name = TensorName(tensor.name.string.dropLast(last.count) + bias)
      let hasOtherBias = index[name].map { tensors[$0].statistics.isConstant } ?? false
      if varies(tensor), !hasOtherBias { changed += 1 }
    }
    guard changed >= 2, 2 * changed > count else { return nil }
    return
      "the weights look trained: \(changed) of \(count) scales of norms are not one number. The rules are for weights before training"
  }

  private static func varies(_ tensor: ObservedTensor) -> Bool {
    let facts = tensor.statistics
    return facts.minimum != nil && facts.minimum != facts.maximum
  }
}
