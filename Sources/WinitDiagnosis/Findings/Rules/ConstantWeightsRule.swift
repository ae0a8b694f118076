// constant-weights: a weight whose elements are one number.

import WinitCore

/// Finds weights whose elements are all one number other than 0.
enum ConstantWeightsRule {
  static func drafts(_ context: FindingContext, _ judged: JudgedTensors) -> [Draft] {
    context.tensors.enumerated().compactMap { order, tensor in
      guard isConstant(tensor), tensor.isWeight, tensor.tiedTo == nil, let value = tensor.statistics.minimum else {
        return nil
      }
      if isSymmetric(order, context) {
        return Draft(
          .constantWeights, .error, tensor, at: order, variant: "symmetric", value: value,
          remedy: Advice.rule(for: tensor, context)
        ) {
          "every element is \($0), and a neighboring layer is constant too. All units of the layer compute and learn the same, so it stays as narrow as one unit."
        }
      }
      guard !judged.declarations.contains(tensor), tensor.isKernel else { return nil }
      return Draft(
        .constantWeights, .warning, tensor, at: order, value: value, remedy: Advice.rule(for: tensor, context)
      ) {
        "every element is \($0). All units of the layer compute the same until the gradients of the next layer tell them apart."
      }
    }
  }

  private static func isConstant(_ tensor: ObservedTensor) -> Bool {
    tensor.statistics.isConstant && tensor.statistics.minimum != 0 && tensor.isFloating
  }

  /// Whether the units of a layer have one incoming and one outgoing weight, so that their gradients are equal forever:
  /// the tensor and the one before or behind it are constant, and the bias between them is too.
  private static func isSymmetric(_ order: Int, _ context: FindingContext) -> Bool {
    let tensor = context.tensors[order]
    guard tensor.isKernel else { return false }
    func isPair(_ first: ObservedTensor, _ second: ObservedTensor) -> Bool {
      guard first.isKernel, second.isKernel, second.statistics.isConstant, first.statistics.isConstant else {
        return false
      }
      return context.bias(of: first)?.statistics.isConstant ?? true
    }
    if let path = context.path {
      let behind = (path.steps[tensor.name]?.followers ?? []).compactMap { context.tensor($0) }
      if behind.contains(where: { isPair(tensor, $0) }) { return true }
      guard let name = path.steps[tensor.name]?.predecessor, let before = context.tensor(name) else { return false }
      return isPair(before, tensor)
    }
    // Without a path, the neighbors in the file whose sizes fit.
    guard let place = context.kernelPlaces[order] else { return false }
    func fits(_ first: ObservedTensor, _ second: ObservedTensor) -> Bool {
      guard let outputs = first.statistics.units?.outputs.count, let inputs = second.statistics.units?.inputs.count
      else { return false }
      return outputs == inputs && isPair(first, second)
    }
    let behind = place + 1 < context.kernels.count ? context.tensors[context.kernels[place + 1]] : nil
    let before = place > 0 ? context.tensors[context.kernels[place - 1]] : nil
    return behind.map { fits(tensor, $0) } ?? false || before.map { fits($0, tensor) } ?? false
  }
}
