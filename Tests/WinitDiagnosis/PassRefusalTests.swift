// Networks and options that a pass refuses.

import Testing
import WinitCore
import WinitDiagnosis
import WinitInitializers

@Suite struct PassRefusalTests {
  private typealias Entry = Network.Entry

  /// Tensors of a small network.
  private static let shapes = [
    "a.weight": [8, 4], "b.weight": [3, 8], "c.weight": [5, 7], "bias": [8], "conv": [8, 4, 3, 3], "empty": [0, 4],
    "vector": [4], "huge": [1 << 40, 1 << 19], "b.huge": [1 << 40, 4],
  ]

  private func chain(_ entries: [Entry], fans: FanSource = .layout(.torch)) throws -> DenseChain {
    try DenseChain(Network(entries)) { name in
      (try? Self.shapes[name].map { try Shape($0) }).flatMap { $0 }.map { ($0, fans) }
    }
  }

  private func refusal(_ entries: [Entry], fans: FanSource = .layout(.torch)) -> String? {
    do {
      _ = try chain(entries, fans: fans)
      return nil
    } catch {
      return "\(error)"
    }
  }

  private static func weight(
    _ name: String, bias: String? = nil, activation: ActivationFunction = .linear
  ) -> Entry { .weight(.init(name, bias: bias, activation: activation)) }

  @Test func `a chain has the sizes and the activations of its entries`() throws {
    let chain = try chain([
      .input(shape: [2, 2], std: 0.5), Self.weight("a.weight", bias: "bias"), .activation(.gelu),
      Self.weight("b.weight", activation: .softmax),
    ])
    #expect(chain.dense.map(\.inputs) == [4, 8])
    #expect(chain.dense.map(\.outputs) == [8, 3])
    #expect(chain.steps.map(\.activation) == [.gelu, .softmax])
    #expect(chain.inputStd == 0.5)
  }

  @Test func `the axes of fans decide what is an input`() throws {
    let weight = [Self.weight("a.weight")]
    #expect(try chain(weight, fans: .layout(.keras)).dense[0].inputs == 8)
    #expect(try chain(weight, fans: .axes(FanAxes(input: [0], output: [-1]))).dense[0].inputs == 8)
    #expect(try chain(weight, fans: .axes(FanAxes(input: [1], output: [0]))).dense[0].inputs == 4)
    #expect(refusal(weight, fans: .axes(FanAxes(input: [0], output: [1], batch: [0]))) != nil)
    #expect(refusal(weight, fans: .batch([0], .torch)) != nil)
  }

  @Test func `a weight in the other order than its layout is read in the order that fits, and the pass says so`() throws
  {
    // [8, 4] in the layout [in, out], behind an input of 4.
    let chain = try chain([.input(shape: [4], std: 1), Self.weight("a.weight")], fans: .layout(.keras))
    #expect(chain.dense[0].inputs == 4)
    #expect(!chain.dense[0].isInputFirst)
    let pass = try chain.pass(threads: 1) { _ in Array(repeating: 0, count: 32) }
    #expect(pass.summary.contains("`a.weight`"))
    // Axes that the spec names are no guess.
    let axes = FanSource.axes(FanAxes(input: [0], output: [1]))
    #expect(refusal([.input(shape: [4], std: 1), Self.weight("a.weight")], fans: axes) != nil)
  }

  @Test(arguments: [
    ("an embedding", Entry.embedding(.init(tables: ["a.weight"]))),
    ("a group norm", .norm(.init(.group, weight: nil))),
    ("a pool", .pool(.init(.max, size: 2, stride: 2))),
    (
      "attention",
      .attention(.init(query: "a", key: "a", value: "a", output: "a", heads: 1, isCausal: true))
    ),
    ("a gate", .gate(.init(gate: "a", up: "a", activation: .silu))),
    ("a pool", .residual([.pool(.init(.mean, size: 2, stride: 2))], shortcut: [])),
    ("`conv`", weight("conv")),
    ("`vector`", weight("vector")),
  ])
  func `another network is refused with its entry and the remedy`(name: String, entry: Network.Entry) throws {
    let message = try #require(refusal([Self.weight("a.weight"), entry]))
    #expect(message.contains(name))
    #expect(message.contains("winit.torch.diagnose"))
  }

  @Test(
    arguments: [
      [], [.input(shape: [4], std: 1)], [weight("a.weight"), weight("c.weight")],
      [.input(shape: [5], std: 1), weight("a.weight")], [weight("a.weight"), .input(shape: [4], std: 1)],
      [.input(shape: [4], std: .infinity), weight("a.weight")], [.input(shape: [4], std: .nan), weight("a.weight")],
      [.input(shape: [-4], std: 1), weight("a.weight")], [.input(shape: [.max, .max], std: 1), weight("a.weight")],
      [weight("a.weight", activation: .softmax), weight("b.weight")],
      [weight("a.weight"), .activation(.softmax), weight("b.weight")],
      [.residual([weight("a.weight")], shortcut: [])], [.residual([], shortcut: [weight("a.weight")])],
      [weight("a.weight"), .residual([.activation(.softmax)], shortcut: [])],
      [.residual([], shortcut: [])],
      [weight("a.weight"), .norm(.init(.layer, weight: "vector"))],
      [weight("a.weight"), .norm(.init(.layer, weight: nil, bias: "missing"))],
      [weight("missing")], [weight("empty")], [weight("a.weight", bias: "missing")],
      [weight("b.weight", bias: "bias")],
    ] as [[Network.Entry]])
  func `a list that is no chain is refused`(entries: [Network.Entry]) {
    #expect(refusal(entries)?.hasPrefix("no pass: ") == true)
  }

  @Test(arguments: [
    PassOptions(batch: 63), PassOptions(batch: -1), PassOptions(batch: .max), PassOptions(batch: 1 << 40),
    PassOptions(memoryLimit: 1000),
  ])
  func `a batch that is too small or too large is refused before a tensor is read`(options: PassOptions) throws {
    let chain = try chain([Self.weight("a.weight")])
    #expect(throws: PassRefusal.self) {
      try chain.pass(options, threads: 1) { _ in
        Issue.record("a tensor was read")
        return []
      }
    }
  }

  @Test(arguments: ["huge", "b.huge"])
  func `a weight of any size in a foreign file is refused`(name: String) throws {
    let chain = try chain([Self.weight(name)])
    #expect(throws: PassRefusal.self) { try chain.pass(threads: 1) { _ in [] } }
  }

  @Test(arguments: [1e-60, 1e39, 1e300])
  func `an input std outside of binary32 is refused`(std: Double) throws {
    let chain = try chain([.input(shape: [4], std: std), Self.weight("a.weight")])
    #expect(throws: PassRefusal.self) { try chain.pass(threads: 1) { _ in Array(repeating: 0, count: 32) } }
  }

  @Test func `elements that do not fit the shape are refused`() throws {
    let chain = try chain([Self.weight("a.weight")])
    #expect(throws: PassRefusal.self) { try chain.pass(threads: 1) { _ in [1, 2] } }
  }

  @Test func `a pass stops when it is asked to`() throws {
    let context = OperationContext()
    context.cancellation.request(PassRefusal("stopped"))
    let chain = try chain([Self.weight("a.weight")])
    OperationContext.$current.withValue(context) {
      #expect(throws: PassRefusal("stopped")) { try chain.pass(threads: 2) { _ in Array(repeating: 0, count: 32) } }
    }
  }
}
