// identical-tensors: weights with the same bytes that are not tied.

import WinitCore
import WinitJSON

/// Finds weights of one shape with equal digests, such as the layers that `nn.TransformerEncoder` copies from one.
enum IdenticalTensorsRule {
  private struct Key: Hashable {
    let digest: SHA256Digest
    let shape: Shape
    let dtype: DType
  }

  static func drafts(_ context: FindingContext, _ judged: JudgedTensors) -> [Draft] {
    var groups: [Key: [Int]] = [:]
    for (i, tensor) in context.tensors.enumerated() {
      guard tensor.isWeight, tensor.tiedTo == nil, let digest = tensor.digest, !tensor.statistics.isConstant,
        tensor.statistics.nan + tensor.statistics.infinite == 0,
        !judged.declarations.contains(tensor), !tensor.isComputedBySpec,
        tensor.statistics.count * tensor.significandBits >= 256, !isIdentity(tensor)
      else { continue }
      groups[Key(digest: digest, shape: tensor.shape, dtype: tensor.dtype), default: []].append(i)
    }
    return groups.values.filter { $0.count > 1 }.flatMap { drafts(of: $0, context) }
  }

  /// Whether a weight has at most one element that is not 0 for each output or input, as an identity or a dirac has.
  private static func isIdentity(_ tensor: ObservedTensor) -> Bool {
    tensor.statistics.count - tensor.statistics.zeros <= tensor.shape.dims.reduce(0, max)
  }

  /// The finding of a group names each tensor but the first, so that a family of copies folds to one finding.
  private static func drafts(of group: [Int], _ context: FindingContext) -> [Draft] {
    let first = context.tensors[group[0]]
    let pattern = FindingContext.pattern(first.name)
    let hasTable = group.contains { context.isEmbedding(context.tensors[$0]) }
    return group.dropFirst().map { order in
      let tensor = context.tensors[order]
      if hasTable {
        return Draft(.identicalTensors, .information, tensor, at: order, variant: "table \(first.name.string)") { _ in
          "the elements are those of \(quoted: first.name). The two are probably tied, which a file does not record."
        }
      }
      // A target network or a momentum encoder is a copy on purpose, under another name.
      guard FindingContext.pattern(tensor.name) == pattern else {
        return Draft(.identicalTensors, .information, tensor, at: order, variant: "copy") { _ in
          "the elements are those of \(quoted: first.name). A target network is such a copy; layers of one network must not be."
        }
      }
      let (from, to) = IdenticalTensorsRule.layers(first.name, tensor.name)
      var draft = Draft(
        .identicalTensors, context.severity(.warning, for: tensor), tensor, at: order, variant: from,
        remedy: Advice.rule(for: tensor, context)
      ) { _ in
        "the elements are those of \(quoted: first.name), and the two are not tied. Cloned layers begin as one layer that is applied several times; nn.TransformerEncoder clones its layers in this way."
      }
      draft.group = Draft.Group(
        pattern: FindingContext.pattern(TensorName(to)),
        message:
          "the elements are those of the same weights of \(quoted: from), and are not tied. Cloned layers begin as one layer that is applied several times; nn.TransformerEncoder clones its layers in this way."
      )
      return draft
    }
  }

  /// The names up to the first number that differs: `layers.0` and `layers.3`.
  private static func layers(_ first: TensorName, _ second: TensorName) -> (String, String) {
    let (left, right) = (
      NumberedName(first.string, maximumNumbers: 64), NumberedName(second.string, maximumNumbers: 64)
    )
    guard left.numbers.count == right.numbers.count,
      let place = left.numbers.indices.first(where: { left.numbers[$0] != right.numbers[$0] })
    else { return (first.string, second.string) }
    func prefix(_ name: NumberedName) -> String {
      (0...place).map { name.texts[$0] + String(name.numbers[$0]) }.joined()
    }
    return (prefix(left), prefix(right))
  }
}
