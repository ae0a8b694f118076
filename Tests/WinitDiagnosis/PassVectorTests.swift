// Passes against NumPy.

import Foundation
import Testing
import WinitCore
import WinitDiagnosis
import WinitInitializers
import WinitJSON
import WinitTestSupport

@Suite struct PassVectorTests {
  /// The passes of Tests/Vectors/passes.txt, which tools/checks/vector_passes.py made.
  static let vectors: [PassVector] = {
    let lines = (try? VectorFile.text("passes.txt"))?.split(separator: "\n") ?? []
    return lines.filter { !$0.hasPrefix("#") }.compactMap { line in
      (try? JSONValue(parsing: String(line))).map(PassVector.init(json:))
    }
  }()

  @Test func `there are passes with every elementwise activation`() {
    let names = Set(Self.vectors.flatMap(\.activations))
    let missing = ActivationFunction.knownNames.filter { name in
      !names.contains(name) && name != "swish" && name != "leaky_relu"
    }
    #expect(missing.isEmpty)
    #expect(Self.vectors.count == 38)
  }

  @Test(arguments: vectors)
  func `a pass measures what NumPy measures`(vector: PassVector) throws {
    let pass = try vector.model().pass(try vector.options())
    // The file has nine digits. Both compute in binary64, and add in different orders.
    try expect(pass.inputSignal, vector.json["input_signal"])
    try expect(pass.loss?.value, vector.json["cross_entropy"])
    let layers = try #require(vector.json["measured"]?.arrayValue)
    #expect(pass.layers.count == layers.count)
    for (layer, expected) in zip(pass.layers, layers) {
      try expect(layer.measured.rms, expected["rms"])
      try expect(layer.measured.signal, expected["signal"])
      try expect(layer.measured.gradient, expected["gradient"])
      try expect(layer.measured.dead, expected["dead"])
      try expect(layer.measured.saturated, expected["saturated"])
      try expect(layer.measured.cosine, expected["cosine"])
    }
  }

  @Test func `neither threads nor the width of vectors change a bit`() throws {
    for vector in Self.vectors where ["wide", "softmax", "inputs first"].contains(vector.description) {
      let (model, options) = (try vector.model(), try vector.options())
      let expected = try model.pass(options, threads: 1, kernel: .scalar)
      #expect(try model.pass(options, threads: 8) == expected)
      for kernel in SIMDKernel.allCases where kernel.isAvailable {
        #expect(try model.pass(options, threads: 3, kernel: kernel) == expected)
      }
    }
  }

  private func expect(_ value: Double?, _ expected: JSONValue?) throws {
    guard let expected = expected?.numberValue else {
      #expect(value == nil)
      return
    }
    let value = try #require(value)
    #expect(abs(value - expected) <= 1e-8 * abs(expected) + 1e-12)
  }
}

/// A line of Tests/Vectors/passes.txt.
struct PassVector: Sendable, CustomTestStringConvertible, CustomStringConvertible {
  let json: JSONValue

  var description: String { json["name"]?.stringValue ?? "" }
  var testDescription: String { description }
  var activations: [String] {
    json["layers"]?.arrayValue?.compactMap { $0["activation"]?.stringValue } ?? []
  }

  func options() throws -> PassOptions {
    PassOptions(
      batch: try #require(json["batch"]?.integerValue), seed: try seed(),
      loss: json["loss"]?.stringValue.map { $0 == "normal" ? .normalGradient : .crossEntropy })
  }

  private func seed() throws -> UInt64 { try #require(json["seed"]?.stringValue.flatMap(UInt64.init)) }

  func model() throws -> PassModel {
    var model = PassModel(seed: try seed())
    model.layout = try #require(json["layout"]?.stringValue.flatMap(Layout.init(rawValue:)))
    let std = try #require(json["input_std"]?.numberValue)
    let layers = try #require(json["layers"]?.arrayValue)
    if let first = layers[0]["shape"]?.arrayValue?.compactMap({ $0.integerValue }), first.count == 2 {
      model.network.entries.append(.input(shape: [model.layout == .torch ? first[1] : first[0]], std: std))
    }
    var count = 0
    for layer in layers { model.network.entries += try entries(layer, &model, &count) }
    return model
  }

  /// The entries of a layer, whose tensors are added to the model.
  private func entries(_ layer: JSONValue, _ model: inout PassModel, _ count: inout Int) throws -> [Network.Entry] {
    let activation = try #require(layer["activation"]?.stringValue.flatMap(ActivationFunction.init(name:)))
    if let branch = layer["residual"]?.arrayValue {
      let shortcut = try #require(layer["shortcut"]?.arrayValue)
      let parts = try [branch, shortcut].map { part in try part.flatMap { try entries($0, &model, &count) } }
      return [.residual(parts[0], shortcut: parts[1]), .activation(activation)]
    }
    let (weight, bias) = ("layers.\(count).weight", "layers.\(count).bias")
    count += 1
    let dims = try #require(layer["shape"]?.arrayValue?.compactMap { $0.integerValue })
    let laws = (weight: layer["law"].flatMap(Law.init(json:)), bias: layer["bias"].flatMap(Law.init(json:)))
    if let law = laws.weight { try model.set(weight, dims, law) }
    if let law = laws.bias { try model.set(bias, [dims.count == 1 || model.layout == .torch ? dims[0] : dims[1]], law) }
    if let kind = layer["norm"]?.stringValue.flatMap(Network.Norm.Kind.init(rawValue:)) {
      let norm = Network.Norm(
        kind, weight: laws.weight == nil ? nil : weight, bias: laws.bias == nil ? nil : bias)
      return [.norm(norm), .activation(activation)]
    }
    return [.weight(.init(weight, bias: laws.bias == nil ? nil : bias, activation: activation))]
  }
}
