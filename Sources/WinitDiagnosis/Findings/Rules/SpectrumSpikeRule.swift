// spectrum-spike: a singular value far above those of independent elements.

import WinitInitializers

/// Finds weights whose largest singular value is above 1.1 times the Marchenko–Pastur edge.
enum SpectrumSpikeRule {
  static func drafts(_ context: FindingContext, _ judged: JudgedTensors) -> [Draft] {
    context.kernels.compactMap { order in
      let tensor = context.tensors[order]
      guard let spectrum = tensor.spectrum, spectrum.edge > 0, !judged.faulty.contains(tensor.name),
        !judged.declarations.contains(tensor), !context.isEmbedding(tensor), !tensor.hasStructureBySpec
      else { return nil }
      let ratio = spectrum.largest / spectrum.edge
      // Below a side of 64 the edge itself scatters by more than a tenth.
      guard ratio > 1.1, (tensor.fans.map { min($0.fanIn, $0.fanOut) } ?? 0) >= 64 else { return nil }
      return Draft(
        .spectrumSpike, .warning, tensor, at: order, value: ratio, remedy: Advice.rule(for: tensor, context)
      ) {
        "the largest singular value is \($0) times that of independent elements of this scale. One direction of the input grows by more than the others in every layer."
      }
    }
  }
}
