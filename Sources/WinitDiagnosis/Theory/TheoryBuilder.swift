// Carries the moments through the entries of a network.

import WinitCore
import WinitJSON

/// The forward pass of the theory, which records the layers and the steps of the backward pass.
struct TheoryBuilder {
  /// The number of tokens of a sequence whose length nothing gives.
  static let defaultTokens = 64

  let facts: (String) -> WeightFacts?
  let cache = MomentCache()
  /// Whether gradients of different positions matter: only attention adds them up.
  let hasAttention: Bool
  var layers: [LayerDiagnosis] = []
  /// The numbers of layers without a name of their own.
  var unnamed: [String: Int] = [:]
  /// The names of the residual sums so far.
  private var sums: Set<String> = []
  /// The largest Σ 5/n over a chain of half-rectifiers that are not homogeneous, the variance of ln q by the draw.
  var spread = 0.0
  /// Σ 5/n over the rectifiers that are homogeneous.
  var rectifierSpread = 0.0

  /// The values at one place of the network.
  struct State {
    var moments: SignalMoments
    var extent: Extent
    /// The moments before the last activation, which a maximum over positions needs.
    var activated: (input: SignalMoments, activation: ActivationFunction)?
    /// The layer that an activation of its own belongs to.
    var layer: Int?
    /// The number of inputs of an output of the last weight.
    var fanIn = 0.0
    /// Σ 5/n since the last norm or residual sum.
    var spread = 0.0
  }

  init(facts: @escaping (String) -> WeightFacts?, hasAttention: Bool) {
    (self.facts, self.hasAttention) = (facts, hasAttention)
  }

  func tensor(_ name: String) throws(TheoryProblem) -> WeightFacts {
    guard let found = facts(name) else { throw TheoryProblem("no tensor \(quoted: name), which the network names") }
    guard !found.meanSquare.isNaN, !found.mean.isNaN else {
      throw TheoryProblem("\(quoted: name) has elements that are not finite")
    }
    let isTiny = !found.meanSquare.isNormal && (found.meanSquare != 0 || found.hasElementsOtherThanZero)
    guard found.meanSquare.isFinite, found.mean.isFinite, !isTiny else {
      throw TheoryProblem(
        "\(quoted: name) has elements so large or so small that binary64 does not hold their squares. Correct its scale"
      )
    }
    return found
  }

  /// Returns the moments of a bias that an entry may have.
  func bias(_ name: String?) throws(TheoryProblem) -> UnitWeights? {
    guard let found = try name.map(tensor) else { return nil }
    return UnitWeights(count: 1, meanSquare: found.meanSquare, mean: found.mean)
  }

  /// Returns the mean square of a tensor that an entry may have; 0 without one.
  func meanSquare(_ name: String?) throws(TheoryProblem) -> Double { try name.map(tensor)?.meanSquare ?? 0 }

  /// Returns the name of a layer that no tensor names: `norm 2`.
  mutating func number(_ kind: String) -> String {
    unnamed[kind, default: 0] += 1
    return "\(kind) \(unnamed[kind, default: 0])"
  }

  /// Adds a layer with the moments of the state.
  mutating func note(_ name: String, kind: String, _ state: inout State, isMain: Bool, _ steps: inout [BackwardStep]) {
    var layer = LayerDiagnosis(name: name, kind: kind, activation: nil)
    layer.isMainPath = isMain
    layer.theory = .init(q: state.moments.q, signal: state.moments.signal, gradient: .nan)
    state.layer = layers.count
    steps.append(.layer(layers.count))
    layers.append(layer)
  }

  /// Carries a state through entries.
  mutating func run(
    _ entries: [Network.Entry], _ state: inout State, isMain: Bool
  ) throws(TheoryProblem) -> [BackwardStep] {
    var steps: [BackwardStep] = []
    for entry in entries {
      // A long network of activations without a closed form takes seconds.
      if OperationContext.current.cancellation.isRequested { throw TheoryProblem("the operation was asked to stop") }
      switch entry {
      case .input: throw TheoryProblem("`input` is not the first entry of the network")
      case .embedding(let embedding): try add(embedding, &state, isMain: isMain, &steps)
      case .weight(let weight):
        try apply(weight, &state, isMain: isMain, &steps)
        apply(weight.activation, &state, &steps)
      case .activation(let activation): apply(activation, &state, &steps)
      case .norm(let norm): try apply(norm, &state, isMain: isMain, &steps)
      case .pool(let pool): try apply(pool, &state, &steps)
      case .attention(let attention): try apply(attention, &state, isMain: isMain, &steps)
      case .gate(let gate): try apply(gate, &state, isMain: isMain, &steps)
      case .residual(let branch, let shortcut):
        try addResidual(branch, shortcut, &state, isMain: isMain, &steps)
      }
    }
    return steps
  }

  private mutating func apply(_ activation: ActivationFunction, _ state: inout State, _ steps: inout [BackwardStep]) {
    let input = state.moments.input
    if activation.isInhomogeneousHalfRectifier, state.fanIn > 0 {
      state.spread += 5 / state.fanIn
      spread = max(spread, state.spread)
    }
    switch activation {
    case .relu, .leakyReLU: if state.fanIn > 0 { rectifierSpread += 5 / state.fanIn }
    default: break
    }
    if let layer = state.layer, activation != .linear { layers[layer].activation = activation.name }
    guard activation != .linear, activation != .softmax else { return }  // a softmax is the end; see `refusal`
    let factor = cache.derivative(activation, input)
    let isCrossed = hasAttention && state.extent.hasPositions
    let cross = isCrossed ? cache.derivativeCross(activation, input, state.moments.position) : factor
    steps.append(.scale(factor, cross: cross))
    state.activated = (state.moments, activation)
    state.moments = state.moments.activated(by: activation, cache)
    if let layer = state.layer {
      layers[layer].theory = .init(q: state.moments.q, signal: state.moments.signal, gradient: .nan)
    }
    state.layer = nil
  }

  private mutating func addResidual(
    _ branch: [Network.Entry], _ shortcut: [Network.Entry], _ state: inout State, isMain: Bool,
    _ steps: inout [BackwardStep]
  ) throws(TheoryProblem) {
    var (first, second) = (state, state)
    (first.layer, second.layer, first.spread, second.spread) = (nil, nil, 0, 0)
    let branchSteps = try run(branch, &first, isMain: false)
    let shortcutSteps = try run(shortcut, &second, isMain: false)
    let name = Network.commonPrefix(of: branch)
    guard first.extent.channels == second.extent.channels else {
      throw .contradiction(
        "the residual branch \(name.map { "of \(quoted: $0) " } ?? "")gives \(first.extent.channels) units, but its "
          + "shortcut gives \(second.extent.channels)")
    }
    state = first
    state.moments = first.moments.adding(second.moments)
    (state.activated, state.spread) = (nil, 0)
    steps.append(.sum(branchSteps, shortcutSteps))
    let free = name.flatMap { sums.insert($0).inserted ? $0 : nil }
    note(free ?? number("residual"), kind: "residual", &state, isMain: isMain, &steps)
  }
}
