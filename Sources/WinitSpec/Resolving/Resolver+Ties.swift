// Relations between tensors: tied weights, and streams that must differ.

package import WinitCore
import WinitJSON

extension Resolver {
  /// Gives tied tensors the laws and the streams of their targets.
  mutating func tie(_ tensors: inout [PlannedTensor]) {
    let byName = tensors.firstByName(\.name)
    tensors = tensors.compactMap { tensor in
      guard let name = tensor.tiedTo else { return tensor }
      guard let target = byName[name] else {
        // Problems beyond those that are shown need no suggestion, which takes time to find.
        let near =
          diagnostics.count >= SpecError.shown
          ? nil : nearest(to: name.string, in: byName.keys.map(\.string)).map { "; did you mean \(quoted: $0)?" }
        return reportTie(
          tensor, .unknownTensor, "the target of same_as, \(quoted: name), is not a tensor of this model\(near ?? "")")
      }
      if target.tiedTo != nil {
        guard let end = endOfTies(from: name, byName) else {
          return reportTie(
            tensor, .invalidTie,
            "the target of same_as, \(quoted: name), is tied in a circle; give a tensor of the circle an init of its own"
          )
        }
        return reportTie(
          tensor, .invalidTie,
          "the target of same_as, \(quoted: name), is itself tied to another tensor; name \(quoted: end)")
      }
      guard target.shape == tensor.shape, target.dtype == tensor.dtype else {
        return reportTie(
          tensor, .invalidTie,
          "the tensor is \(tensor.dtype) \(tensor.shape), and the target of same_as, \(quoted: name), is \(target.dtype) \(target.shape). Both must agree"
        )
      }
      guard tensor.seed == nil || tensor.seed == target.seed else {
        return reportTie(
          tensor, .invalidTie,
          "the tensor has a seed, and the target of same_as, \(quoted: name), has another. A tied tensor has the seed of its target; remove the seed"
        )
      }
      return PlannedTensor(
        name: tensor.name, shape: tensor.shape, dtype: tensor.dtype, law: target.law, streamName: name,
        tiedTo: name, record: tensor.record, literal: target.literal, seed: target.seed)
    }
  }

  /// Follows ties to a tensor with an init of its own; nil if there is none.
  private func endOfTies(from name: TensorName, _ tensors: [TensorName: PlannedTensor]) -> TensorName? {
    var name = name
    for _ in 0...tensors.count {
      guard let next = tensors[name]?.tiedTo else { return name }
      name = next
    }
    return nil
  }

  mutating func reportTie(
    _ tensor: PlannedTensor, _ kind: SpecProblem.Kind, _ message: String
  ) -> PlannedTensor? {
    report(
      kind, subjects[tensor.name]?.line(spec), message + optionRemedy(matches[tensor.name]?.rule), tensor: tensor.name)
    return nil
  }

  /// Reports names with the same stream, which would draw the same values.
  mutating func checkStreams(_ tensors: [PlannedTensor]) {
    for (name, other) in repeatedStreams(
      tensors.filter { $0.tiedTo == nil }.map { ($0.name, $0.name.stream) })
    {
      report(
        .invalidName, nil,
        "the name has the same stream as \(quoted: other), so both would draw the same values; rename one",
        tensor: name)
    }
  }
}

/// Returns the names whose stream an earlier name has, each with the earlier name. A repeated name is left out.
package func repeatedStreams(
  _ streams: [(name: TensorName, stream: UInt64)]
) -> [(name: TensorName, other: TensorName)] {
  var names: [UInt64: TensorName] = [:]
  return streams.compactMap { name, stream in
    guard let other = names[stream] else {
      names[stream] = name
      return nil
    }
    return name == other ? nil : (name, other)
  }
}
