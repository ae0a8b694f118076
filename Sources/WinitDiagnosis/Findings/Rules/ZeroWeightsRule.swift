// all-zero-weights: a weight whose elements are all zero.

import WinitCore
import WinitJSON

/// Finds weights of zeros, and says whether the model can train with them.
enum ZeroWeightsRule {
  static func drafts(_ context: FindingContext, _ judged: JudgedTensors) -> [Draft] {
    let zeros = Set(
      context.tensors.indices.filter { i in
        let tensor = context.tensors[i]
        return tensor.tiedTo == nil && tensor.isFloating && isZero(tensor)
      })
    let weights = zeros.filter { context.tensors[$0].isWeight }.sorted()
    let otherKernels = context.kernels.count { !zeros.contains($0) }
    let zeroCounts = weights.reduce(into: [:]) { $0[FindingContext.pattern(context.tensors[$1].name), default: 0] += 1 }
    let partners = partners(context)
    return weights.compactMap { order in
      let tensor = context.tensors[order]
      func draft(
        _ severity: Finding.Severity, _ variant: String, fix: Bool = true, _ message: String
      ) -> Draft {
        Draft(
          .allZeroWeights, severity, tensor, at: order, variant: variant,
          remedy: fix ? Advice.rule(for: tensor, context) : nil
        ) { _ in message }
      }
      // What never trains is an error, also where the spec means it.
      if let partner = partners[tensor.name] {
        return draft(
          .error, "product",
          "every element is 0, and so is every element of \(quoted: partner), which it is multiplied with. The gradient of each contains the other as a factor, so neither ever trains."
        )
      }
      if let activation = stopping(tensor, context) {
        return draft(
          .error, "rectifier",
          "every element is 0, and \(activation.name) follows with a bias of 0. Its outputs and the gradients of the layer are exactly 0, so the layer and all layers before it never train."
        )
      }
      if judged.declarations.contains(tensor) { return nil }
      if !tensor.isKernel {
        return isBias(tensor)
          ? nil : draft(.information, "other", fix: false, "every element is 0, as tables that are added often are.")
      }
      if tensor.isAdapterOutput {
        return draft(
          .information, "adapter", fix: false,
          "every element is 0, as the second factor of an adapter should be: the adapter begins without an effect.")
      }
      if context.kernels.count > 1, otherKernels == 0 {
        return draft(
          .error, "all",
          "every element is 0, as in every weight of the model. No gradient reaches any layer but the last, and the units of a layer stay equal."
        )
      }
      if isLast(order, context) {
        return draft(
          .information, "last", fix: false,
          "every element is 0. The last weight may be 0: all outputs start equal, and the first step makes it nonzero, but the layers before it get no gradient until then."
        )
      }
      if context.isEmbedding(tensor), tensor.nameParts.contains(where: { $0.contains("pos") || $0.contains("type") }) {
        return draft(.information, "table", fix: false, "every element is 0: a table that is added to another one.")
      }
      if isDesign(tensor, zeroCounts, otherKernels: otherKernels, context) {
        return draft(
          .information, "branch", fix: false,
          "every element is 0, in each tensor of this name. Residual branches and zero convolutions start at 0; a plain layer must not."
        )
      }
      return draft(
        .warning, "plain",
        "every element is 0. The layers before it get no gradient until it changes; if a ReLU follows and the bias is 0, it never does."
      )
    }
  }

  static func isZero(_ tensor: ObservedTensor) -> Bool {
    let facts = tensor.statistics
    return facts.count > 0 && facts.zeros == facts.count
  }

  private static func isBias(_ tensor: ObservedTensor) -> Bool { tensor.nameParts.last?.contains("bias") ?? false }

  /// For each tensor of zeros, another one on the same path whose elements are all zero.
  private static func partners(_ context: FindingContext) -> [TensorName: TensorName] {
    var partners: [TensorName: TensorName] = [:]
    for product in context.path?.products ?? [] {
      let zeros = product.filter { name in
        context.tensor(name).map { ZeroWeightsRule.isZero($0) } ?? false
      }
      // The factors of a shared tensor are one factor.
      guard Set(zeros).count > 1, let first = zeros.first else { continue }
      for name in zeros { partners[name] = name == first ? zeros.first { $0 != first } : first }
    }
    return partners
  }

  /// The activation after a weight of zeros through which no gradient passes: ReLU's derivative at 0 is 0.
  private static func stopping(_ tensor: ObservedTensor, _ context: FindingContext) -> ActivationFunction? {
    guard let step = context.knownPath?.steps[tensor.name], !step.isLast else { return nil }
    switch step.activation {
    case .relu, .relu6: break
    default: return nil
    }
    // A norm after the layer has a bias of its own.
    if step.isNormalized { return nil }
    guard let bias = context.bias(of: tensor) else { return step.activation }
    return isZero(bias) ? step.activation : nil
  }

  private static func isLast(_ order: Int, _ context: FindingContext) -> Bool {
    let tensor = context.tensors[order]
    if let step = context.step(tensor) { return step.isLast }
    return context.kernels.last == order || tensor.isHeadByName
  }

  /// Whether every member of a family is zero beside other weights of its block that are not, as the last weights of
  /// residual branches are in DiT, or the convolutions that join ControlNet to its model.
  private static func isDesign(
    _ tensor: ObservedTensor, _ zeroCounts: [TensorName: Int], otherKernels: Int, _ context: FindingContext
  ) -> Bool {
    let zero = zeroCounts[FindingContext.pattern(tensor.name)] ?? 0
    guard zero > 1, zero == context.count(like: tensor.name), context.step(tensor)?.isMain != true else { return false }
    return otherKernels >= zero
  }
}
