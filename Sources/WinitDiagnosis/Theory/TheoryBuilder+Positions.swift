// Embeddings, norms, pools and attention.

import WinitCore
import WinitJSON

extension TheoryBuilder {
  /// A table with at most this number of rows gives the kind of a token, which all tokens of a sample usually share.
  private static let maximumKinds = 16

  /// The sum of rows of tables: at the start of the first table's tokens, later of what is added to the values. Samples
  /// share the rows of positions.
  mutating func add(
    _ embedding: Network.Embedding, _ state: inout State, isMain: Bool, _ steps: inout [BackwardStep]
  ) throws(TheoryProblem) {
    guard let first = embedding.tables.first else { throw TheoryProblem("an embedding has no table") }
    let isStart = state.moments.q == 0 && state.fanIn == 0
    for name in embedding.tables {
      let table = try tensor(name)
      guard let width = table.shape.dims.last, width == state.extent.channels else {
        throw .contradiction(
          "the table \(quoted: name) of shape \(table.shape) has no rows of \(state.extent.channels) numbers", name)
      }
      state.moments.q += table.meanSquare
      if isStart, name == first {  // tokens
        state.moments.sample += table.meanSquare
        state.moments.position += table.meanSquare
        state.moments.both += table.meanSquare
      } else if table.shape.elementCount / max(1, width) > Self.maximumKinds {
        state.moments.position += table.meanSquare
        state.moments.both += table.meanSquare
      }
    }
    if let positions = state.extent.positions { state.extent.lengths = [positions] }
    (state.extent.isSequence, state.activated) = (true, nil)
    note(first, kind: "embedding", &state, isMain: isMain, &steps)
  }

  mutating func apply(
    _ norm: Network.Norm, _ state: inout State, isMain: Bool, _ steps: inout [BackwardStep]
  ) throws(TheoryProblem) {
    let scale = norm.weight == nil ? 1 : try meanSquare(norm.weight)
    let bias = try meanSquare(norm.bias)
    let moments = state.moments
    // The numbers that libraries add to the variance.
    let epsilon = norm.kind == .rms ? 1e-6 : 1e-5
    // A batch norm subtracts what samples and positions share, as in training; the others a mean over the units.
    let (kept, mean) =
      switch norm.kind {
      case .batch: (moments.both, 0.0)
      case .rms: (moments.q, moments.mean)
      case .layer, .group: (moments.input.variance, 0.0)
      }
    let factor = scale / (kept + epsilon)
    state.moments =
      SignalMoments(
        q: kept * factor + bias, mean: mean * factor.squareRoot(), sample: moments.sample * factor,
        position: moments.position * factor, both: moments.both * factor
      ).limited
    (state.activated, state.spread) = (nil, 0)
    steps.append(.scale(factor, cross: factor))
    note(norm.weight ?? number("norm"), kind: "norm", &state, isMain: isMain, &steps)
  }

  mutating func apply(
    _ pool: Network.Pool, _ state: inout State, _ steps: inout [BackwardStep]
  ) throws(TheoryProblem) {
    if pool.kind == .global {
      guard let positions = state.extent.positions else {
        throw TheoryProblem("a global pool needs the size of the input: start the network with `input`")
      }
      state.moments = state.moments.averaged(own: 1 / Double(positions), other: 1 / Double(positions))
      state.moments.both = state.moments.sample
      state.extent = .vector(state.extent.channels)
      (state.activated, state.layer) = (nil, nil)
      return steps.append(.collapse(Double(positions)))
    }
    let count = try window(pool, &state)
    switch pool.kind {
    case .mean, .global:
      state.moments = state.moments.averaged(own: 1 / count, other: 0)
      steps.append(.scale(1 / count, cross: 1 / count))
    case .max:
      let (input, activation) = state.activated ?? (state.moments, .linear)
      let (moments, derivative) = input.maximum(over: Int(count.rounded()), of: activation)
      state.moments = moments
      // The step of the activation has the mean of f′² over all positions.
      let before = cache.derivative(activation, input.input)
      let factor = before > 0 ? derivative / before : 1
      steps.append(.scale(factor, cross: factor))
    }
    if !state.extent.hasPositions {
      state.moments.position = 0
      state.moments.both = state.moments.sample
    }
    (state.activated, state.layer) = (nil, nil)
  }

  /// Returns the mean number of positions in a window, and sets the extent behind the pool.
  private func window(_ pool: Network.Pool, _ state: inout State) throws(TheoryProblem) -> Double {
    guard (1...4096).contains(pool.size), (1...65_536).contains(pool.stride), (0...4096).contains(pool.padding) else {
      throw TheoryProblem("a pool has a size, stride or padding out of range")
    }
    guard let lengths = state.extent.lengths else { return Double(pool.size * pool.size) }  // two axes, as of images
    let sides = lengths.map {
      ConvolutionAxis(length: $0, kernel: pool.size, stride: pool.stride, padding: pool.padding)
    }
    guard sides.allSatisfy({ $0.length <= 1 << 31 && $0.outputLength > 0 }) else {
      throw .contradiction("a pool of \(pool.size) has no output for an input of \(Shape.text(lengths))")
    }
    state.extent.lengths = sides.map(\.outputLength)
    return max(1, sides.reduce(1) { $0 * $1.taps })
  }

  mutating func apply(
    _ attention: Network.Attention, _ state: inout State, isMain: Bool, _ steps: inout [BackwardStep]
  ) throws(TheoryProblem) {
    let tokens = state.extent.positions ?? Self.defaultTokens
    guard tokens <= 1 << 20 else { throw TheoryProblem("attention over \(tokens) positions is no model") }
    state.extent.lengths = [tokens]
    state.extent.isSequence = true
    let variance = try logitVariance(attention, state)
    let value = try self.projection(attention.value, state.extent)
    let output = try tensor(attention.output)
    multiply(Double(value.axes.inputs), value.facts, try bias(attention.valueBias), &state, &steps)
    note(attention.value, kind: "linear", &state, isMain: isMain, &steps)
    // One tensor for queries, keys and values, or fewer heads of values than of queries.
    let readings = LayerAxes.readings(output)
    guard let axes = readings.first(where: { $0.outputs == value.axes.inputs }) ?? readings.first else {
      throw TheoryProblem("\(quoted: attention.output) of shape \(output.shape) is no weight with inputs and outputs")
    }
    let mean = PositionMean(positions: tokens, isCausal: attention.isCausal, logitVariance: variance)
    state.moments = mean.forward(state.moments)
    steps.append(.average(mean))
    multiply(Double(axes.inputs), output, try bias(attention.outputBias), &state, &steps)
    state.extent.channels = axes.outputs
    note(attention.output, kind: "attention", &state, isMain: isMain, &steps)
  }

  private func projection(
    _ name: String, _ extent: Extent
  ) throws(TheoryProblem) -> (facts: WeightFacts, axes: LayerAxes) {
    let facts = try tensor(name)
    return (facts, try axes(name, facts, Network.Weight(name), extent))
  }

  /// The variance over the tokens of q·k/√d: the squares of a query and of what keys do not share.
  private func logitVariance(_ attention: Network.Attention, _ state: State) throws(TheoryProblem) -> Double {
    let query = try projection(attention.query, state.extent)
    let key = try projection(attention.key, state.extent)
    let queries = state.moments.q * Double(query.axes.inputs) * query.facts.meanSquare
    let keys = state.moments.position * Double(key.axes.inputs) * key.facts.meanSquare
    return queries * keys
  }
}

extension Shape {
  fileprivate static func text(_ lengths: [Int]) -> String { lengths.map(String.init).joined(separator: " × ") }
}
