// scale-off: a tensor of a file whose standard deviation is not the one that its spec promises.

import Foundation
import WinitCore

/// Finds tensors of other origin that do not have the scale of their scheme. Regenerated tensors have it by
/// construction.
enum ScaleOffRule {
  static func drafts(_ context: FindingContext, _ judged: JudgedTensors) -> [Draft] {
    context.tensors.enumerated().compactMap { order, tensor in
      guard tensor.isForeign, tensor.tiedTo == nil, tensor.isFloating, !judged.faulty.contains(tensor.name),
        let law = tensor.law, let promise = LawMoments(law, shape: tensor.shape), promise.std > 0,
        tensor.statistics.count > 1
      else { return nil }
      let facts = tensor.statistics
      // The mean of the law is known, so that the deviation is from it.
      let distance = (facts.mean ?? 0) - promise.mean
      let std = hypot(facts.std, distance)
      let error = (promise.standardErrorOfStd(count: facts.count) ?? 0) / promise.std
      let ratio = std / promise.std
      guard abs(ratio - 1) > 0.01, abs(ratio - 1) > 5 * error else { return nil }
      let name = Advice.schemeName(tensor) ?? law.name
      let promised = NumberText.of(promise.std)
      return Draft(
        .scaleOff, context.severity(.warning, for: tensor), tensor, at: order, variant: name, value: std,
        remedy: Advice.recorded(tensor).map { .rule(tensor.name, initializer: $0) }
      ) {
        "the standard deviation is \($0), where \(name) gives \(promised) (a factor of \(NumberText.of(ratio))). The file was not initialized by this spec, or was changed afterwards."
      }
    }
  }
}
