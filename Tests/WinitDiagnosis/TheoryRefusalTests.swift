// What has no theory, and values at the ends of the range.

import Testing
import WinitCore
import WinitDiagnosis
import WinitInitializers

@Suite struct TheoryRefusalTests {
  private func chain(
    _ activation: ActivationFunction, depth: Int, width: Int, gain: Double = 2
  ) -> NetworkTheory {
    let (tensors, entries) = TheoryTensors.chain(
      depth: depth, width: width, std: (gain / Double(width)).squareRoot(), activation: activation)
    return tensors.theory(entries)
  }

  /// Measured: 20 layers of 64 with GELU are off by [.23, 40], and 50 layers by up to 1e5; 10 layers of 128 are not.
  /// ½·√(5·20/64) is 0.6: the bound is 1.
  @Test(arguments: [ActivationFunction.gelu, .silu, .mish, .hardswish, .quickGELU, .geluTanh])
  func `a deep narrow chain of half-rectifiers is refused, with the reason`(activation: ActivationFunction) {
    let refused = chain(activation, depth: 60, width: 64)
    #expect(refused.layers.isEmpty)
    #expect(refused.refusal?.contains("deep and narrow") == true)
    #expect(chain(activation, depth: 10, width: 128).refusal == nil)
  }

  @Test(arguments: [ActivationFunction.relu, .tanh, .sigmoid, .selu, .linear])
  func `a deep narrow chain of other activations is not refused`(activation: ActivationFunction) {
    #expect(chain(activation, depth: 60, width: 64).refusal == nil)
  }

  @Test func `a norm starts a chain of its own`() {
    var (tensors, entries) = TheoryTensors.chain(depth: 60, width: 64, std: 0.18, activation: .gelu)
    entries = entries.flatMap { [$0, .norm(.init(.layer, weight: nil))] }
    let theory = tensors.theory(entries)
    #expect(theory.refusal == nil)
    #expect(theory.layers.count == 120)
    tensors.add("unused", [1, 1], std: 1)
  }

  @Test func `softmax is allowed at the end only`() {
    var tensors = TheoryTensors()
    for name in ["a", "b"] { tensors.add(name, [8, 8], std: 1) }
    func theory(_ entries: [Network.Entry]) -> NetworkTheory { tensors.theory(entries) }
    #expect(theory([.weight(.init("a")), .weight(.init("b", activation: .softmax))]).refusal == nil)
    #expect(theory([.weight(.init("a")), .weight(.init("b")), .activation(.softmax)]).refusal == nil)
    #expect(theory([.weight(.init("a", activation: .softmax)), .weight(.init("b"))]).refusal != nil)
    #expect(theory([.weight(.init("a")), .activation(.softmax), .weight(.init("b"))]).refusal != nil)
    #expect(
      theory([.weight(.init("a")), .residual([.weight(.init("b", activation: .softmax))], shortcut: [])]).refusal != nil
    )
  }

  @Test(arguments: [
    [Network.Entry.weight(.init("missing"))],
    [.weight(.init("a")), .weight(.init("c"))],  // 3 inputs behind 8 units
    [.weight(.init("a", bias: "missing"))],
    [.weight(.init("vector"))],
    [.weight(.init("nan"))],
    [.weight(.init("a")), .embedding(.init(tables: ["c"]))],
    [.weight(.init("a")), .norm(.init(.layer, weight: "missing"))],
    [.weight(.init("a")), .input(shape: [8], std: 1)],
    [.weight(.init("a")), .residual([.weight(.init("d"))], shortcut: [])],
    [.input(shape: [3, 4, 4], std: 1), .weight(.init("k", stride: 0))],
    [.input(shape: [3, 4, 4], std: 1), .weight(.init("k", padding: -1))],
    [.input(shape: [3, 2, 2], std: 1), .weight(.init("k"))],  // no output
    [.input(shape: [3, 4], std: 1), .weight(.init("k"))],  // one axis for a kernel of two
    [.input(shape: [3, 4, 4], std: 0), .weight(.init("k"))],
    [.input(shape: [3, 4, 4], std: .infinity), .weight(.init("k"))],
    [.input(shape: [3, 0, 4], std: 1), .weight(.init("k"))],
    [.input(shape: [3, 1 << 40, 1 << 40], std: 1), .weight(.init("k"))],
    [.weight(.init("k")), .pool(.init(.global, size: 0, stride: 1))],  // unknown size
    [.input(shape: [3, 4, 4], std: 1), .weight(.init("k")), .pool(.init(.max, size: 9, stride: 9))],
    [.input(shape: [3, 4, 4], std: 1), .weight(.init("k")), .pool(.init(.max, size: 0, stride: 0))],
    [.attention(.init(query: "a", key: "a", value: "a", output: "missing", heads: 1, isCausal: true))],
    [.gate(.init(gate: "a", up: "k", activation: .silu))],
    [.pool(.init(.max, size: 2, stride: 2))],
    [],
  ])
  func `a network that does not fit its tensors is refused`(entries: [Network.Entry]) {
    var tensors = TheoryTensors()
    tensors.add("a", [8, 8], std: 1)
    tensors.add("c", [3, 3], std: 1)
    tensors.add("d", [4, 8], std: 1)
    tensors.add("k", [5, 3, 3, 3], std: 1)
    tensors.add("vector", [8], std: 1)
    tensors.add("nan", [8, 8], std: .nan)
    let theory = tensors.theory(entries)
    #expect(theory.layers.isEmpty)
    #expect(theory.refusal?.isEmpty == false)
  }

  @Test(arguments: [
    [Network.Entry.input(shape: [3, 1 << 31, 1 << 31], std: 1e150), .weight(.init("k", padding: 1 << 20))],
    [.input(shape: [3, 1 << 20, 1 << 20], std: 1), .weight(.init("k")), .weight(.init("flat"))],
    [.weight(.init("k", groups: .max))],
    [.weight(.init("k", stride: .max, padding: .max, isTransposed: true))],
    [.input(shape: [3, 8, 8], std: 1), .weight(.init("k", stride: 1 << 31, padding: 1 << 31, isTransposed: true))],
    [.input(shape: [Int.max, Int.max], std: 1), .weight(.init("k"))],
  ])
  func `huge numbers are an answer or a refusal, and no trap`(entries: [Network.Entry]) {
    var tensors = TheoryTensors()
    tensors.add("k", [3, 3, 3, 3], std: 1e150)
    tensors.add("flat", [8, 1 << 20], std: 1)
    _ = tensors.theory(entries)
  }

  @Test func `a tensor whose squares binary64 does not hold is refused, and one of zeros is not`() {
    for (std, isRefused) in [
      (1e160, true), (1e-200, true), (1e-160, true), (1e150, false), (1e-150, false), (0, false),
    ] {
      let facts = { (name: String) -> WeightFacts? in
        guard let shape = try? Shape([8, 8]) else { return nil }
        var facts = WeightFacts(shape: shape, fanSource: .layout(.torch), meanSquare: std * std)
        facts.hasElementsOtherThanZero = std != 0
        return facts
      }
      let theory = NetworkTheory(Network([.weight(.init("a")), .weight(.init("b"))]), source: .spec, facts: facts)
      #expect((theory.refusal?.contains("squares") ?? false) == isRefused, "\(std)")
      #expect(theory.layers.isEmpty == isRefused)
    }
  }

  @Test func `a text says where the numbers of theory end`() {
    func accuracy(_ gain: Double) -> String {
      let (tensors, entries) = TheoryTensors.chain(depth: 600, width: 5000, std: gain / 70, activation: .relu)
      return tensors.theory(entries).summary.accuracy
    }
    #expect(accuracy(1e3).contains("1e150") && accuracy(1e-3).contains("1e150"))
    #expect(!accuracy(1.4).contains("1e150") && !accuracy(0).contains("1e150"))
  }

  @Test func `the shapes alone show whether a network contradicts them`() {
    let dims = ["a": [8, 8], "c": [3, 3], "k": [5, 3, 3, 3], "t": [9, 8], "u": [9, 7]]
    func contradiction(_ entries: [Network.Entry]) -> TheoryProblem? {
      NetworkTheory.contradiction(in: Network(entries)) { name in
        dims[name].flatMap { try? Shape($0) }.map { ($0, .layout(.torch)) }
      }
    }
    let input = Network.Entry.input(shape: [3, 4, 4], std: 1)
    #expect(contradiction([.weight(.init("a")), .weight(.init("c"))])?.tensor == "c")
    #expect(contradiction([.embedding(.init(tables: ["t"])), .weight(.init("c"))])?.tensor == "c")
    #expect(contradiction([.embedding(.init(tables: ["t", "u"]))])?.tensor == "u")
    #expect(contradiction([.input(shape: [3, 2, 2], std: 1), .weight(.init("k"))])?.tensor == "k")
    #expect(contradiction([input, .weight(.init("k")), .pool(.init(.max, size: 9, stride: 9))]) != nil)
    #expect(contradiction([.weight(.init("a")), .residual([.weight(.init("c"))], shortcut: [])]) != nil)
    #expect(contradiction([input, .weight(.init("k")), .pool(.init(.global, size: 0, stride: 1))]) == nil)
    #expect(contradiction([.weight(.init("a", activation: .gelu)), .weight(.init("a"))]) == nil)
    // What is unknown is no contradiction.
    #expect(contradiction([.weight(.init("missing"))]) == nil)
    #expect(contradiction([.weight(.init("a", activation: .softmax)), .weight(.init("a"))]) == nil)
  }

  /// Theory ends at 1e150 and at 0, but every number is one that JSON can hold.
  @Test(arguments: [1e3, 1e-3, 0]) func `a chain that explodes or vanishes has finite numbers`(gain: Double) {
    for activation in [ActivationFunction.relu, .tanh, .gelu, .softplus] {
      let (tensors, entries) = TheoryTensors.chain(depth: 600, width: 5000, std: gain / 70, activation: activation)
      let theory = tensors.theory(entries)
      #expect(theory.layers.count == 600)
      let values = theory.layers.compactMap(\.theory).flatMap { [$0.q, $0.signal, $0.gradient] }
      #expect(!values.contains { !$0.isFinite || $0 < 0 })
      if gain < 1, activation != .softplus { #expect(theory.layers.last?.theory?.signal ?? 1 < 1e-100) }
      if gain > 1, activation == .relu { #expect(theory.layers.last?.theory?.signal ?? 0 > 1e100) }
    }
  }

  @Test func `a ReLU chain says how far draws of the weights differ`() {
    // exp(−0.293 ± 1.96·0.541): 0.26 to 2.16. Measured over 40 draws: 0.28 to 2.22.
    let text = chain(.relu, depth: 30, width: 128).summary.accuracy
    #expect(text.contains("0.26 to 2.1"), "\(text)")
    #expect(!chain(.tanh, depth: 30, width: 128).summary.accuracy.contains("draws"))
  }

  @Test func `the kind of a network follows its entries`() {
    let weight = Network.Entry.weight(.init("a"))
    let attention = Network.Entry.attention(
      .init(query: "a", key: "a", value: "a", output: "a", heads: 1, isCausal: false))
    #expect(Network([weight]).kind == .chain)
    #expect(Network([.input(shape: [8], std: 1), weight]).kind == .chain)
    #expect(Network([.input(shape: [3, 8, 8], std: 1), weight]).kind == .convolutions)
    #expect(Network([.residual([weight], shortcut: [])]).kind == .residual)
    #expect(
      Network([.input(shape: [3, 8, 8], std: 1), .residual([weight], shortcut: [])]).kind == .residualConvolutions)
    #expect(Network([.residual([attention], shortcut: [])]).kind == .transformer)
    for kind in NetworkKind.allCases { #expect(kind.accuracy.hasPrefix("Theory of wide layers")) }
  }
}
