// dead-units, saturating and look-alike-inputs: what a batch shows of the activations.

import WinitCore

/// Finds layers in which at least 90 percent of the units are 0 for every sample of a batch of at least 64. Fewer are
/// healthy: a chain with He's weights has 44 percent at layer 50.
enum DeadUnitsRule {
  static func drafts(_ context: FindingContext, _ judged: JudgedTensors) -> [Draft] {
    guard let batch = context.evidence.batch, batch >= 64 else { return [] }
    var drafts: [Draft] = []
    for layer in judged.soundLayers(context.evidence.layers) {
      guard let dead = layer.measured?.dead, dead >= 0.9 else { continue }
      let order = context.order(ofLayer: layer.name)
      guard dead < 1 else {
        // The later layers get 0 from it, and their outputs are their biases.
        drafts.append(
          Draft(
            .deadUnits, .error, layer: layer.name, at: order, variant: "all",
            remedy: DeadUnitsRule.remedy(layer, context)
          ) { _ in
            "every unit is 0 for all \(batch) samples. No gradient passes the layer, so it and the layers before it never train."
          })
        break
      }
      drafts.append(
        Draft(
          .deadUnits, .warning, layer: layer.name, at: order, value: 100 * dead,
          remedy: DeadUnitsRule.remedy(layer, context)
        ) { "\($0)% of the units are 0 for all \(batch) samples. They get no gradient, and most will never train." })
    }
    return drafts
  }

  /// The rule for the bias if it is below 0, else the one for the weight.
  private static func remedy(_ layer: LayerDiagnosis, _ context: FindingContext) -> Remedy? {
    guard let tensor = context.tensor(ofLayer: layer.name) else { return nil }
    if let bias = context.bias(of: tensor), let mean = bias.statistics.mean, mean < 0 {
      return .rule(bias.name, initializer: "zeros")
    }
    return .rule(tensor.name, initializer: Advice.initializer(behind: context.activation(behind: tensor)))
  }
}

/// Finds layers of tanh or sigmoid in which more than half of the outputs are at their limits.
enum SaturatingRule {
  static func drafts(_ context: FindingContext, _ judged: JudgedTensors) -> [Draft] {
    judged.soundLayers(context.evidence.layers).compactMap { layer in
      guard let saturated = layer.measured?.saturated, saturated > 0.5 else { return nil }
      let remedy = context.tensor(ofLayer: layer.name).map {
        Remedy.rule($0.name, initializer: Advice.initializer(behind: context.activation(behind: $0) ?? .tanh))
      }
      return Draft(
        .saturating, .warning, layer: layer.name, at: context.order(ofLayer: layer.name), value: 100 * saturated,
        remedy: remedy
      ) {
        "\($0)% of the outputs of \(layer.activation ?? "the activation") are saturated. Its derivative is almost 0 there, so the layer learns slowly and passes little gradient."
      }
    }
  }
}

/// Finds the first hidden layer whose outputs for two inputs have a mean cosine above 0.99.
enum LookAlikeInputsRule {
  static func drafts(_ context: FindingContext, _ judged: JudgedTensors) -> [Draft] {
    let main = context.evidence.layers.filter(\.isMainPath)
    let sound = judged.soundLayers(main)
    guard let last = main.last?.name,
      let layer = sound.first(where: { ($0.measured?.cosine ?? 0) > 0.99 && $0.name != last }),
      let cosine = layer.measured?.cosine
    else { return [] }
    // Shallow networks train so: the outputs of a sigmoid, and of biases beside small inputs, have a large common part.
    let isDeep = main.count >= 5
    return [
      Draft(
        .lookAlikeInputs, isDeep ? .warning : .information, layer: layer.name, at: context.order(ofLayer: layer.name),
        value: cosine,
        // Small weights leave the biases, which all inputs share.
        remedy: CurveCause(of: 0, .forward, context)?.remedy
      ) {
        "the outputs for two inputs have a mean cosine of \($0) from this layer on. The later layers can hardly tell inputs apart."
      }
    ]
  }
}

extension FindingContext {
  /// The weight of a layer.
  func tensor(ofLayer name: String) -> ObservedTensor? {
    tensor(TensorName(name)) ?? tensor(TensorName(name + ".weight"))
  }
}
