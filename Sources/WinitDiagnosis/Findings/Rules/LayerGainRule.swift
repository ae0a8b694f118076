// layer-gain: a layer that changes the scale of what passes it.

import WinitCore
import WinitInitializers

/// Finds layers without a norm after them that multiply the signal by less than 0.8 or more than 1.25, and names the
/// initialization that has this scale. Whether it is a fault depends on the depth: `SignalRule` judges that.
enum LayerGainRule {
  private static let healthy = 0.8...1.25

  static func drafts(_ context: FindingContext, _ judged: JudgedTensors) -> [Draft] {
    guard let path = context.knownPath else { return [] }
    return path.order.compactMap { name in
      guard let order = context.index[name], !judged.faulty.contains(name),
        !judged.declarations.contains(context.tensors[order]), let gain = gain(order, context)
      else { return nil }
      let tensor = context.tensors[order]
      let law = RecognizedLaw(tensor)?.name
      let wanted = Advice.initializer(behind: gain.activation)
      // A weight that has the wanted scheme is off only by unequal fans, or by the draw of a small tensor.
      if !gain.isBackward, hasWantedScheme(tensor, law, gain.activation) { return nil }
      let (activation, scale) = (gain.activation.name, law.map { "the scale is that of \($0), which" } ?? "the weights")
      let verb = law == nil ? ("multiply", "divide") : ("multiplies", "divides")
      func draft(_ value: Double, fix: Bool, _ message: @escaping @Sendable (String) -> String) -> Draft {
        Draft(
          .layerGain, .information, tensor, at: order, layer: name, variant: "\(law ?? "") \(activation)", value: value,
          remedy: fix ? .rule(name, initializer: wanted) : nil, message: message)
      }
      if gain.isBackward {
        return draft(1 / gain.factor, fix: gain.weightPart < 0.8) {
          "\(scale) \(verb.1) gradients by \($0) a layer under sigmoid. Xavier's scheme divides them by 4.2, and He's by 3.1; no scale avoids this, but tanh, a rectifier or a norm does."
        }
      }
      return draft(gain.factor, fix: true) {
        "\(scale) \(verb.0) the signal by \($0) a layer under \(activation). \(LayerGainRule.name(of: gain.activation)) keeps it near 1."
      }
    }
  }

  private static func hasWantedScheme(
    _ tensor: ObservedTensor, _ law: String?, _ activation: ActivationFunction
  ) -> Bool {
    let wanted = name(of: activation).prefix(while: \.isLetter)
    if let scheme = Advice.schemeName(tensor), scheme.hasPrefix(wanted.lowercased() + "_") { return true }
    return law.map { $0 == wanted } ?? false
  }

  private struct Gain {
    let activation: ActivationFunction
    /// fan_in · E w².
    let weightPart: Double
    let factor: Double
    let isBackward: Bool
  }

  /// The factor of a layer on the main path, if it is outside of the healthy range; nil for any other layer.
  private static func gain(_ order: Int, _ context: FindingContext) -> Gain? {
    let tensor = context.tensors[order]
    guard let step = context.path?.steps[tensor.name], step.isMain, !step.isNormalized, !step.isEmbedding, !step.isLast,
      !step.isTransposed, tensor.isKernel, let fans = tensor.fans
    else { return nil }
    let part = Double(fans.fanIn) * tensor.statistics.meanSquare
    guard part > 0, part.isFinite else { return nil }
    switch step.activation {
    case .softmax, .softplus: return nil
    case .sigmoid:
      // The second moment of the outputs of a deep chain of sigmoids does not depend on its input.
      var q = part
      for _ in 0..<50 {
        let next = part * step.activation.secondMoment(q)
        if abs(next - q) <= 1e-9 * q { break }
        q = next
      }
      let factor = (part * step.activation.derivativeMoment(q)).squareRoot()
      return healthy.contains(factor)
        ? nil : Gain(activation: .sigmoid, weightPart: part, factor: factor, isBackward: true)
    case .tanh:
      // Near 0, tanh is the identity. Beyond, it holds the signal itself: He's weights under tanh are no fault.
      let factor = part.squareRoot()
      return factor >= healthy.lowerBound
        ? nil : Gain(activation: .tanh, weightPart: part, factor: factor, isBackward: false)
    case .linear, .relu, .relu6, .selu, .elu, .gelu, .geluTanh, .quickGELU, .silu, .mish, .hardswish, .leakyReLU:
      let factor = step.activation.secondMoment(part).squareRoot()
      return healthy.contains(factor)
        ? nil : Gain(activation: step.activation, weightPart: part, factor: factor, isBackward: false)
    }
  }

  private static func name(of activation: ActivationFunction) -> String {
    switch activation {
    case .tanh, .sigmoid, .softmax: "Xavier's scheme"
    case .selu, .linear: "LeCun's scheme (std 1/√fan_in)"
    default: "He's scheme"
    }
  }
}
