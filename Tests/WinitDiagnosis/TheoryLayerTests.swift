// The theory of single kinds of layers, against counts and simulations.

import Testing
import WinitCore
import WinitDiagnosis

@Suite struct TheoryLayerTests {
  private func convolution(
    _ input: [Int], _ weight: [Int], stride: Int = 1, padding: Int = 0, isTransposed: Bool = false
  ) -> LayerDiagnosis.Theory? {
    var tensors = TheoryTensors()
    tensors.add("c.weight", weight, std: 1)
    return tensors.theory([
      .input(shape: input, std: 1),
      .weight(.init("c.weight", stride: stride, padding: padding, isTransposed: isTransposed)),
    ]).layers.last?.theory
  }

  @Test(arguments: [
    (7, 3, 1, 1), (14, 3, 1, 1), (224, 11, 4, 2), (5, 3, 2, 1), (2, 3, 1, 1), (3, 7, 1, 3), (9, 2, 3, 0),
  ])
  func `a convolution has the taps inside its input`(length: Int, kernel: Int, stride: Int, padding: Int) {
    var (taps, outputs) = (0, 0)
    for start in Swift.stride(from: -padding, through: length + padding - kernel, by: stride) {
      outputs += 1
      taps += (start..<start + kernel).count { (0..<length).contains($0) }
    }
    let side = Double(taps) / Double(outputs)
    // 5 inputs with std 1 and weights with std 1: each tap adds 5 to q.
    let theory = convolution([5, length, length], [8, 5, kernel, kernel], stride: stride, padding: padding)
    #expect(abs(ratio(theory?.q, 5 * side * side) - 1) < 1e-12)
    #expect(abs(ratio(theory?.signal, (5 * side * side).squareRoot()) - 1) < 1e-12)
  }

  @Test(arguments: [(1, 4, 1, 0), (4, 4, 2, 1), (7, 3, 2, 1), (5, 3, 1, 1), (3, 2, 3, 0)])
  func `a transposed convolution has the inputs that reach its outputs`(
    length: Int, kernel: Int, stride: Int, padding: Int
  ) {
    let outputs = (length - 1) * stride - 2 * padding + kernel
    var reached = 0
    for input in 0..<length {
      for tap in 0..<kernel where (0..<outputs).contains(input * stride + tap - padding) { reached += 1 }
    }
    let side = Double(reached) / Double(outputs)
    let theory = convolution(
      [5, length, length], [5, 8, kernel, kernel], stride: stride, padding: padding, isTransposed: true)
    #expect(abs(ratio(theory?.q, 5 * side * side) - 1) < 1e-12)
  }

  /// A maximum over 4 or 9 positions of f(b + N(0, 1)) with a bias b that all positions and samples share. NumPy, four
  /// million draws: E y² and ½·E (y − y′)², where y′ has the same b.
  @Test(arguments: [
    (2, 0.0, ActivationFunction.relu, 1.5437, 0.4504), (2, 0.5, .relu, 1.9888, 0.4009),
    (3, 4, .relu, 5.9639, 0.26706), (3, 1, .tanh, 0.67511, 0.060822),
  ])
  func `a maximum over positions has the moments of an order statistic`(
    size: Int, bias: Double, activation: ActivationFunction, q: Double, square: Double
  ) {
    var tensors = TheoryTensors()
    tensors.add("1.weight", [1, 1, 1, 1], std: 1)
    tensors.add("1.bias", [1], std: bias.squareRoot())
    tensors.add("2.weight", [1, 1, 1, 1], std: 1)
    let theory = tensors.theory([
      .input(shape: [1, 36, 36], std: 1), .weight(.init("1.weight", bias: "1.bias", activation: activation)),
      .pool(.init(.max, size: size, stride: size)), .weight(.init("2.weight")),
    ]).layers.last?.theory
    #expect(abs(ratio(theory?.q, q) - 1) < 3e-3, "\(theory?.q ?? 0)")
    #expect(abs(ratio(theory.map { $0.signal * $0.signal }, square) - 1) < 5e-3)
  }

  /// The mean of n rectified N(0, 1): mean 0.39894², variance 0.34085/n.
  @Test(arguments: [(Network.Pool.Kind.mean, 4.0), (.global, 64)])
  func `a mean over positions keeps what the positions share`(kind: Network.Pool.Kind, count: Double) {
    var tensors = TheoryTensors()
    tensors.add("1.weight", [1, 1, 1, 1], std: 1)
    tensors.add("2.weight", kind == .global ? [1, 1] : [1, 1, 1, 1], std: 1)
    let layers = tensors.theory([
      .input(shape: [1, 8, 8], std: 1), .weight(.init("1.weight", activation: .relu)),
      .pool(.init(kind, size: 2, stride: 2)), .weight(.init("2.weight")),
    ]).layers
    let variance = 0.5 - 1 / (2 * Double.pi)
    #expect(abs(ratio(layers.last?.theory?.q, 0.5 - variance * (1 - 1 / count)) - 1) < 1e-9)
    #expect(abs(ratio(layers.last?.theory?.signal, (variance / count).squareRoot()) - 1) < 1e-9)
    // Each of the positions gets 1/n of the gradient, and ReLU passes half of the squares.
    #expect(abs(ratio(layers.first?.theory?.gradient, (0.5 / count).squareRoot()) - 1) < 1e-9)
  }

  /// The gradient of a maximum goes to one of four positions, which is positive but for one case in 16.
  @Test func `a maximum passes the gradient to the largest position`() {
    var tensors = TheoryTensors()
    tensors.add("1.weight", [1, 1, 1, 1], std: 1)
    tensors.add("2.weight", [1, 1, 1, 1], std: 1)
    let layers = tensors.theory([
      .input(shape: [1, 8, 8], std: 1), .weight(.init("1.weight", activation: .relu)),
      .pool(.init(.max, size: 2, stride: 2)), .weight(.init("2.weight")),
    ]).layers
    #expect(abs(ratio(layers.first?.theory?.gradient, (15.0 / 16).squareRoot()) - 1) < 1e-6)
  }

  @Test func `the gradient's norm shrinks by the taps, and not by the positions`() {
    var tensors = TheoryTensors()
    tensors.add("1.weight", [3, 3, 3, 3], std: 0.1)
    tensors.add("2.weight", [7, 3, 3, 3], std: 0.1)
    let layers = tensors.theory([
      .input(shape: [3, 4, 4], std: 1), .weight(.init("1.weight", padding: 1)), .weight(.init("2.weight", padding: 1)),
    ]).layers
    // 4 positions have 2, 3, 3 and 2 taps inside: 2.5² on two axes, 3 channels.
    #expect(abs(ratio(layers[0].theory?.gradient, (2.5 * 2.5 * 3 * 0.01).squareRoot()) - 1) < 1e-12)
    #expect(layers[1].theory?.gradient == 1)
  }

  /// A layer with the mean square ½ in a residual branch: 1.5 times the second moment, forward and backward.
  @Test func `a residual sum adds moments and gradients`() throws {
    var tensors = TheoryTensors()
    for name in ["a", "b", "c"] { tensors.add("\(name).weight", [64, 64], std: (0.5 / 64.0).squareRoot()) }
    let layers = tensors.theory([
      .weight(.init("a.weight")), .residual([.weight(.init("b.weight"))], shortcut: []),
      .residual([.weight(.init("c.weight"))], shortcut: []),
    ]).layers
    #expect(layers.map(\.name) == ["a.weight", "b.weight", "b", "c.weight", "c"])
    #expect(layers.map(\.kind) == ["linear", "linear", "residual", "linear", "residual"])
    #expect(layers.map(\.isMainPath) == [true, false, true, false, true])
    #expect(abs(ratio(layers[4].theory?.q, 0.5 * 1.5 * 1.5) - 1) < 1e-12)
    #expect(abs(ratio(layers[0].theory?.gradient, 1.5) - 1) < 1e-12)
    #expect(abs(ratio(layers[2].theory?.gradient, 1.5.squareRoot()) - 1) < 1e-12)
    #expect(abs(ratio(layers[1].theory?.gradient, 1.5.squareRoot()) - 1) < 1e-12)
  }

  /// Rectified values are positive: E (x + y)² = ½ + ¼ + 2·0.39894·0.28209, with the means √½/√π and ½/√π.
  @Test func `a residual sum of rectified values has the product of their means`() {
    var tensors = TheoryTensors()
    for name in ["a", "b"] { tensors.add("\(name).weight", [64, 64], std: 0.125) }
    let layer = tensors.theory([
      .weight(.init("a.weight", activation: .relu)),
      .residual([.weight(.init("b.weight", activation: .relu))], shortcut: []),
    ]).layers.last
    #expect(abs(ratio(layer?.theory?.q, 0.75 + 0.5.squareRoot() / .pi) - 1) < 1e-9)
  }

  @Test func `a norm removes the scale, and batch norm what all samples share`() {
    func theory(_ kind: Network.Norm.Kind) -> LayerDiagnosis.Theory? {
      var tensors = TheoryTensors()
      tensors.add("1.weight", [64, 64], std: 10)
      tensors.add("1.bias", [64], std: 160)  // four times the rest of the second moment: 80²
      tensors.add("n.weight", [64], std: 2)
      return tensors.theory([
        .weight(.init("1.weight", bias: "1.bias")), .norm(.init(kind, weight: "n.weight")),
      ]).layers.last?.theory
    }
    #expect(abs(ratio(theory(.batch)?.q, 4) - 1) < 1e-6)
    #expect(abs(ratio(theory(.batch)?.signal, 2) - 1) < 1e-6)
    for kind in [Network.Norm.Kind.layer, .rms, .group] {
      #expect(abs(ratio(theory(kind)?.q, 4) - 1) < 1e-6)
      #expect(abs(ratio(theory(kind)?.signal, (4 / 5.0).squareRoot()) - 1) < 1e-6)
    }
  }

  @Test func `samples share the rows of positions and of kinds, and not those of tokens`() {
    var tensors = TheoryTensors()
    tensors.add("token", [1000, 64], std: 0.03)
    tensors.add("position", [512, 64], std: 0.04)
    tensors.add("kind", [2, 64], std: 0.12)
    let layer = tensors.theory([.embedding(.init(tables: ["token", "position", "kind"]))]).layers.first
    #expect(abs(ratio(layer?.theory?.q.squareRoot(), 0.13) - 1) < 1e-12)
    #expect(abs(ratio(layer?.theory?.signal, 0.03) - 1) < 1e-12)
  }

  /// A mean over t independent tokens has 1/t of their second moment; over 64 tokens of a causal mask H₆₄/64 = 0.07412.
  @Test(arguments: [(true, 0.07412330), (false, 1 / 64.0)])
  func `attention is a mean over the tokens seen so far`(isCausal: Bool, expected: Double) {
    var tensors = TheoryTensors()
    tensors.add("embedding", [1000, 64], std: 1)
    tensors.add("small", [64, 64], std: 1e-6)
    for name in ["v", "o"] { tensors.add(name, [64, 64], std: 0.125) }
    let theory = tensors.theory([
      .embedding(.init(tables: ["embedding"])),
      .attention(.init(query: "small", key: "small", value: "v", output: "o", heads: 4, isCausal: isCausal)),
    ])
    #expect(abs(ratio(theory.layers.last?.theory?.q, expected) - 1) < 1e-6)
    // The gradient of a value is the same mean, transposed.
    #expect(abs(ratio(theory.layers[1].theory?.gradient, expected.squareRoot()) - 1) < 1e-6)
  }

  /// Constant biases of 1, as AlexNet has them: E relu(1 + 2z)² = 4.16144 and its mean 1.39559; see the moments' tests.
  @Test func `a constant bias moves the mean of the activation`() {
    var tensors = TheoryTensors()
    tensors.add("1.weight", [4, 4], std: 1)
    tensors.add("1.bias", [4], std: 0, mean: 1)
    let layer = tensors.theory([.weight(.init("1.weight", bias: "1.bias", activation: .relu))]).layers.first
    #expect(abs(ratio(layer?.theory?.q, 4.161442959898664) - 1) < 1e-9)
  }

  /// U[0, 1) has the mean ½: behind a ReLU all units get 0.5·n·0.399·√q in common, which outweighs everything else.
  @Test func `weights with a mean explode behind a rectifier`() {
    var tensors = TheoryTensors()
    tensors.add("1.weight", [100, 100], std: 0.1)
    tensors.add("2.weight", [100, 100], std: (1 / 12.0).squareRoot(), mean: 0.5)
    let layer = tensors.theory([
      .weight(.init("1.weight", activation: .relu)), .weight(.init("2.weight")),
    ]).layers.last
    // 100·(1/3)·½ + ¼·100·99/(2π)
    #expect(abs(ratio(layer?.theory?.q, 100 / 6.0 + 2475 / (2 * .pi)) - 1) < 1e-9)
  }
}
