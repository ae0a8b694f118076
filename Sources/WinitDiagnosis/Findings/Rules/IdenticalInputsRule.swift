// identical-inputs: inputs of a weight that have the same weights.

import WinitCore

/// Finds inputs with equal weights to all outputs.
enum IdenticalInputsRule {
  static func drafts(_ context: FindingContext, _ judged: JudgedTensors) -> [Draft] {
    context.tensors.enumerated().compactMap { order, tensor in
      guard tensor.isWeight, tensor.tiedTo == nil, !tensor.statistics.isConstant,
        tensor.statistics.nan + tensor.statistics.infinite == 0,
        !judged.declarations.contains(tensor), !judged.faulty.contains(tensor.name),
        let inputs = tensor.statistics.units?.inputs, inputs.count > 1,
        tensor.isNeverEqualByChance(elements: tensor.statistics.count / inputs.count)
      else { return nil }
      var places: [UInt64: [Int]] = [:]
      for (i, hash) in inputs.enumerated() where hash != 0 { places[hash, default: []].append(i) }
      let declared = DeclaredUnits(tensor)
      let equal = places.values.filter { group in
        group.count > 1 && group.contains { !declared.contains($0, .input) }
      }.reduce(0) { $0 + $1.count }
      guard equal > 0 else { return nil }
      let found =
        "\(NumberText.count(equal)) of \(NumberText.count(inputs.count)) inputs have the weights of another one"
      // Nothing says that these are inputs: in the other layout they are neurons.
      if tensor.isLayoutAssumed, tensor.isKernel, !context.isEmbedding(tensor), tensor.shape.rank == 2 {
        return Draft(
          .identicalInputs, .warning, tensor, at: order, variant: "layout", remedy: Advice.rule(for: tensor, context)
        ) { _ in
          "\(found). If the weight is [inputs, outputs], they are equal neurons: run again with `--layout keras`."
        }
      }
      return Draft(.identicalInputs, .information, tensor, at: order) { _ in
        "\(found). The layer cannot tell them apart until a step makes them different."
      }
    }
  }
}
