// Linear layers, convolutions and gates.

import WinitCore
import WinitInitializers
import WinitJSON

extension TheoryBuilder {
  /// Lengths above it are refused: they are no model, and products of them would not fit.
  private static let maximumLength = 1 << 31

  mutating func apply(
    _ weight: Network.Weight, _ state: inout State, isMain: Bool, _ steps: inout [BackwardStep]
  ) throws(TheoryProblem) {
    let found = try tensor(weight.weight)
    let bias = try bias(weight.bias)
    let axes = try self.axes(weight.weight, found, weight, state.extent)
    guard axes.kernel.isEmpty else {
      try convolve(weight, axes, found, bias, &state, &steps)
      return note(weight.weight, kind: "convolution", &state, isMain: isMain, &steps)
    }
    if axes.inputs != state.extent.channels {  // flattened
      state.extent = .vector(axes.inputs)
      state.moments.position = 0
      state.moments.both = state.moments.sample
    }
    multiply(Double(axes.inputs), found, bias, &state, &steps)
    state.extent.channels = axes.outputs
    note(weight.weight, kind: "linear", &state, isMain: isMain, &steps)
  }

  /// Multiplies by weights with this number of inputs for each output.
  func multiply(
    _ fanIn: Double, _ found: WeightFacts, _ bias: UnitWeights?, _ state: inout State, _ steps: inout [BackwardStep]
  ) {
    let weights = UnitWeights(count: fanIn, meanSquare: found.meanSquare, mean: found.mean)
    state.moments = state.moments.weighted(by: weights, bias: bias)
    state.fanIn = fanIn
    state.activated = nil
    steps.append(.scale(weights.factor, cross: weights.factor))
  }

  private func convolve(
    _ weight: Network.Weight, _ axes: LayerAxes, _ found: WeightFacts, _ bias: UnitWeights?, _ state: inout State,
    _ steps: inout [BackwardStep]
  ) throws(TheoryProblem) {
    var taps = axes.kernel.reduce(1.0) { $0 * Double($1) }
    let stride = axes.kernel.reduce(1.0) { product, _ in product * Double(weight.stride) }
    let before = state.moments
    let hadPositions = state.extent.hasPositions
    if let lengths = state.extent.lengths {
      let sides = try self.sides(lengths, axes.kernel, weight)
      taps = sides.reduce(1) { $0 * (weight.isTransposed ? $1.transposedTaps : $1.taps) }
      state.extent.lengths = sides.map { weight.isTransposed ? $0.transposedLength : $0.outputLength }
    } else if weight.isTransposed {
      taps /= stride
    }
    multiply(Double(axes.inputs) * taps, found, bias, &state, &steps)
    state.extent.channels = axes.outputs
    if weight.isTransposed {
      // Two outputs of different phase share no tap, and one of the strideʳ phases is equal.
      let factor = Double(axes.inputs) * taps * found.meanSquare
      let share = hadPositions ? 1 / stride : 0
      state.moments.position = factor * (before.q - share * (before.q - before.position))
      state.moments.both = factor * (before.q - share * (before.q - before.both))
    }
    if !state.extent.hasPositions {
      state.moments.position = 0
      state.moments.both = state.moments.sample
    }
  }

  private func sides(
    _ lengths: [Int], _ kernel: [Int], _ weight: Network.Weight
  ) throws(TheoryProblem) -> [ConvolutionAxis] {
    guard kernel.count == lengths.count else {
      throw TheoryProblem(
        "\(quoted: weight.weight) has a kernel of \(kernel.count) axes, but its input has \(lengths.count). Give the "
          + "network an `input` with its size")
    }
    var sides: [ConvolutionAxis] = []
    for (length, kernel) in zip(lengths, kernel) {
      guard (1...Self.maximumLength).contains(weight.stride), (0...Self.maximumLength).contains(weight.padding),
        (1...65_536).contains(kernel), (1...Self.maximumLength).contains(length)
      else { throw TheoryProblem("\(quoted: weight.weight) has a size, stride or padding out of range") }
      let side = ConvolutionAxis(length: length, kernel: kernel, stride: weight.stride, padding: weight.padding)
      let output = weight.isTransposed ? side.transposedLength : side.outputLength
      guard (1...Self.maximumLength).contains(output) else {
        throw .contradiction(
          "the convolution \(quoted: weight.weight) has no output: its kernel of \(kernel) is applied to a length of "
            + "\(length)", weight.weight)
      }
      sides.append(side)
    }
    return sides
  }

  /// Reads the axes of a weight in the order that fits its input. The layout decides where both orders fit; GPT-2's
  /// Conv1D weights, [in, out] in a file of torch's layout, fit in one order.
  func axes(
    _ name: String, _ found: WeightFacts, _ weight: Network.Weight, _ extent: Extent
  ) throws(TheoryProblem) -> LayerAxes {
    let readings = LayerAxes.readings(found)
    guard let first = readings.first else {
      throw TheoryProblem("\(quoted: name) of shape \(found.shape) is no weight with inputs and outputs")
    }
    for reading in readings {
      for axes in reading.layers(weight) where axes.fits(extent, groups: weight.groups) { return axes }
    }
    let taken = product([first.inputs, first.kernel.isEmpty ? 1 : weight.groups]) ?? first.inputs
    throw .contradiction(
      "\(quoted: name) of shape \(found.shape) takes \(taken) inputs, but the layer before gives "
        + "\(extent.channels)\(extent.positions.map { $0 > 1 ? " at \($0) positions" : "" } ?? "")", name)
  }

  mutating func apply(
    _ gate: Network.Gate, _ state: inout State, isMain: Bool, _ steps: inout [BackwardStep]
  ) throws(TheoryProblem) {
    func weights(_ name: String) throws(TheoryProblem) -> (weights: UnitWeights, axes: LayerAxes) {
      let found = try tensor(name)
      let axes = try self.axes(name, found, Network.Weight(name), state.extent)
      guard axes.kernel.isEmpty, axes.inputs == state.extent.channels else {
        throw .contradiction(
          "\(quoted: name) of shape \(found.shape) is no linear layer of \(state.extent.channels) inputs", name)
      }
      return (UnitWeights(count: Double(axes.inputs), meanSquare: found.meanSquare, mean: found.mean), axes)
    }
    let (gateWeights, _) = try weights(gate.gate)
    let (upWeights, axes) = try weights(gate.up)
    let g = state.moments.weighted(by: gateWeights, bias: try bias(gate.gateBias))
    let u = state.moments.weighted(by: upWeights, bias: try bias(gate.upBias))
    let second = cache.secondMoment(gate.activation, g.input)
    let slope = cache.derivative(gate.activation, g.input)
    func difference(_ own: Double, _ up: Double) -> Double {
      cache.difference(gate.activation, g.input, own) * (u.q - up) + second * up
    }
    state.moments =
      SignalMoments(
        q: second * u.q, mean: cache.mean(gate.activation, g.input) * u.mean, sample: difference(g.sample, u.sample),
        position: difference(g.position, u.position),
        both: difference(g.both, u.both)
      ).limited
    let cross =
      hasAttention
      ? upWeights.factor * (second - cache.difference(gate.activation, g.input, g.position))
        + gateWeights.factor * cache.derivativeCross(gate.activation, g.input, g.position) * (u.q - u.position) : 0
    let isFused = gate.gate == gate.up
    state.extent.channels = isFused ? axes.outputs / 2 : axes.outputs
    (state.fanIn, state.activated) = (Double(axes.inputs), nil)
    steps.append(.scale(upWeights.factor * second + gateWeights.factor * slope * u.q, cross: cross))
    note(gate.gate, kind: "gate", &state, isMain: isMain, &steps)
    layers[layers.count - 1].activation = gate.activation.name
    state.layer = nil
  }
}

extension LayerAxes {
  /// The readings of a weight, that of its layout first.
  static func readings(_ found: WeightFacts) -> [LayerAxes] {
    let sources: [FanSource] =
      switch found.fanSource {
      case .layout(let layout): [.layout(layout), .layout(layout == .torch ? .keras : .torch)]
      case .batch(let batch, let layout): [.batch(batch, layout), .batch(batch, layout == .torch ? .keras : .torch)]
      case .axes: [found.fanSource]
      case .tensor: [.layout(.torch), .layout(.keras)]
      }
    return sources.compactMap { LayerAxes(found.shape, $0) }
  }

  /// The layers that a reading may mean. A transposed convolution has its axes in the other order in PyTorch and Keras,
  /// and in the same order in flax. A depthwise kernel of Keras has its channels where others have inputs.
  fileprivate func layers(_ weight: Network.Weight) -> [LayerAxes] {
    guard !kernel.isEmpty else { return [self] }
    var result = [self]
    if weight.isTransposed {
      // [in, out/groups]: an output has the inputs of one group.
      var axes = swapped
      axes.inputs = swapped.inputs / max(1, weight.groups)
      axes.outputs = product([inputs, weight.groups]) ?? inputs
      result.insert(axes, at: 0)
    }
    if weight.groups > 1, weight.groups == inputs {
      var axes = self
      (axes.inputs, axes.outputs) = (1, product([inputs, outputs]) ?? outputs)
      result.append(axes)
    }
    return result
  }

  /// Whether the weight takes values of an extent.
  fileprivate func fits(_ extent: Extent, groups: Int) -> Bool {
    guard kernel.isEmpty else { return product([inputs, groups]) == extent.channels }
    if inputs == extent.channels { return true }
    guard !extent.isSequence else { return false }
    guard let lengths = extent.lengths else { return inputs.isMultiple(of: extent.channels) }
    return product([extent.channels] + lengths) == inputs
  }
}
