// The init that a weight should have.

import WinitCore
import WinitInitializers
import WinitJSON

/// The remedies that a spec can give.
enum Advice {
  /// A rule with the init that a tensor should have: that of the other members of its family, or else the one for its
  /// activation.
  static func rule(for tensor: ObservedTensor, _ context: FindingContext) -> Remedy {
    .rule(tensor.name, initializer: initializer(for: tensor, context))
  }

  static func initializer(for tensor: ObservedTensor, _ context: FindingContext) -> String {
    guard tensor.isWeight else { return tensor.nameParts.last == "weight" ? "ones" : "zeros" }
    // Most members of a family have the init of the one in the middle.
    if let sibling = context.usualSibling(of: tensor), let text = initializer(of: sibling) { return text }
    if context.isEmbedding(tensor) { return "{scheme: normal, std: 0.02}" }
    return initializer(behind: context.activation(behind: tensor))
  }

  /// The init that gave a weight, or the one that gives its scale.
  private static func initializer(of tensor: ObservedTensor) -> String? {
    if let text = recorded(tensor) { return text }
    if let law = RecognizedLaw(tensor) { return law.initializer }
    return "{scheme: normal, std: \(NumberText.of(tensor.statistics.std))}"
  }

  /// The recorded scheme on one line; nil for one with expressions of elements, with parts, or with other tensors.
  static func recorded(_ tensor: ObservedTensor) -> String? {
    guard let record = tensor.scheme, case .object(let members) = record, let name = record["scheme"]?.stringValue,
      !["parts", "same_as", "literal", "norm_of", "expression"].contains(name), record["names"] == nil
    else { return nil }
    let rest = FanSource.keys.union(["scheme", "alias", "expressions", "picked", "because"])
    var text = "scheme: \(name)"
    for member in members where !rest.contains(member.key) {
      switch member.value {
      case .number(let number): text += ", \(member.key): \(JSONValue.number(number).compact)"
      case .string(let word)
      where word.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "_().".contains($0)) }):
        text += ", \(member.key): \(word)"
      default: return nil
      }
    }
    return "{\(text)}"
  }

  /// The init for an activation: Xavier's for tanh, sigmoid and softmax, He's for rectifiers, LeCun's for SELU and for
  /// no activation.
  /// nil is an activation that nothing says.
  static func initializer(behind activation: ActivationFunction?) -> String {
    switch activation {
    case .tanh, .sigmoid, .softmax: "{scheme: xavier_normal}"
    case .leakyReLU(let slope): "{scheme: he_normal, activation: leaky_relu, slope: \(NumberText.of(slope))}"
    case .selu, .linear: "{scheme: lecun_normal}"
    case .relu, .relu6, .elu, .gelu, .geluTanh, .quickGELU, .silu, .mish, .hardswish, .softplus, nil:
      "{scheme: he_normal, activation: relu}"
    }
  }
}

extension Advice {
  /// The variance of the elements that `initializer(behind:)` gives.
  static func variance(behind activation: ActivationFunction?, _ fans: Fans) -> Double {
    let (fanIn, fanOut) = (Double(max(1, fans.fanIn)), Double(max(1, fans.fanOut)))
    switch activation {
    case .tanh, .sigmoid, .softmax: return 2 / (fanIn + fanOut)
    case .leakyReLU(let slope): return 2 / ((1 + slope * slope) * fanIn)
    case .selu, .linear: return 1 / fanIn
    case .relu, .relu6, .elu, .gelu, .geluTanh, .quickGELU, .silu, .mish, .hardswish, .softplus, nil: return 2 / fanIn
    }
  }

  /// The name of the scheme that a tensor is recorded with; nil for a tensor without one.
  static func schemeName(_ tensor: ObservedTensor) -> String? {
    tensor.scheme?["picked"]?.stringValue ?? tensor.scheme?["scheme"]?.stringValue
  }
}
