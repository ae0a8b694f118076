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
          ? nil : nearest(to: name.string, in: byName.keys.map(\.string)).map { "; did you mean `\($0)`?" }
        return reportTie(
          tensor, .unknownTensor, "norm_of names `\(name)`, which is not a tensor of this model\(near ?? "")")
      }
      guard !depends(target, on: tensor.name, byName) else {
        return reportTie(
          tensor, .invalidTie,
          "norm_of names `\(name)`, which is the tensor itself or depends on it; name another tensor")
      }
      guard target.dtype.isFloatingPoint else {
        return reportTie(
          tensor, .invalidTie,
          "norm_of names `\(name)`, whose dtype is \(target.dtype). A norm needs a floating-point dtype")
      }
      let places = axes.map { $0 < 0 ? $0 + target.shape.rank : $0 }.sorted()
      guard places.allSatisfy(target.shape.dims.indices.contains), Set(places).count == places.count else {
        return reportTie(
          tensor, .invalidTie,
          "norm_of has the axes \(axes), which are not different axes of `\(name)`, whose shape is \(target.shape)")
      }
      let kept = target.shape.dims.enumerated().map { places.contains($0.offset) ? 1 : $0.element }
      let left = target.shape.dims.enumerated().filter { !places.contains($0.offset) }.map(\.element)
      guard [kept, left].contains(tensor.shape.dims) else {
        return reportTie(
          tensor, .shapeMismatch,
          "the norm of `\(name)`, \(target.shape), over the axes \(places) has the shape \(left) or \(kept), and the tensor's is \(tensor.shape)"
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

  /// Whether a tensor is another tensor, or takes its values or its norm from it, directly or through others.
  private func depends(_ tensor: PlannedTensor, on name: TensorName, _ tensors: [TensorName: PlannedTensor]) -> Bool {
    var next: PlannedTensor? = tensor
    // A circle that the tensor is not part of has at most as many tensors as there are.
    for _ in 0...tensors.count {
      guard let tensor = next else { return false }
      if tensor.name == name { return true }
      if case .normOf(let target, _) = tensor.law {
        next = tensors[target]
      } else {
        next = tensor.tiedTo.flatMap { tensors[$0] }
      }
    }
    return true
  }
}
