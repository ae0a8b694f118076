// The rules on the signal and the gradient of layers.

import Testing
import WinitCore
import WinitDiagnosis
import WinitJSON

@Suite struct RuleSignalTests {
  /// The layers of a chain whose signal and gradient change by a factor in each layer, by theory.
  private func layers(
    _ count: Int, forward: Double = 1, backward: Double = 1, activation: String? = "relu", isAssumed: Bool = false
  ) -> [LayerDiagnosis] {
    var (signal, gradient) = (1.0, 1.0)
    var layers: [LayerDiagnosis] = []
    for i in 0..<count {
      signal *= forward
      var layer = LayerDiagnosis(name: "net.\(2 * i).weight", kind: "linear", activation: activation)
      layer.isAssumed = isAssumed
      layer.theory = LayerDiagnosis.Theory(q: 2 * signal * signal, signal: signal, gradient: 1)
      layers.append(layer)
    }
    for i in (0..<count).reversed() {
      layers[i].theory?.gradient = gradient
      gradient *= backward
    }
    return layers
  }

  private func findings(_ layers: [LayerDiagnosis], _ change: (inout FindingEvidence) -> Void = { _ in }) -> [Finding] {
    TestModel.mlp(layers: layers.count).findings {
      $0.layers = layers
      change(&$0)
    }
  }

  /// Ratios at the bounds 1e-3, 1e-5, 1e3 and 1e5, a factor of 2 on either side.
  @Test(arguments: [
    (2e-3, []), (0.5e-3, ["warning vanishing-forward"]), (2e-5, ["warning vanishing-forward"]),
    (0.5e-5, ["error vanishing-forward"]), (0.5e3, []), (2e3, ["warning exploding-forward"]),
    (0.5e5, ["warning exploding-forward"]), (2e5, ["error exploding-forward"]), (0, ["error vanishing-forward"]),
    (.infinity, ["error exploding-forward"]), (.nan, []),
  ])
  func `a signal outside of the bounds at the last hidden layer is found`(ratio: Double, found: [String]) {
    var layers = layers(4)
    layers[2].theory?.signal = ratio
    // A tiny last layer does no harm.
    layers[3].theory?.signal = 1e-9
    #expect(brief(findings(layers)) == found.map { "\($0) net.4.weight" })
  }

  @Test(arguments: [
    (2e-3, []), (0.5e-3, ["warning vanishing-backward"]), (0.5e-5, ["error vanishing-backward"]),
    (0.5e3, []), (2e3, ["warning exploding-backward"]), (2e5, ["error exploding-backward"]),
  ])
  func `a gradient of the first layer outside of the bounds is found`(ratio: Double, found: [String]) {
    var layers = layers(4)
    layers[0].theory?.gradient = ratio
    #expect(brief(findings(layers)) == found.map { "\($0) net.0.weight" })
  }

  @Test func `the input's standard deviation is the start of the signal`() {
    var layers = layers(4)
    layers[2].theory?.signal = 0.1
    let network = Network([.input(shape: [96], std: 1000)] + TestModel.chain(layers: 4, activation: .relu).entries)
    #expect(brief(findings(layers) { $0.network = network }).first == "warning vanishing-forward net.4.weight")
  }

  @Test func `what was measured wins over theory`() {
    var layers = layers(4)
    layers[2].theory?.signal = 1e-9
    layers[0].theory?.gradient = 1e-9
    for i in layers.indices {
      layers[i].measured = LayerDiagnosis.Measured(
        rms: 1, signal: 1, gradient: 1, dead: 0, saturated: nil, cosine: 0.1)
    }
    #expect(findings(layers) == [])
  }

  @Test func `residual branches are not on the main path`() {
    var layers = layers(4)
    layers.insert(layers[1], at: 2)
    layers[2].isMainPath = false
    layers[2].theory = LayerDiagnosis.Theory(q: 0, signal: 0, gradient: 0)
    #expect(findings(layers) == [])
  }

  @Test func `a gradient of exactly zero everywhere is an error`() {
    var layers = layers(4)
    for i in 0..<3 { layers[i].theory?.gradient = 0 }
    #expect(brief(findings(layers)) == ["error vanishing-backward net.0.weight"])
    // Zero norms at the ends of branches stop some gradients, not all.
    layers[1].theory?.gradient = 1
    #expect(findings(layers) == [])
  }

  @Test func `a last weight of zeros stops the gradients of the first step only`() {
    var layers = layers(4)
    for i in 0..<3 { layers[i].theory?.gradient = 0 }
    var model = TestModel.mlp(layers: 4)
    model["net.6.weight"].scale(0)
    #expect(brief(model.findings { $0.layers = layers }) == ["information all-zero-weights net.6.weight"])
  }

  @Test func `an assumed chain has a finding only if it holds for both assumptions`() {
    let relu = layers(20, forward: 0.4, isAssumed: true)
    let healthy = layers(20, activation: nil, isAssumed: true)
    let linear = layers(20, forward: 0.6, activation: nil, isAssumed: true)
    #expect(findings(Array(relu) + healthy) == [])
    let found = TestModel.mlp(layers: 20).findings { $0.layers = relu + linear }
    // 0.6¹⁹ = 6e-5 is a warning, 0.4¹⁹ = 3e-8 would be an error.
    #expect(brief(found) == ["warning vanishing-forward net.36.weight"])
    #expect(found.first?.message.contains("without activations") == true)
  }

  @Test func `a broken weight is the cause of what its layers show`() {
    var layers = layers(4)
    layers[2].theory?.signal = 0
    var model = TestModel.mlp(layers: 4)
    model["net.2.weight"].scale(0)
    #expect(brief(model.findings { $0.layers = layers }) == ["warning all-zero-weights net.2.weight"])
  }

  private func measured(_ count: Int, dead: Double? = nil, saturated: Double? = nil, cosine: Double? = nil)
    -> [LayerDiagnosis]
  {
    var layers = layers(count)
    for i in layers.indices {
      layers[i].measured = LayerDiagnosis.Measured(
        rms: 1, signal: 1, gradient: 1, dead: i == 1 ? dead : 0, saturated: i == 1 ? saturated : 0,
        cosine: i == 1 ? cosine : 0)
    }
    return layers
  }

  @Test(arguments: [(0.89, 64, []), (0.9, 63, []), (0.9, 64, ["warning"]), (0.99, 64, ["warning"]), (1, 64, ["error"])])
  func `dead units are found in a batch of 64 that leaves a tenth of the layer alive`(
    dead: Double, batch: Int, severity: [String]
  ) {
    let found = findings(measured(4, dead: dead)) { $0.batch = batch }
    #expect(brief(found) == severity.map { "\($0) dead-units net.2.weight" })
  }

  @Test(arguments: [(0.49, 0), (0.51, 1)])
  func `more than half of the outputs at their limits are found`(saturated: Double, count: Int) {
    let found = findings(measured(4, saturated: saturated))
    #expect(found.map(\.code) == Array(repeating: .saturating, count: count))
  }

  @Test(arguments: [(0.965, 0), (0.993, 1)])
  func `inputs that look alike are found where they begin to`(cosine: Double, count: Int) {
    var layers = measured(5, cosine: cosine)
    layers[2].measured?.cosine = 0.9999
    layers[4].measured?.cosine = 0.9999
    if count == 0 { layers[2].measured?.cosine = 0.9 }
    let found = findings(layers)
    #expect(brief(found) == (count == 0 ? [] : ["warning look-alike-inputs net.2.weight"]))
  }

  /// 3 and 4 hidden layers, and the last one. A sigmoid network of three hidden layers has a cosine of 0.99 and trains.
  @Test(arguments: [(4, "information"), (5, "warning")])
  func `inputs that look alike are a warning from four hidden layers on`(count: Int, severity: String) {
    #expect(brief(findings(measured(count, cosine: 0.993))) == ["\(severity) look-alike-inputs net.2.weight"])
  }

  @Test func `layers behind a fault are not judged`() {
    var model = TestModel.mlp(layers: 6)
    model["net.2.weight"].scale(10)
    let found = model.findings {
      $0.layers = measured(6, dead: 1, saturated: 1, cosine: 1)
      $0.batch = 256
    }
    #expect(brief(found) == ["warning odd-one-out net.2.weight"])
  }
}

@Suite struct RuleLayerGainTests {
  private let count = 6

  private func findings(_ gain: Gain) -> [Finding] {
    let std = (gain.part / 96).squareRoot()
    let half = 3.0.squareRoot() * std
    var model = TestModel.mlp(layers: count)
    for i in 0..<count {
      let name = "net.\(2 * i).weight"
      model[name] =
        gain.isUniform ? .uniform(name, [96, 96], -half, half) : .normal(name, [96, 96], std: std)
    }
    return model.findings { $0.network = TestModel.chain(layers: count, activation: gain.activation) }
  }

  /// A law by fan_in · E w², and the factor of one layer by Gauss quadrature: of the signal, or for sigmoid the number
  /// that divides the gradient. PyTorch's default has 1/3.
  private struct Gain: Sendable {
    var part: Double
    var isUniform = false
    var activation: ActivationFunction
    var law = ""
    var factor = 1.0
  }

  private static let unsuited: [Gain] = [
    Gain(part: 1.0 / 3, isUniform: true, activation: .relu, law: "PyTorch's default", factor: 0.408),
    Gain(part: 1, activation: .relu, law: "Xavier", factor: 0.707),
    Gain(part: 1.0 / 3, isUniform: true, activation: .tanh, law: "PyTorch's default", factor: 0.577),
    Gain(part: 1, activation: .sigmoid, law: "Xavier", factor: 4.2),
    Gain(part: 2, activation: .sigmoid, law: "He", factor: 3.1),
    Gain(part: 2, activation: .linear, law: "He", factor: 1.41),
  ]

  private static let suited: [Gain] = [
    Gain(part: 2, activation: .relu), Gain(part: 2, activation: .leakyReLU(slope: 0.01)),
    Gain(part: 1, activation: .tanh), Gain(part: 2, activation: .tanh), Gain(part: 1, activation: .linear),
    Gain(part: 1, activation: .selu), Gain(part: 2, activation: .gelu),
  ]

  @Test(arguments: unsuited)
  private func `the law and its factor are named`(gain: Gain) throws {
    let found = findings(gain)
    #expect(brief(found) == ["information layer-gain net.0.weight"])
    let message = try #require(found.first?.message)
    #expect(message.contains(gain.law))
    #expect(message.contains("5 tensors"))
    let numbers = message.split { !"0123456789.".contains($0) }.compactMap { Double($0) }
    #expect(numbers.contains { abs($0 / gain.factor - 1) < 0.03 }, "\(message)")
  }

  @Test(arguments: suited)
  private func `a law that suits the activation is no finding`(gain: Gain) { #expect(findings(gain) == []) }

  @Test(arguments: [("xavier_normal", 1.0, 0), ("normal", 1.0, 0), ("normal", 0.5, 1)])
  func `a weight with the scheme that its activation wants is no finding, although its fans differ`(
    scheme: String, factor: Double, count: Int
  ) {
    var wide = TestTensor.normal("a.weight", [256, 64], std: factor * (2.0 / 320).squareRoot())
    wide.scheme = ["scheme": .string(scheme)]
    let model = TestModel(tensors: [wide, .normal("b.weight", [8, 256], std: (1.0 / 256).squareRoot())])
    let network = Network([
      .weight(Network.Weight("a.weight", activation: .tanh)), .weight(Network.Weight("b.weight")),
    ])
    let found = brief(model.findings { $0.network = network })
    #expect(found.count { $0.contains("layer-gain") } == count, "\(found)")
  }

  @Test func `a fix that cannot match all tensors alone names the others`() throws {
    let tensors = (0..<4).map { TestTensor.normal("net.\($0).weight", [96, 96], std: (1.0 / 96).squareRoot()) }
    let network = Network(
      (0..<4).map { .weight(Network.Weight("net.\($0).weight", activation: $0 < 3 ? .relu : .linear)) })
    let fix = try #require(TestModel(tensors: tensors).findings { $0.network = network }.first?.fix)
    #expect(fix.hasPrefix(#"- {match: "net.0.weight", init: "#))
    #expect(fix.hasSuffix("}  # likewise net.1.weight, net.2.weight"))
  }

  @Test func `a norm behind the layer and a residual branch keep the scale`() {
    let tensors = ["a", "b", "c", "d", "out"].map { TestTensor.normal("\($0).weight", [96, 96], std: 0.02) }
    let network = Network([
      .weight(Network.Weight("a.weight", activation: .relu)), .norm(Network.Norm(.batch, weight: nil)),
      .weight(Network.Weight("b.weight")), .norm(Network.Norm(.layer, weight: nil)), .activation(.relu),
      .residual(
        [.weight(Network.Weight("c.weight", activation: .gelu)), .weight(Network.Weight("d.weight"))], shortcut: []),
      .weight(Network.Weight("out.weight")),
    ])
    #expect(TestModel(tensors: tensors).findings { $0.network = network } == [])
  }

  @Test func `biases that outweigh the input are information`() {
    var model = TestModel.mlp(layers: 6)
    for i in 0..<6 { model["net.\(2 * i).bias"] = .constant("net.\(2 * i).bias", [96], i == 2 ? 2 : 0) }
    let network = TestModel.chain(layers: 6, activation: .relu)
    let layers = (0..<6).map { i in
      var layer = LayerDiagnosis(name: "net.\(2 * i).weight", kind: "linear", activation: "relu")
      layer.theory = LayerDiagnosis.Theory(q: 1, signal: 1, gradient: 1)
      return layer
    }
    let found = model.findings { ($0.network, $0.layers) = (network, layers) }
    // fan_in · E w² = 2 for He, times q = 1, against 2² = 4.
    #expect(brief(found) == ["information bias-dominated net.4.bias"])
    #expect(found.first?.fix == #"- {match: "net.4.bias", init: zeros}"#)
  }
}
