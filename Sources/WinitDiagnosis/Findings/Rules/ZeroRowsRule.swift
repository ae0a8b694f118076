// zero-rows: outputs whose weights are all zero.

/// Finds outputs of zeros: padding rows of a table, or dead units.
enum ZeroRowsRule {
  static func drafts(_ context: FindingContext, _ judged: JudgedTensors) -> [Draft] {
    context.tensors.enumerated().compactMap { order, tensor in
      guard tensor.isWeight, tensor.tiedTo == nil, !ZeroWeightsRule.isZero(tensor),
        tensor.statistics.nan + tensor.statistics.infinite == 0,
        !judged.declarations.contains(tensor), !tensor.hasStructureBySpec,
        let outputs = tensor.statistics.units?.outputs, outputs.count > 1
      else { return nil }
      let zero = outputs.count { $0 == 0 }
      guard zero > 0 else { return nil }
      let counts = "\(NumberText.count(zero)) of \(NumberText.count(outputs.count))"
      if context.isEmbedding(tensor) {
        return Draft(.zeroRows, .information, tensor, at: order, variant: "table") { _ in
          "\(counts) rows are 0, as the rows of padding tokens are."
        }
      }
      let isMany = Double(zero) > 0.1 * Double(outputs.count)
      return Draft(
        .zeroRows, context.severity(isMany ? .warning : .information, for: tensor), tensor, at: order,
        remedy: isMany ? Advice.rule(for: tensor, context) : nil
      ) { _ in
        "\(counts) outputs have only weights of 0. They ignore the input, and if a ReLU follows and their bias is 0, they never train."
      }
    }
  }
}
