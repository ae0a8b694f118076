// The weights of a network with what lies around them.

import WinitCore

/// The weights of a network, each with its activation, its bias and the weights that take its output.
struct NetworkPath {
  /// A weight of the path.
  struct Step {
    var weight: TensorName
    var bias: TensorName?
    /// The activation behind the weight, also one behind a norm.
    var activation: ActivationFunction
    /// Whether the weight is outside of residual branches, attention and gates.
    var isMain: Bool
    /// Whether a norm lies between the weight and the next one.
    var isNormalized = false
    /// The weights that take the output of this one and nothing else.
    var followers: [TensorName] = []
    /// The weights before this one on the main path or in its branch.
    var predecessor: TensorName?
    var groups = 1
    var isTransposed = false
    var isEmbedding = false
    /// Whether nothing but an activation comes behind the weight.
    var isLast = false
  }

  private(set) var steps: [TensorName: Step] = [:]
  /// The weights in forward order.
  private(set) var order: [TensorName] = []
  /// Lists of weights of which each multiplies the outputs of the one before: the main path, each residual branch, and
  /// each pair of queries and keys. Scales of norms are in them.
  private(set) var products: [[TensorName]] = []

  init(_ network: Network) {
    walk(network.entries, isMain: true)
    if let last = order.last, let isMain = steps[last]?.isMain { steps[last]?.isLast = isMain }
  }

  private mutating func add(_ step: Step) {
    guard steps[step.weight] == nil else { return }
    steps[step.weight] = step
    order.append(step.weight)
  }

  private mutating func walk(_ entries: [Network.Entry], isMain: Bool) {
    var factors: [TensorName] = []
    var previous: TensorName?
    for (i, entry) in entries.enumerated() {
      let rest = entries[(i + 1)...]
      switch entry {
      case .weight(let weight):
        let name = TensorName(weight.weight)
        add(
          Step(
            weight: name, bias: weight.bias.map { TensorName($0) },
            activation: weight.activation == .linear ? NetworkPath.activation(in: rest) : weight.activation,
            isMain: isMain, isNormalized: NetworkPath.isNormalized(by: rest),
            followers: NetworkPath.followers(in: rest), predecessor: previous, groups: weight.groups,
            isTransposed: weight.isTransposed))
        factors.append(name)
        previous = name
      case .embedding(let embedding):
        for table in embedding.tables {
          add(Step(weight: TensorName(table), activation: .linear, isMain: isMain, isEmbedding: true))
        }
        previous = nil
      case .attention(let attention):
        let names = [attention.query, attention.key, attention.value].map { TensorName($0) }
        let output = TensorName(attention.output)
        for name in names { add(Step(weight: name, activation: .linear, isMain: false)) }
        add(Step(weight: output, activation: .linear, isMain: false))
        factors += names[2] == output ? [output] : [names[2], output]
        if names[0] != names[1] { products.append([names[0], names[1]]) }
        previous = nil
      case .gate(let gate):
        let names = [TensorName(gate.gate), TensorName(gate.up)]
        for name in names {
          add(Step(weight: name, activation: .linear, isMain: false, followers: NetworkPath.followers(in: rest)))
        }
        factors += names
        previous = nil
      case .norm(let norm): if let weight = norm.weight { factors.append(TensorName(weight)) }
      case .residual(let branch, let shortcut):
        walk(branch, isMain: false)
        walk(shortcut, isMain: false)
        previous = nil
      case .input, .activation, .pool: break
      }
    }
    if factors.count > 1 { products.append(factors) }
  }

  private static func activation(in rest: ArraySlice<Network.Entry>) -> ActivationFunction {
    for entry in rest {
      switch entry {
      case .activation(let activation): return activation
      case .norm, .pool: continue
      default: return .linear
      }
    }
    return .linear
  }

  private static func isNormalized(by rest: ArraySlice<Network.Entry>) -> Bool {
    for entry in rest {
      switch entry {
      case .norm: return true
      case .activation, .pool: continue
      default: return false
      }
    }
    return false
  }

  private static func followers(in rest: ArraySlice<Network.Entry>) -> [TensorName] {
    for entry in rest {
      switch entry {
      case .activation, .norm, .pool: continue
      case .weight(let weight): return [TensorName(weight.weight)]
      case .gate(let gate): return [TensorName(gate.gate), TensorName(gate.up)]
      case .attention(let attention):
        return [attention.query, attention.key, attention.value].map { TensorName($0) }
      default: return []
      }
    }
    return []
  }
}
