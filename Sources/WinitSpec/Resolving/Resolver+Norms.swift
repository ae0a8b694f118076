// Tensors that are the norms of others.

import WinitCore
import WinitJSON

extension Resolver {
  /// Checks the tensors that are norms of others, and counts their axes from 0.
  mutating func takeNorms(_ tensors: inout [PlannedTensor]) {
    let byName = tensors.firstByName(\.name)
    tensors = tensors.compactMap { tensor in
      guard case .normOf(let name, let axes) = tensor.law else { return tensor }
      guard let target = byName[name] else {
        let near =
          diagnostics.count >= SpecError.shown
          ? nil : nearest(to: name.string, in: byName.keys.map(\.string)).map { "; did you mean \(quoted: $0)?" }
        return reportTie(
          tensor, .unknownTensor, "norm_of names \(quoted: name), which is not a tensor of this model\(near ?? "")")
      }
      guard let norms = norms(from: target, to: tensor.name, byName) else {
        return reportTie(
          tensor, .invalidTie,
          "norm_of names \(quoted: name), which is the tensor itself or depends on it; name another tensor")
      }
      guard norms < RecipeGraph.normLimit else {
        return reportTie(
          tensor, .invalidTie,
          "norm_of names \(quoted: name), which ends a chain of at least \(RecipeGraph.normLimit) norms; the limit is \(RecipeGraph.normLimit)"
        )
      }
      guard target.dtype.isFloatingPoint else {
        return reportTie(
          tensor, .invalidTie,
          "norm_of names \(quoted: name), whose dtype is \(target.dtype). A norm needs a floating-point dtype")
      }
      let places = axes.map { $0 < 0 ? $0 + target.shape.rank : $0 }.sorted()
      guard places.allSatisfy(target.shape.dims.indices.contains), Set(places).count == places.count else {
        return reportTie(
          tensor, .invalidTie,
          "norm_of has the axes \(axes), which are not different axes of \(quoted: name), whose shape is \(target.shape)"
        )
      }
      let kept = target.shape.dims.enumerated().map { places.contains($0.offset) ? 1 : $0.element }
      let left = target.shape.dims.enumerated().filter { !places.contains($0.offset) }.map(\.element)
      guard [kept, left].contains(tensor.shape.dims) else {
        return reportTie(
          tensor, .shapeMismatch,
          "the norm of \(quoted: name), \(target.shape), over the axes \(places) has the shape \(left) or \(kept), and the tensor's is \(tensor.shape)"
        )
      }
      let record: JSONValue = [
        "scheme": "norm_of", "of": .string(name.string), "axes": .array(places.map { .integer($0) }),
      ]
      return PlannedTensor(
        name: tensor.name, shape: tensor.shape, dtype: tensor.dtype, law: .normOf(name, axes: places),
        streamName: tensor.name, tiedTo: nil, record: record, literal: nil, seed: tensor.seed)
    }
  }

  /// Returns the number of norms in the chain that begins with a tensor; nil if the tensor is the one with the name, or
  /// depends on it. Counts no further than a chain may reach.
  private func norms(
    from tensor: PlannedTensor, to name: TensorName, _ tensors: [TensorName: PlannedTensor]
  ) -> Int? {
    var next: PlannedTensor? = tensor
    var (norms, steps) = (0, 0)
    // Between two norms there may be a tie.
    while let tensor = next, steps <= 2 * RecipeGraph.normLimit {
      if tensor.name == name { return nil }
      if case .normOf(let target, _) = tensor.law {
        norms += 1
        next = tensors[target]
      } else {
        next = tensor.tiedTo.flatMap { tensors[$0] }
      }
      steps += 1
    }
    return norms
  }
}
