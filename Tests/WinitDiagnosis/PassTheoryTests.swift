// Passes against the theory of wide networks.

import Testing
import WinitCore
import WinitDiagnosis
import WinitInitializers

@Suite struct PassTheoryTests {
  private static let width = 256

  /// A weight with the std gain / √inputs.
  private static func weight(
    _ name: String, gain: Double, _ activation: ActivationFunction = .linear, in model: inout PassModel
  ) throws -> Network.Entry {
    let std = gain / Double(width).squareRoot()
    try model.set(name, [width, width], .normal(roundingMean: 0, std: std))
    return .weight(.init(name, activation: activation))
  }

  private static let networks: [String] = ["tanh", "relu", "layer norm", "batch norm", "residual", "shortcut"]

  private static func model(_ name: String) throws -> PassModel {
    var model = PassModel(seed: 21)
    for layer in 0..<4 {
      let first = try weight("\(layer).a", gain: 2.0.squareRoot(), name == "tanh" ? .tanh : .relu, in: &model)
      let second = try weight("\(layer).b", gain: 1, in: &model)
      let third = try weight("\(layer).c", gain: 0.5, in: &model)
      switch name {
      case "layer norm": model.network.entries += [second, .norm(.init(.layer, weight: nil)), .activation(.tanh)]
      case "batch norm": model.network.entries += [second, .norm(.init(.batch, weight: nil)), .activation(.relu)]
      case "residual":
        model.network.entries.append(.residual([.norm(.init(.rms, weight: nil)), first, second], shortcut: []))
      case "shortcut": model.network.entries.append(.residual([first, second], shortcut: [third]))
      default: model.network.entries.append(first)
      }
    }
    return model
  }

  @Test(arguments: networks)
  func `theory and a pass have the same layers, and agree on a wide network`(name: String) throws {
    let model = try Self.model(name)
    let pass = try model.pass(threads: 2)
    let theory = NetworkTheory(model.network, source: .spec) { name in
      guard let elements = try? model.elements(name) else { return nil }
      let square = elements.reduce(0) { $0 + Double($1) * Double($1) } / Double(elements.count)
      guard let shape = try? Shape([Self.width, Self.width]) else { return nil }
      return WeightFacts(shape: shape, fanSource: .layout(.torch), meanSquare: square)
    }
    var layers = theory.layers
    #expect(layers.map(\.kind) == pass.layers.map(\.kind))
    #expect(layers.map(\.isMainPath) == pass.layers.map(\.isMainPath))
    pass.measure(&layers)
    let last = try #require(pass.layers.last?.measured.gradient)
    for layer in layers {
      let (expected, measured) = (try #require(layer.theory), try #require(layer.measured))
      // ln RMS deviates by ½√(5·4/256) = 0.14 in four layers of this width.
      #expect((0.75...1.33).contains(measured.signal / expected.signal), "\(layer.name)")
      #expect((0.75...1.33).contains(measured.rms * measured.rms / expected.q), "\(layer.name)")
      let gradient = try #require(measured.gradient) / last
      #expect((0.75...1.33).contains(gradient / expected.gradient), "\(layer.name)")
    }
  }
}
