// bias-dominated: a layer whose outputs are mostly its biases.

import WinitCore
import WinitInitializers

/// Finds hidden layers whose biases have a larger second moment than what the weights make of the input.
enum BiasDominatedRule {
  static func drafts(_ context: FindingContext, _ judged: JudgedTensors) -> [Draft] {
    guard let path = context.knownPath, let curve = SignalCurve.curves(context.evidence).first, !curve.isAssumed else {
      return []
    }
    let sound = judged.soundLayers(curve.layers)
    var before: Double? = curve.layers.first?.kind == "embedding" ? nil : context.evidence.inputStd.map { $0 * $0 }
    var drafts: [Draft] = []
    for layer in sound {
      defer { before = layer.measured.map { $0.rms * $0.rms } ?? layer.theory?.q }
      let name = TensorName(layer.name)
      guard let step = path.steps[name], step.isMain, !step.isNormalized, !step.isLast, !step.isTransposed,
        let order = context.index[name], let input = before, let fans = context.tensors[order].fans,
        let bias = context.bias(of: context.tensors[order])
      else { continue }
      let byWeights = Double(fans.fanIn) * context.tensors[order].statistics.meanSquare * input
      let byBias = bias.statistics.meanSquare
      guard byBias > byWeights else { continue }
      drafts.append(
        Draft(
          .biasDominated, .information, bias, at: order, layer: name,
          value: 100 * byBias / (byBias + byWeights), remedy: .rule(bias.name, initializer: "zeros")
        ) {
          "the biases make \($0)% of the second moment of the outputs before the activation. What depends on the input is smaller than what does not."
        })
    }
    return drafts
  }
}
