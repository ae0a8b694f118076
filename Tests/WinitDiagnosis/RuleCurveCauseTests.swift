// What a finding about a signal or a gradient names as its cause, and as its fix.

import Testing
import WinitCore
import WinitDiagnosis
import WinitJSON

@Suite struct RuleCurveCauseTests {
  /// A square linear layer of 64 units, whose weight has this many times He's std, √(2/64).
  private struct Layer {
    let name: String
    let scale: Double
    var activation = ActivationFunction.relu
  }

  /// The findings about a chain whose signal and gradient are multiplied by `ratio` from end to end.
  private func findings(_ layers: [Layer], forward: Double = 1, backward: Double = 1) -> [Finding] {
    let std = (2.0 / 64).squareRoot()
    let model = TestModel(tensors: layers.map { .normal($0.name, [64, 64], std: std * $0.scale) })
    return model.findings {
      $0.network = Network(layers.map { .weight(Network.Weight($0.name, activation: $0.activation)) })
      $0.layers = layers.enumerated().map { i, layer in
        var result = LayerDiagnosis(name: layer.name, kind: "linear", activation: layer.activation.name)
        let signal = i < layers.count - 2 ? 1 : forward
        result.theory = LayerDiagnosis.Theory(q: 1, signal: signal, gradient: i == 0 ? backward : 1)
        return result
      }
    }.filter { $0.severity > .information }
  }

  /// Four layers of Xavier's scale, 1/√2 of He's, and layers between them.
  private func xavier(_ between: [Layer], last: Double = 0.5.squareRoot()) -> [Layer] {
    let half = 0.5.squareRoot()
    return [Layer(name: "net.0.weight", scale: half), Layer(name: "net.2.weight", scale: half)] + between
      + [Layer(name: "net.4.weight", scale: half), Layer(name: "net.6.weight", scale: half)]
      + [Layer(name: "out.weight", scale: last, activation: .linear)]
  }

  private let he = "{scheme: he_normal, activation: relu}"

  @Test func `one layer with the largest factor is named before many that change little`() throws {
    let found = try #require(findings(xavier([Layer(name: "neck.weight", scale: 1e-5)]), forward: 1e-6).first)
    #expect(found.code == .vanishingForward)
    // 64² draws have the std within 2 percent.
    #expect(
      found.message.contains(/most of it by `neck.weight`, with (0.9[89]|1|1.0[012]?)e-5 times the scale of He's/))
    #expect(
      found.fix
        == #"- {match: "neck.weight", init: \#(he)}  # likewise net.0.weight, net.2.weight, net.4.weight and 1 more"#)
  }

  @Test func `many layers are named where their product is larger than one factor`() throws {
    // 0.5²⁰ = 1e-6 against 1e-2.
    let layers = (0..<20).map { Layer(name: "net.\($0).weight", scale: 0.5) }
    let rest = [Layer(name: "neck.weight", scale: 0.01), Layer(name: "out.weight", scale: 1, activation: .linear)]
    let found = try #require(findings(layers + rest, forward: 1e-8).first)
    #expect(found.fix == #"- {match: "net.{i}.weight", init: \#(he)}  # likewise neck.weight"#)
    #expect(!found.message.contains("neck"))
  }

  @Test func `a layer that works against the curve is not its cause`() throws {
    let found = try #require(findings(xavier([Layer(name: "neck.weight", scale: 1e6)]), forward: 1e5).first)
    #expect(found.code == .explodingForward)
    #expect(found.fix == #"- {match: "neck.weight", init: \#(he)}"#)
  }

  @Test func `the last weight changes gradients and not the signal, and the first one the signal alone`() throws {
    let layers = [Layer(name: "first.weight", scale: 1e-6)] + xavier([], last: 1e-5)
    let forward = try #require(findings(layers, forward: 1e-7).first { $0.code == .vanishingForward })
    #expect(forward.fix?.hasPrefix(#"- {match: "first.weight", "#) == true)
    #expect(forward.fix?.contains("out.weight") == false)
    let backward = try #require(findings(layers, backward: 1e-6).first { $0.code == .vanishingBackward })
    // Nothing follows the last layer, so LeCun's scheme keeps the gradient.
    #expect(backward.fix == #"- {match: "out.weight", init: {scheme: lecun_normal}}"#)
    #expect(!backward.message.contains("first.weight"))
  }

  @Test func `one rule is the fix for a family of which the first weight changes no gradient`() throws {
    let layers = (0..<20).map { Layer(name: "net.\($0).weight", scale: 0.5) }
    let last = Layer(name: "out.weight", scale: 0.5.squareRoot(), activation: .linear)
    let found = try #require(findings(layers + [last], backward: 1e-6).first)
    #expect(found.fix == #"- {match: "net.{i}.weight", init: \#(he)}"#)
  }

  @Test func `no fix is given where no scale helps`() throws {
    // Xavier's std for 64 and 64 units is 1/√2 of He's. A sigmoid shrinks gradients all the same.
    let layers = (0..<8).map { Layer(name: "net.\($0).weight", scale: 0.5.squareRoot(), activation: .sigmoid) }
    let found = try #require(findings(layers, backward: 1e-5).first)
    #expect(found.code == .vanishingBackward)
    #expect(found.fix == nil)
  }

  @Test func `layers that explain little of a curve are not its cause`() throws {
    let layers = [Layer(name: "a.weight", scale: 0.7)] + (1..<6).map { Layer(name: "net.\($0).weight", scale: 1) }
    #expect(try #require(findings(layers, forward: 1e-8).first).fix == nil)
  }

  @Test func `large weights under tanh explode gradients, and Xavier's scheme is the fix`() throws {
    let layers = (0..<8).map { Layer(name: "net.\($0).weight", scale: 3, activation: .tanh) }
    let found = try #require(findings(layers, backward: 1e4).first)
    #expect(found.code == .explodingBackward)
    #expect(found.fix == #"- {match: "net.{i}.weight", init: {scheme: xavier_normal}}"#)
  }

  @Test func `a large branch explodes the sum, and a small one leaves it`() throws {
    let std = (2.0 / 64).squareRoot()
    func findings(_ scale: Double, _ ratio: Double, first: Double = 0.75) -> [Finding] {
      let names = ["in.weight", "branch.weight", "out.weight"]
      let model = TestModel(
        tensors: zip(names, [first, scale, 0.75]).map { .normal($0, [64, 64], std: std * $1) })
      return model.findings {
        $0.network = Network([
          .weight(Network.Weight(names[0])), .residual([.weight(Network.Weight(names[1]))], shortcut: []),
          .weight(Network.Weight(names[2])),
        ])
        $0.layers = [(names[0], 1.0), ("block", ratio), (names[2], 1)].map { name, signal in
          var layer = LayerDiagnosis(name: name, kind: "linear", activation: nil)
          layer.theory = LayerDiagnosis.Theory(q: 1, signal: signal, gradient: 1)
          return layer
        }
      }
    }
    let exploding = try #require(findings(1e4, 1e4).first { $0.code == .explodingForward })
    #expect(exploding.fix == #"- {match: "branch.weight", init: {scheme: lecun_normal}}"#)
    // A first layer of 1.4 times LeCun's std explains little of it.
    let fix = try #require(findings(1e4, 1e4, first: 1).first { $0.code == .explodingForward }).fix
    #expect(fix == exploding.fix)
    #expect(try #require(findings(1e-4, 1e-4).first { $0.code == .vanishingForward }).fix == nil)
  }
}
