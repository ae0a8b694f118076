// Reads the steps of a chain from the entries of a network.

import WinitCore
import WinitInitializers

/// Reads steps, and checks that each takes what the step before gives.
struct DenseChainBuilder {
  typealias Step = DenseChain.Step

  let tensor: (String) -> (shape: Shape, fans: FanSource)?
  /// The numbers of the layers without a name of their own.
  private var unnamed: [String: Int] = [:]

  init(tensor: @escaping (String) -> (shape: Shape, fans: FanSource)?) { self.tensor = tensor }

  /// Reads steps.
  ///
  /// - Parameter size: the number of units that the first entry takes; afterwards, the number that the last gives.
  mutating func steps(
    _ entries: [Network.Entry], _ size: inout Int, isMain: Bool
  ) throws(PassRefusal) -> [Step] {
    var steps: [Step] = []
    for entry in entries {
      if steps.last?.activation == .softmax { throw .softmaxInside }
      switch entry {
      case .input: throw PassRefusal("no pass: the input is not the first entry of the network")
      case .weight(let weight):
        let dense = try dense(weight, size)
        size = dense.outputs
        steps.append(Step(operation: .dense(dense), activation: weight.activation, name: weight.weight))
      case .activation(let function):
        // The activation belongs to the layer before, as it does in theory.
        if let last = steps.indices.last, steps[last].activation == .linear, steps[last].kind != nil {
          steps[last].activation = function
        } else {
          steps.append(Step(operation: .none, activation: function, name: ""))
        }
      case .norm(let norm):
        let name = norm.weight ?? number("norm")
        steps.append(Step(operation: .norm(try self.norm(norm, size)), activation: .linear, name: name))
      case .residual(let branch, let shortcut):
        steps.append(try residual(branch, shortcut, &size))
      case .embedding: throw .notDense("an embedding")
      case .pool: throw .notDense("a pool")
      case .attention: throw .notDense("attention")
      case .gate: throw .notDense("a gate")
      }
      if steps.last?.activation == .softmax, !isMain { throw .softmaxInside }
    }
    return steps
  }

  /// Returns the number of units that entries take: the inputs of their first weight.
  func inputs(of entries: [Network.Entry]) throws(PassRefusal) -> Int {
    func first(_ entries: [Network.Entry]) -> Network.Weight? {
      for entry in entries {
        if case .weight(let weight) = entry { return weight }
        if case .residual(let branch, let shortcut) = entry, let found = first(branch) ?? first(shortcut) {
          return found
        }
      }
      return nil
    }
    guard let weight = first(entries) else {
      // An entry that a pass does not run is the better reason.
      var copy = self
      var size = 0
      _ = try copy.steps(entries, &size, isMain: true)
      throw .noWeight
    }
    return try dense(weight, nil).inputs
  }

  private mutating func number(_ kind: String) -> String {
    unnamed[kind, default: 0] += 1
    return "\(kind) \(unnamed[kind, default: 0])"
  }

  private mutating func residual(
    _ branch: [Network.Entry], _ shortcut: [Network.Entry], _ size: inout Int
  ) throws(PassRefusal) -> Step {
    var (first, second) = (size, size)
    let steps = try (self.steps(branch, &first, isMain: false), self.steps(shortcut, &second, isMain: false))
    let name = number("residual")
    guard first == second else {
      throw PassRefusal("no pass: the branch of \(name) gives \(first) units, and its shortcut \(second)")
    }
    size = first
    return Step(operation: .residual(steps.0, shortcut: steps.1), activation: .linear, name: name)
  }

  private func norm(_ norm: Network.Norm, _ size: Int) throws(PassRefusal) -> DenseChain.Norm {
    // The number of groups is not in the list.
    guard norm.kind != .group else { throw .notDense("a group norm") }
    for name in [norm.weight, norm.bias] { try check(name, size, "the norm") }
    return DenseChain.Norm(kind: norm.kind, weight: norm.weight, bias: norm.bias, units: size)
  }

  /// Checks that a vector has a number of elements.
  private func check(_ vector: String?, _ size: Int, _ owner: String) throws(PassRefusal) {
    guard let vector else { return }
    guard let (shape, _) = tensor(vector) else {
      throw PassRefusal("no pass: there is no tensor `\(TensorName(vector))`")
    }
    guard shape.elementCount == size else {
      throw PassRefusal(
        "no pass: `\(TensorName(vector))` has \(shape.elementCount) elements, and \(owner) has \(size) outputs")
    }
  }

  /// - Parameter size: the number of inputs; nil if it is unknown.
  private func dense(_ weight: Network.Weight, _ size: Int?) throws(PassRefusal) -> DenseChain.Dense {
    let name = TensorName(weight.weight)
    guard let (shape, fans) = tensor(weight.weight) else { throw PassRefusal("no pass: there is no tensor `\(name)`") }
    guard shape.rank == 2, weight.groups == 1, !weight.isTransposed else {
      throw .notDense("`\(name)` of shape \(shape)")
    }
    guard !shape.dims.contains(0) else { throw PassRefusal("no pass: `\(name)` has no element") }
    guard let order = fans.isInputFirst else {
      throw PassRefusal("no pass: `fans` of `\(name)` does not say which axis has the outputs")
    }
    // GPT-2's Conv1D weights are [inputs, outputs] in files that otherwise have PyTorch's layout.
    let isInferred = !fans.isExplicit && size == shape.dims[order ? 1 : 0] && size != shape.dims[order ? 0 : 1]
    let isInputFirst = order != isInferred
    let dense = DenseChain.Dense(
      weight: weight.weight, bias: weight.bias, inputs: shape.dims[isInputFirst ? 0 : 1],
      outputs: shape.dims[isInputFirst ? 1 : 0], isInputFirst: isInputFirst, isOrderInferred: isInferred)
    if let size, size != dense.inputs {
      throw PassRefusal("no pass: `\(name)` takes \(dense.inputs) inputs, and the layer before gives \(size)")
    }
    try check(weight.bias, dense.outputs, "`\(name)`")
    return dense
  }
}

extension FanSource {
  /// Whether a matrix is [inputs, outputs] in memory; nil if the source does not say it.
  fileprivate var isInputFirst: Bool? {
    func place(_ axes: [Int]) -> Int? { axes.count == 1 ? (axes[0] < 0 ? axes[0] + 2 : axes[0]) : nil }
    switch self {
    case .layout(let layout): return layout == .keras
    case .batch(let axes, let layout): return axes.isEmpty ? layout == .keras : nil
    case .axes(let axes):
      guard axes.batch.isEmpty else { return nil }
      switch (place(axes.input), place(axes.output)) {
      case (0, 1): return true
      case (1, 0): return false
      default: return nil
      }
    // The fans are those of another tensor. The layout of this one is then PyTorch's, the default of a spec.
    case .tensor: return false
    }
  }

  /// Whether the spec names the axes of this tensor.
  fileprivate var isExplicit: Bool {
    if case .axes = self { true } else { false }
  }
}

extension PassRefusal {
  static let noWeight = PassRefusal("no pass: the network has no weight")
  fileprivate static let softmaxInside = PassRefusal("no pass: a softmax is only possible at the end of the network")

  fileprivate static func notDense(_ entry: String) -> PassRefusal {
    PassRefusal(
      "no pass: the network has \(entry), and the command runs dense layers, norms and residual sums. `winit.torch.diagnose` runs any model"
    )
  }
}
