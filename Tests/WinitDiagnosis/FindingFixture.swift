// Models for the tests of findings: weights from a small generator, and their statistics computed the simple way.

import Foundation
import WinitCore
import WinitInitializers
import WinitJSON

import WinitDiagnosis

/// Random numbers of a seed (SplitMix64, Steele et al. 2014).
struct TestDraws {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func uniform() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }

  mutating func normal() -> Double { (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform()) }
}

/// A tensor with its elements.
struct TestTensor {
  var name: String
  var dims: [Int]
  var elements: [Float]
  var layout = Layout.torch
  var law: Law?
  var scheme: JSONValue?
  var dtype = DType.float32

  init(_ name: String, _ dims: [Int], layout: Layout = .torch, _ element: (Int) -> Float) {
    (self.name, self.dims, self.layout) = (name, dims, layout)
    elements = (0..<dims.reduce(1, *)).map(element)
  }

  /// A tensor of N(0, std²); each name has draws of its own.
  static func normal(_ name: String, _ dims: [Int], std: Double, layout: Layout = .torch) -> TestTensor {
    var draws = TestDraws(seed: name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
    return TestTensor(name, dims, layout: layout) { _ in Float(std * draws.normal()) }
  }

  /// A tensor of U(low, high).
  static func uniform(_ name: String, _ dims: [Int], _ low: Double, _ high: Double) -> TestTensor {
    var draws = TestDraws(seed: name.utf8.reduce(11) { $0 &* 31 &+ UInt64($1) })
    return TestTensor(name, dims) { _ in Float(low + (high - low) * draws.uniform()) }
  }

  /// He's normal weights of a square linear layer.
  static func he(_ name: String, _ n: Int) -> TestTensor { normal(name, [n, n], std: (2 / Double(n)).squareRoot()) }

  static func constant(_ name: String, _ dims: [Int], _ value: Float) -> TestTensor {
    TestTensor(name, dims) { _ in value }
  }

  /// The number of rows: of outputs in torch's layout.
  private var width: Int { dims.last ?? 1 }

  subscript(row row: Int) -> [Float] {
    get { Array(elements[(row * stride)..<((row + 1) * stride)]) }
    set { elements.replaceSubrange((row * stride)..<((row + 1) * stride), with: newValue) }
  }

  private var stride: Int { dims.dropFirst().reduce(1, *) }

  mutating func scale(_ factor: Float) { elements = elements.map { $0 * factor } }

  var observed: ObservedTensor {
    var facts = TensorStatistics()
    let finite = elements.filter(\.isFinite).map(Double.init)
    let n = Double(finite.count)
    facts.count = elements.count
    if !finite.isEmpty {
      let mean = finite.reduce(0, +) / n
      facts.mean = mean
      func moment(_ k: Double) -> Double { finite.reduce(0) { $0 + pow($1 - mean, k) } / n }
      if finite.min() != finite.max() {
        (facts.variance, facts.thirdMoment, facts.fourthMoment) = (moment(2), moment(3), moment(4))
      }
      (facts.minimum, facts.maximum) = (finite.min(), finite.max())
    }
    facts.zeros = elements.count { $0 == 0 }
    facts.nan = elements.count(where: \.isNaN)
    facts.infinite = elements.count(where: \.isInfinite)
    facts.units = units
    let shape = (try? Shape(dims)) ?? Shape.testScalar
    var tensor = ObservedTensor(
      name: TensorName(name), shape: shape, dtype: dtype, fanSource: .layout(layout), statistics: facts, law: law,
      scheme: scheme)
    tensor.digest = elements.withUnsafeBytes { SHA256Digest(of: Array($0)) }
    return tensor
  }

  private var units: UnitStatistics {
    func hash(_ elements: some Sequence<Float>) -> UInt64 {
      var (hash, isZero): (UInt64, Bool) = (0xCBF2_9CE4_8422_2325, true)
      for element in elements {
        if element != 0 { isZero = false }
        hash = (hash ^ UInt64((element == 0 ? 0 : element).bitPattern)) &* 0x0000_0100_0000_01B3
        hash ^= hash >> 29
      }
      return isZero ? 0 : max(1, hash)
    }
    guard dims.count >= 2 else {
      return UnitStatistics(outputs: elements.map { hash([$0]) }, inputs: [], outputSize: 1)
    }
    // [outputs, inputs, field], or [field, inputs, outputs].
    let isTorch = layout == .torch
    let outputs = isTorch ? dims[0] : dims[dims.count - 1]
    let inputs = isTorch ? dims[1] : dims[dims.count - 2]
    let field = elements.count / max(1, outputs * inputs)
    func element(_ o: Int, _ i: Int, _ f: Int) -> Float {
      isTorch ? elements[(o * inputs + i) * field + f] : elements[(f * inputs + i) * outputs + o]
    }
    return UnitStatistics(
      outputs: (0..<outputs).map { o in hash((0..<(inputs * field)).lazy.map { element(o, $0 / field, $0 % field) }) },
      inputs: (0..<inputs).map { i in hash((0..<(outputs * field)).lazy.map { element($0 / field, i, $0 % field) }) },
      outputSize: inputs * field)
  }
}

extension Shape {
  /// The shape of a tensor of one element.
  static var testScalar: Shape {
    guard let shape = try? Shape([]) else { fatalError("a shape without dimensions is valid") }
    return shape
  }
}

/// A model for tests.
struct TestModel {
  var tensors: [TestTensor]

  /// 30 linear layers of 96 units with He's weights and biases of 0, as `nn.Sequential` names them with a ReLU between.
  static func mlp(layers: Int = 30, width: Int = 96) -> TestModel {
    TestModel(
      tensors: (0..<layers).flatMap { i in
        [.he("net.\(2 * i).weight", width), TestTensor.constant("net.\(2 * i).bias", [width], 0)]
      })
  }

  /// The tensors of transformers' GPT-2 with 6 layers of 96 channels, as it initializes them. Its Conv1D weights are
  /// [inputs, outputs].
  static func gpt2(layers: Int = 6, width: Int = 96) -> TestModel {
    func vectors(_ name: String, _ size: Int) -> [TestTensor] {
      [.constant(name + ".weight", [size], 1), .constant(name + ".bias", [size], 0)]
    }
    func conv(_ name: String, _ inputs: Int, _ outputs: Int, std: Double = 0.02) -> [TestTensor] {
      [
        .normal(name + ".weight", [inputs, outputs], std: std, layout: .keras),
        .constant(name + ".bias", [outputs], 0),
      ]
    }
    let residual = 0.02 / Double(2 * layers).squareRoot()
    var tensors = [
      TestTensor.normal("wte.weight", [400, width], std: 0.02), .normal("wpe.weight", [64, width], std: 0.02),
    ]
    for i in 0..<layers {
      tensors += vectors("h.\(i).ln_1", width) + conv("h.\(i).attn.c_attn", width, 3 * width)
      tensors += conv("h.\(i).attn.c_proj", width, width, std: residual) + vectors("h.\(i).ln_2", width)
      tensors += conv("h.\(i).mlp.c_fc", width, 4 * width)
      tensors += conv("h.\(i).mlp.c_proj", 4 * width, width, std: residual)
    }
    return TestModel(tensors: tensors + vectors("ln_f", width))
  }

  /// The path of `mlp`.
  static func chain(layers: Int, activation: ActivationFunction) -> Network {
    Network(
      (0..<layers).map { i in
        .weight(
          Network.Weight(
            "net.\(2 * i).weight", bias: "net.\(2 * i).bias", activation: i == layers - 1 ? .linear : activation))
      })
  }

  func index(_ name: String) -> Int { tensors.firstIndex { $0.name == name } ?? 0 }

  subscript(_ name: String) -> TestTensor {
    get { tensors[index(name)] }
    set { tensors[index(name)] = newValue }
  }

  var evidence: FindingEvidence { FindingEvidence(tensors: tensors.map(\.observed)) }

  func findings(_ change: (inout FindingEvidence) -> Void = { _ in }) -> [Finding] {
    var evidence = evidence
    change(&evidence)
    return FindingRules.report(on: evidence).findings
  }
}

/// A finding in short: severity, code and tensor.
func brief(_ findings: [Finding]) -> [String] {
  findings.map { "\($0.severity.rawValue) \($0.code.rawValue) \($0.tensor ?? $0.layer ?? "")" }
}
