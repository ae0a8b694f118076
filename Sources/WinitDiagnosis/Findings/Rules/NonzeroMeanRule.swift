// nonzero-mean: a weight whose mean is not small beside its standard deviation.

import WinitCore

/// Finds kernels with a mean beyond half a standard deviation, such as those of a uniform law over [0, 1).
enum NonzeroMeanRule {
  static func drafts(_ context: FindingContext, _ judged: JudgedTensors) -> [Draft] {
    context.kernels.compactMap { order in
      let tensor = context.tensors[order]
      let facts = tensor.statistics
      guard !judged.faulty.contains(tensor.name), !judged.declarations.contains(tensor), !tensor.isSinusoidTable,
        facts.std > 0,
        let mean = facts.mean, !tensor.isComputedBySpec,
        abs(mean) > 0.5 * facts.std, abs(mean) > 5 * facts.std / Double(max(1, facts.count)).squareRoot()
      else { return nil }
      let (low, high) = (facts.minimum ?? 0, facts.maximum ?? 0)
      let isUnit = low >= 0 && high <= 1 && (facts.kurtosis ?? 3) < 2.2
      let cause = isUnit ? ", as of a uniform law over [0, 1)" : ""
      return Draft(
        .nonzeroMean, .warning, tensor, at: order, variant: isUnit ? "unit" : "", value: mean / facts.std,
        remedy: Advice.rule(for: tensor, context)
      ) {
        "the mean is \($0) times the standard deviation\(cause). Every output gets the same multiple of the sum of the inputs, which is larger than what tells inputs apart."
      }
    }
  }
}
