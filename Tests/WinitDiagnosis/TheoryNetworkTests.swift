// The theory of networks, against the figures of papers and of real passes.

import Testing
import WinitCore
import WinitDiagnosis
import WinitInitializers

/// The tensors of a network by name: their shapes and mean squares.
struct TheoryTensors {
  private var facts: [String: WeightFacts] = [:]

  mutating func add(_ name: String, _ dims: [Int], std: Double, mean: Double = 0, layout: Layout = .torch) {
    guard let shape = try? Shape(dims) else { return }
    facts[name] = WeightFacts(
      shape: shape, fanSource: .layout(layout), meanSquare: std * std + mean * mean, mean: mean)
  }

  func theory(_ entries: [Network.Entry], source: NetworkSummary.Source = .spec) -> NetworkTheory {
    let facts = facts
    return NetworkTheory(Network(entries), source: source) { facts[$0] }
  }

  func theory(assuming chain: Chain) -> NetworkTheory {
    let facts = facts
    return NetworkTheory(assuming: chain) { facts[$0] }
  }

  /// A chain of square linear layers `net.0.weight`, `net.1.weight`, ….
  static func chain(
    depth: Int, width: Int, std: Double, activation: ActivationFunction
  ) -> (tensors: TheoryTensors, entries: [Network.Entry]) {
    var tensors = TheoryTensors()
    var entries: [Network.Entry] = []
    for layer in 0..<depth {
      tensors.add("net.\(layer).weight", [width, width], std: std)
      entries.append(.weight(Network.Weight("net.\(layer).weight", activation: activation)))
    }
    return (tensors, entries)
  }
}

func ratio(_ value: Double?, _ expected: Double?) -> Double { (value ?? .nan) / (expected ?? .nan) }

@Suite struct TheoryNetworkTests {
  /// He et al. 2015, section 2.2: with a std of 0.01 instead of √(2/(k²·d)), the gradient of a model of 10
  /// convolutions shrinks between conv10 and conv2. The paper prints 1.7e4; √(2/(9·64)), … give 16,728.76.
  @Test func `the gradient of ten convolutions shrinks 16,728.76 times more with 0.01 than with He's std`() throws {
    let filters = [64, 64, 128, 128, 256, 256, 512, 512, 512, 512]
    func gradient(std: (Int) -> Double) throws -> Double {
      var tensors = TheoryTensors()
      var entries: [Network.Entry] = [.input(shape: [3, 64, 64], std: 1)]
      for (index, output) in filters.enumerated() {
        let name = "conv\(index + 1).weight"
        tensors.add(name, [output, index == 0 ? 3 : filters[index - 1], 3, 3], std: std(output))
        entries.append(.weight(Network.Weight(name, activation: .relu, padding: 1)))
      }
      let theory = tensors.theory(entries)
      return try #require(theory.layers.first?.theory?.gradient)
    }
    // The gradient at conv1's output has gone through conv2 … conv10. Each factor is a std, so that the ratio is that
    // of nine stds; the paper has d = 64, 128², 256², 512⁴ for them.
    let he = try gradient { (2 / (9 * Double($0))).squareRoot() }
    let small = try gradient { _ in 0.01 }
    #expect(abs(ratio(he, small) / 16_728.76 - 1) < 1e-6)
  }

  /// In a network of ReLU and maxima without biases all scales pass through: the output has the product of the scales.
  @Test func `VGG-16 with std 0.01 and with He's differ by the product of their stds`() throws {
    let plan = [64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0]
    func theory(std: (Int) -> Double) -> (theory: NetworkTheory, product: Double) {
      var tensors = TheoryTensors()
      var entries: [Network.Entry] = [.input(shape: [3, 224, 224], std: 1)]
      var (channels, product) = (3, 1.0)
      for (index, output) in plan.enumerated() {
        guard output > 0 else {
          entries.append(.pool(Network.Pool(.max, size: 2, stride: 2)))
          continue
        }
        tensors.add("features.\(index).weight", [output, channels, 3, 3], std: std(channels * 9))
        entries.append(.weight(Network.Weight("features.\(index).weight", activation: .relu, padding: 1)))
        (channels, product) = (output, product * std(channels * 9))
      }
      for (index, size) in [(25_088, 4096), (4096, 4096), (4096, 1000)].enumerated() {
        tensors.add("classifier.\(index).weight", [size.1, size.0], std: std(size.0))
        product *= std(size.0)
        let activation: ActivationFunction = index < 2 ? .relu : .linear
        entries.append(.weight(Network.Weight("classifier.\(index).weight", activation: activation)))
      }
      return (tensors.theory(entries), product)
    }
    let he = theory { (2 / Double($0)).squareRoot() }
    let small = theory { _ in 0.01 }
    let (heLast, smallLast) = (he.theory.layers.last?.theory, small.theory.layers.last?.theory)
    #expect(he.theory.layers.count == 16)
    let expected = small.product / he.product
    // Real passes of both with the same draws: forward 1.395e-8, theory 1.393e-8.
    #expect(abs(expected / 1.393e-8 - 1) < 1e-3)
    #expect(abs(ratio(smallLast?.signal, heLast?.signal) / expected - 1) < 1e-6)
    let gradients = ratio(small.theory.layers.first?.theory?.gradient, he.theory.layers.first?.theory?.gradient)
    let first = 0.01 / (2.0 / 27).squareRoot()
    #expect(abs(gradients / (expected / first) - 1) < 1e-6)
  }

  /// With the same seed and stream the elements of He's and Xavier's weights differ by √2 alone.
  @Test func `thirty ReLU layers with He and with Xavier differ by 2 to the power of -15`() throws {
    let width = 128
    var signals: [Double] = []
    for std in [(2 / Double(width)).squareRoot(), (1 / Double(width)).squareRoot()] {
      var tensors: [String: WeightFacts] = [:]
      let shape = try Shape([width, width])
      for layer in 0..<30 {
        let name = TensorName("net.\(layer).weight")
        let recipe = try Recipe(
          seed: 42, stream: name.stream, dtype: .float32, shape: shape, law: .normal(mean: 0, std: Float(std)))
        var elements = [Float](repeating: 0, count: width * width)
        try elements.withUnsafeMutableBytes { try recipe.fill(0..<width * width, into: $0, threads: 1) }
        let sum = elements.reduce(0.0) { $0 + Double($1) * Double($1) }
        tensors["net.\(layer).weight"] = WeightFacts(
          shape: shape, fanSource: .layout(.torch), meanSquare: sum / Double(width * width))
      }
      let entries = (0..<30).map { Network.Entry.weight(Network.Weight("net.\($0).weight", activation: .relu)) }
      let recorded = tensors
      let theory = NetworkTheory(Network(entries), source: .spec) { recorded[$0] }
      signals.append(try #require(theory.layers.last?.theory?.q.squareRoot()))
    }
    #expect(abs(signals[1] / signals[0] * 0x1p15 - 1) < 1e-6)
  }

  /// 50 layers of width 512 (n does not matter to the theory): the last RMS. Multiplying constants gives 1.7e-2 for
  /// GELU and 1 for tanh with Xavier. NumPy: q ← 2·E f(√q·z)² with a sum over 4,001 points of z; real nets of this
  /// width are within a factor of 1.6.
  @Test(arguments: [
    (ActivationFunction.gelu, 2.0, 1.1316e-6), (.silu, 2, 1.0301e-7), (.tanh, 1, 0.10109), (.tanh, 2, 0.55586),
  ])
  func `activations are iterated at the moment that each layer has`(
    activation: ActivationFunction, gain: Double, expected: Double
  ) throws {
    let (tensors, entries) = TheoryTensors.chain(
      depth: 50, width: 512, std: (gain / 512).squareRoot(), activation: activation)
    let last = try #require(tensors.theory(entries).layers.last?.theory)
    #expect(abs(last.q.squareRoot() / expected - 1) < 1e-4, "\(last.q.squareRoot())")
  }

  /// Xavier under sigmoid: 0.236 a layer at the fixed point, not the slope ¼ at 0; 50 layers give 4.0e-32.
  @Test func `Xavier under sigmoid shrinks the gradient 4.2 times a layer`() throws {
    let (tensors, entries) = TheoryTensors.chain(
      depth: 50, width: 512, std: (1 / 512.0).squareRoot(), activation: .sigmoid)
    let layers = tensors.theory(entries).layers
    let step = ratio(layers[20].theory?.gradient, layers[21].theory?.gradient)
    #expect(abs(step - 0.236) < 0.001)
  }

  /// Glorot and Bengio 2010, figures 6 and 7: five layers of 1,000 with tanh, std 1/√(3·1000) and Glorot's. NumPy over
  /// 10 seeds: 0.4605 0.2492 0.1409 0.0809 0.0466, the gradient's ratio 12.1; 0.628 … 0.321, 2.45.
  @Test func `Glorot's two initializations have the figures of the paper`() throws {
    let (standard, entries) = TheoryTensors.chain(
      depth: 5, width: 1000, std: (1 / 3000.0).squareRoot(), activation: .tanh)
    let layers = standard.theory(entries).layers
    for (layer, expected) in zip(layers, [0.4605, 0.2492, 0.1409, 0.0809, 0.0466]) {
      #expect(abs(ratio(layer.theory?.signal, expected) - 1) < 0.02)
    }
    #expect(abs(ratio(layers[4].theory?.gradient, layers[0].theory?.gradient) / 12.1 - 1) < 0.06)
    let (normalized, same) = TheoryTensors.chain(
      depth: 5, width: 1000, std: (1 / 1000.0).squareRoot(), activation: .tanh)
    let better = normalized.theory(same).layers
    #expect(abs(ratio(better[0].theory?.signal, 0.6280) - 1) < 0.02)
    #expect(abs(ratio(better[4].theory?.signal, 0.3212) - 1) < 0.02)
    #expect(abs(ratio(better[4].theory?.gradient, better[0].theory?.gradient) / 2.45 - 1) < 0.06)
  }

  @Test func `the law of a deep ReLU chain is that of the measurements`() {
    let spread = NetworkTheory.lnRMSSpread(depth: 30, width: 128)
    #expect(abs(spread.std - 0.541) < 0.001)
    #expect(abs(spread.mean + 0.293) < 0.001)
  }
}
