// Passes through chains of dense layers: exact relations, gradients, and what can go wrong in a network.

import Foundation
import Testing
import WinitCore
import WinitDiagnosis
import WinitInitializers

@Suite struct PassTests {
  /// A chain of square layers with normal weights.
  private func chain(
    _ depth: Int, _ width: Int, std: Double, _ activation: ActivationFunction, seed: UInt64 = 1, bias: Law? = nil
  ) throws -> PassModel {
    var model = PassModel(seed: seed)
    for layer in 0..<depth {
      try model.add(
        "\(layer).weight", [width, width], .normal(roundingMean: 0, std: std), bias: bias, activation: activation)
    }
    return model
  }

  // MARK: - Norms

  /// A layer norm of two units gives −1 and 1 whatever their values are, but for the 1e-5 that is added to the variance,
  /// and an RMS norm of one unit gives its sign: what comes before gets no gradient.
  @Test(arguments: [(Network.Norm.Kind.layer, 2), (.rms, 1)])
  func `the gradient through a norm is 0 where its output cannot change`(kind: Network.Norm.Kind, units: Int) throws {
    var model = PassModel(seed: 3)
    try model.add("a.weight", [units, 16], .normal(roundingMean: 0, std: 10))
    model.network.entries.append(.norm(.init(kind, weight: nil)))
    try model.add("b.weight", [4, units], .normal(roundingMean: 0, std: 1))
    let layers = try model.pass(PassOptions(batch: 64)).layers
    let (first, last) = (layers[0].measured.gradient ?? .nan, layers[layers.count - 1].measured.gradient ?? .nan)
    // The values before the norm have a std of 40. Without one of its terms, the formula leaves 1/40 of the gradient.
    #expect(last > 0.1 && first >= 0 && first < 1e-3 * last)
  }

  // MARK: - Papers

  /// He et al., "Delving Deep into Rectifiers" (2015), section 2.2: with ReLU the signal of a layer is √½ of what it is
  /// with twice the variance. The network is homogeneous, so with the same draws this holds exactly.
  @Test func `he and xavier differ by 2^-15 over 30 layers with the same draws`() throws {
    let stds = (he: (2.0 / 128).squareRoot(), xavier: (1.0 / 128).squareRoot())
    let he = try chain(30, 128, std: stds.he, .relu).pass()
    let xavier = try chain(30, 128, std: stds.xavier, .relu).pass()
    // √½, up to the rounding of both to binary32, as the manifests record them.
    let ratio = Double(Float(stds.xavier)) / Double(Float(stds.he))
    #expect(abs(pow(ratio, 30) / 3.0517578125e-5 - 1) < 1e-5)
    for (layer, (a, b)) in zip(he.layers, xavier.layers).enumerated() {
      let expected = pow(ratio, Double(layer + 1))
      #expect(abs(b.measured.rms / a.measured.rms / expected - 1) < 1e-6)
      #expect(abs(b.measured.signal / a.measured.signal / expected - 1) < 1e-6)
      let gradients = (try #require(a.measured.gradient), try #require(b.measured.gradient))
      #expect(abs(gradients.1 / gradients.0 / pow(ratio, Double(29 - layer)) - 1) < 1e-6)
      #expect(a.measured.dead == b.measured.dead)
    }
  }

  @Test func `the classifier of vgg at two scales differs as its stds with the same draws`() throws {
    // VGG-16 at 0.01 and under He: ReLU layers without biases, of different widths. The widths are those of the
    // classifier, divided by 4.
    let widths = [512, 1024, 1024, 250]
    func pass(_ std: (Int) -> Double) throws -> DensePass {
      var model = PassModel(seed: 16)
      for layer in 0..<3 {
        let (inputs, outputs) = (widths[layer], widths[layer + 1])
        let law = try Law.normal(roundingMean: 0, std: std(inputs))
        try model.add(
          "classifier.\(3 * layer).weight", [outputs, inputs], law, activation: layer < 2 ? .relu : .linear)
      }
      return try model.pass(PassOptions(batch: 64))
    }
    let small = try pass { _ in 0.01 }
    let he = try pass { (2 / Double($0)).squareRoot() }
    let ratios = widths.dropLast().map { 0.01 / (2 / Double($0)).squareRoot() }
    for layer in 0..<3 {
      let forward = small.layers[layer].measured.rms / he.layers[layer].measured.rms
      #expect(abs(forward / ratios[...layer].reduce(1, *) - 1) < 1e-6)
      let gradients = try [small, he].map { try #require($0.layers[layer].measured.gradient) }
      #expect(abs(gradients[0] / gradients[1] / ratios[(layer + 1)...].reduce(1, *) - 1) < 1e-6)
    }
  }

  @Test func `the rms of the last of 30 layers under he is within six deviations of its law`() throws {
    // ln RMS ~ N(−5L/4n, 5L/4n): −0.29 and 0.54 for 30 layers of 128. One draw can be 0.3 or 2, so this is no equality.
    let law = (mean: -5.0 * 30 / (4 * 128), deviation: (5.0 * 30 / (4 * 128)).squareRoot())
    let pass = try chain(30, 128, std: (2.0 / 128).squareRoot(), .relu).pass()
    #expect(abs(log(pass.layers[29].measured.rms) - law.mean) < 6 * law.deviation)
  }

  @Test func `signals and gradients far below the range of binary32 are measured`() throws {
    // 0.01² × 64 ÷ 2 is 0.0032 of the mean square a layer, so 140 layers leave 1e-175, whose square is below the range
    // of binary64 too.
    let small = try chain(140, 64, std: 0.01, .relu).pass()
    let he = try chain(140, 64, std: (2.0 / 64).squareRoot(), .relu).pass()
    let step = log(0.01 / (2.0 / 64).squareRoot())
    let forward = try #require(small.layers.last).measured.rms / #require(he.layers.last).measured.rms
    #expect(abs(log(forward) / (140 * step) - 1) < 1e-6)
    let backward = try #require(small.layers[0].measured.gradient) / #require(he.layers[0].measured.gradient)
    #expect(abs(log(backward) / (139 * step) - 1) < 1e-6)
  }

  // MARK: - Residual sums

  @Test func `an activation inside of a branch does not change the shortcut`() throws {
    // relu(x) + x is leaky_relu(2x) with the slope ½.
    var sum = PassModel(seed: 4)
    try sum.add("0.weight", [8, 8], .eye(value: 1))
    try sum.set("1.weight", [8, 8], .eye(value: 1))
    sum.network.entries.append(.residual([.activation(.relu), .weight(.init("1.weight"))], shortcut: []))
    var leaky = PassModel(seed: 4)
    try leaky.add("0.weight", [8, 8], .eye(value: 2), activation: .leakyReLU(slope: 0.5))
    let (a, b) = (try sum.pass(), try leaky.pass())
    #expect(a.layers.map(\.name) == ["0.weight", "1.weight", "residual 1"])
    #expect(a.layers.map(\.isMainPath) == [true, false, true])
    #expect(a.layers.map(\.kind) == ["linear", "linear", "residual"])
    #expect(abs(a.layers[2].measured.rms / b.layers[0].measured.rms - 1) < 1e-12)
    #expect(abs(a.layers[2].measured.signal / b.layers[0].measured.signal - 1) < 1e-12)
    let gradients = (try #require(a.layers[0].measured.gradient), try #require(b.layers[0].measured.gradient))
    #expect(abs(gradients.0 / (2 * gradients.1) - 1) < 1e-12)
  }

  @Test func `measured values join the layers of theory in their order, or make the layers`() throws {
    var model = PassModel(seed: 4)
    try model.add("w.weight", [8, 8], .normal(roundingMean: 0, std: 1), activation: .relu)
    // The weight occurs twice, so its name does not say which layer is which.
    model.network.entries += [
      .norm(.init(.rms, weight: nil)), .weight(.init("w.weight")),
      .residual([.weight(.init("w.weight"))], shortcut: []),
    ]
    let pass = try model.pass()
    var layers: [LayerDiagnosis] = []
    pass.measure(&layers)
    #expect(layers.map(\.name) == ["w.weight", "norm 1", "w.weight", "w.weight", "residual 1"])
    #expect(layers.map(\.activation) == ["relu", nil, nil, nil, nil])
    #expect(layers.map(\.isMainPath) == [true, true, true, false, true])
    #expect(layers.map(\.measured) == pass.layers.map(\.measured))
    #expect(Set(layers.compactMap { $0.measured?.rms }).count == 5)

    var theory = layers
    for place in theory.indices { (theory[place].measured, theory[place].name) = (nil, "another name") }
    pass.measure(&theory)
    #expect(theory.map(\.measured) == layers.map(\.measured))
    var others = Array(theory.dropLast())
    for place in others.indices { others[place].measured = nil }
    pass.measure(&others)
    #expect(others.allSatisfy { $0.measured == nil })
  }

  // MARK: - Faults

  @Test func `a dead layer is seen, and no gradient passes it`() throws {
    var model = try chain(2, 32, std: 0.25, .relu)
    try model.add(
      "dead.weight", [32, 32], .normal(roundingMean: 0, std: 0.25),
      bias: .constant(rounding: -100, as: .float32), activation: .relu)
    try model.add("head.weight", [4, 32], .normal(roundingMean: 0, std: 0.25))
    let pass = try model.pass()
    #expect(pass.layers.map(\.measured.dead) == [0, 0, 1, nil])
    #expect(pass.layers[2].measured.rms == 0)
    #expect(pass.layers[2].measured.cosine == nil)
    #expect(pass.layers[..<3].map(\.measured.gradient) == [0, 0, 0])
    #expect(try #require(pass.layers[3].measured.gradient) > 1)
  }

  @Test func `a large tanh is saturated, and a small one is not`() throws {
    // σ_w² = 100: PyTorch measured 0.79 at this scale.
    let large = try chain(4, 256, std: 10 / 256.0.squareRoot(), .tanh).pass()
    #expect(large.layers.allSatisfy { ($0.measured.saturated ?? 0) > 0.7 })
    let small = try chain(4, 256, std: 1 / 256.0.squareRoot(), .tanh).pass()
    #expect(small.layers.allSatisfy { ($0.measured.saturated ?? 1) < 0.02 })
    #expect(small.layers.allSatisfy { $0.measured.dead == nil })
  }

  @Test func `inputs look alike behind five sigmoids`() throws {
    let pass = try chain(5, 256, std: 1 / 256.0.squareRoot(), .sigmoid).pass()
    #expect(abs(try #require(pass.layers[4].measured.cosine) - 1) < 5e-4)
    #expect(try #require(pass.layers[0].measured.cosine) < 0.95)
  }

  @Test func `a signal far below its bias keeps its digits`() throws {
    // The output is 1000 + 1e-6·x, so a difference of mean squares has no correct digit.
    var model = PassModel(seed: 3)
    try model.add(
      "0.weight", [16, 16], .eye(value: 1e-6), bias: .constant(rounding: 1000, as: .float32))
    let pass = try model.pass()
    #expect(abs(pass.layers[0].measured.signal / (Double(Float(1e-6)) * pass.inputSignal) - 1) < 1e-5)
    #expect(abs(pass.layers[0].measured.rms - 1000) < 1e-5)
  }

  @Test(arguments: [ActivationFunction.linear, .relu, .relu6, .leakyReLU(slope: 0.1), .elu, .selu, .hardswish, .tanh])
  func `a NaN in a weight is not hidden`(activation: ActivationFunction) throws {
    var model = PassModel(seed: 3)
    try model.add("0.weight", [2, 2], [1, .nan, 0, 1], activation: activation)
    try model.add("1.weight", [2, 2], [1, 1, 1, 1])
    let pass = try model.pass()
    #expect(pass.layers.allSatisfy { $0.measured.rms.isNaN && $0.measured.signal.isNaN })
    #expect(pass.layers.allSatisfy { $0.measured.cosine == nil })
  }

  // MARK: - Gradients

  /// The input has the std 0, so the samples differ in their labels alone, and their gradients have one direction in
  /// each layer. The derivative of the mean loss with respect to a bias then is the sum over the batch of the gradient of
  /// its layer, in the same proportion for each layer to what the pass measures.
  @Test(arguments: [ActivationFunction.tanh, .sigmoid, .gelu, .geluTanh, .quickGELU, .silu, .mish, .softplus, .elu])
  func `finite differences of the loss are in proportion to the gradients`(activation: ActivationFunction) throws {
    let biases: [[Float]] = [[0.5, -0.75, 1.25, -0.25], [0.25, 0.5, -0.5], [0.125]]
    let options = PassOptions(seed: 5)
    func pass(_ biases: [[Float]]) throws -> DensePass {
      var model = PassModel(seed: 9)
      model.network.entries.append(.input(shape: [3], std: 0))
      try model.add(
        "0.weight", [4, 3], .normal(roundingMean: 0, std: 1), biasElements: biases[0], activation: activation)
      try model.add(
        "1.weight", [3, 4], .normal(roundingMean: 0, std: 1), biasElements: biases[1], activation: activation)
      try model.add("2.weight", [1, 3], .normal(roundingMean: 0, std: 1), biasElements: biases[2])
      try model.add("head.weight", [2, 1], [1, -1], activation: .softmax)
      return try model.pass(options)
    }
    /// The norm of the derivative of the loss with respect to the bias of a layer.
    func derivative(_ layer: Int) throws -> Double {
      let step: Float = 1.0 / 1024
      var square = 0.0
      for unit in biases[layer].indices {
        var (up, down) = (biases, biases)
        up[layer][unit] += step
        down[layer][unit] -= step
        let difference = try #require(pass(up).loss).value - #require(pass(down).loss).value
        square += pow(difference / (2 * Double(step)), 2)
      }
      return square.squareRoot()
    }
    let gradients = try pass(biases).layers.map { try #require($0.measured.gradient) }
    for layer in 0..<2 {
      let (differences, measured) = (try derivative(layer) / derivative(2), gradients[layer] / gradients[2])
      #expect(abs(differences / measured - 1) < 1e-5)
    }
  }
}
