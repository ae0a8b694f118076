// The values at the start of a network.

import WinitCore
import WinitJSON

extension TheoryBuilder {
  /// The first tensor that takes values.
  private enum First {
    case weight(Network.Weight)
    case table(String)
  }

  /// Returns the values that enter a network, and its entries without the input.
  func start(_ network: Network) throws(TheoryProblem) -> (state: State, rest: [Network.Entry]) {
    guard let first = first(network.entries) else { throw TheoryProblem("the network has no layer with weights") }
    var rest = network.entries
    var input: (shape: [Int], std: Double)?
    if case .input(let shape, let std) = network.entries.first {
      input = (shape, std)
      rest.removeFirst()
    }
    let q = (input?.std ?? 1) * (input?.std ?? 1)
    guard q.isFinite, q > 0 else { throw TheoryProblem("the std of the input is not a positive number") }
    switch first {
    case .table(let name):
      let table = try tensor(name)
      guard let width = table.shape.dims.last else { throw TheoryProblem("\(quoted: name) has no rows") }
      let lengths = input.map { Array($0.shape.prefix(1)) } ?? [Self.defaultTokens]
      let moments = SignalMoments(q: 0, sample: 0, position: 0, both: 0)
      return (State(moments: moments, extent: Extent(channels: width, lengths: lengths, isSequence: true)), rest)
    case .weight(let weight):
      let extent = try extent(input?.shape, weight)
      return (State(moments: .independent(q, positions: extent.hasPositions), extent: extent), rest)
    }
  }

  /// Returns the shape of the input: that of the network, in the order of axes that the first weight takes.
  private func extent(_ shape: [Int]?, _ weight: Network.Weight) throws(TheoryProblem) -> Extent {
    let facts = try tensor(weight.weight)
    guard let axes = LayerAxes.readings(facts).first else {
      throw TheoryProblem("\(quoted: weight.weight) of shape \(facts.shape) is no weight with inputs and outputs")
    }
    guard let shape else {
      if axes.kernel.isEmpty {
        return hasAttention
          ? Extent(channels: axes.inputs, lengths: [Self.defaultTokens], isSequence: true) : .vector(axes.inputs)
      }
      let channels = weight.isTransposed ? axes.outputs : product([axes.inputs, weight.groups]) ?? axes.inputs
      return Extent(channels: channels, lengths: nil)
    }
    guard let first = shape.first, let last = shape.last, shape.allSatisfy({ $0 > 0 }) else {
      throw TheoryProblem("the input of the network has no elements")
    }
    guard shape.count > 1 else { return .vector(first) }
    var candidates = [Extent(channels: first, lengths: Array(shape.dropFirst()))]
    candidates.append(Extent(channels: last, lengths: Array(shape.dropLast())))
    candidates.append(Extent(channels: last, lengths: Array(shape.dropLast()), isSequence: true))
    for candidate in candidates {
      if (try? self.axes(weight.weight, facts, weight, candidate)) != nil { return candidate }
    }
    return candidates[0]
  }

  private func first(_ entries: [Network.Entry]) -> First? {
    for entry in entries {
      switch entry {
      case .embedding(let embedding): if let table = embedding.tables.first { return .table(table) }
      case .weight(let weight): return .weight(weight)
      case .attention(let attention): return .weight(Network.Weight(attention.value))
      case .gate(let gate): return .weight(Network.Weight(gate.gate))
      case .residual(let branch, let shortcut):
        if let found = first(branch) ?? first(shortcut) { return found }
      case .input, .activation, .norm, .pool: continue
      }
    }
    return nil
  }
}
