// Outputs, inputs and tensors that are equal.

import Testing
import WinitCore
import WinitDiagnosis
import WinitJSON

@Suite struct RuleNeuronTests {
  private let chain = TestModel.chain(layers: 6, activation: .relu)

  /// A chain in which outputs 3 and 7 of the third layer are equal.
  private var copied: TestModel {
    var model = TestModel.mlp(layers: 6)
    model["net.4.weight"].copyOutput(3, to: 7)
    return model
  }

  @Test func `equal outputs are an error only if their outgoing weights are equal too`() {
    var model = copied
    #expect(brief(model.findings { $0.network = chain }) == ["warning identical-neurons net.4.weight"])
    for row in 0..<96 { model["net.6.weight"].elements[row * 96 + 7] = model["net.6.weight"].elements[row * 96 + 3] }
    #expect(
      brief(model.findings { $0.network = chain }) == [
        "error identical-neurons net.4.weight", "information identical-inputs net.6.weight",
      ])
  }

  @Test func `equal outputs with different biases are different neurons`() {
    var model = copied
    model["net.4.bias"] = .normal("net.4.bias", [96], std: 0.1)
    #expect(model.findings() == [])
    model["net.4.bias"].elements[7] = model["net.4.bias"].elements[3]
    #expect(brief(model.findings()) == ["warning identical-neurons net.4.weight"])
  }

  @Test func `a flattened map has several inputs for each channel`() {
    var conv = TestTensor.normal("conv.weight", [8, 3, 3, 3], std: 0.3)
    conv.copyOutput(1, to: 4)
    var dense = TestTensor.normal("fc.weight", [16, 8 * 4], std: 0.2)
    for row in 0..<16 { for k in 0..<4 { dense.elements[row * 32 + 16 + k] = dense.elements[row * 32 + 4 + k] } }
    let network = Network([
      .weight(Network.Weight("conv.weight", activation: .relu)), .weight(Network.Weight("fc.weight")),
    ])
    let model = TestModel(tensors: [conv, dense])
    #expect(brief(model.findings { $0.network = network }).first == "error identical-neurons conv.weight")
  }

  @Test func `equal filters of a depthwise convolution or of other groups see other inputs`() {
    var depthwise = TestTensor.normal("dw.weight", [8, 1, 3, 3], std: 0.3)
    depthwise.copyOutput(1, to: 4)
    var grouped = TestTensor.normal("gc.weight", [8, 2, 3, 3], std: 0.3)
    grouped.copyOutput(1, to: 4)
    let model = TestModel(tensors: [depthwise, grouped])
    #expect(brief(model.findings()) == ["warning identical-neurons gc.weight"])
    #expect(model.findings { $0.network = Network([.weight(Network.Weight("gc.weight", groups: 2))]) } == [])
  }

  /// 2 inputs of float32 have 48 random bits, 3 have 72; 7 of bfloat16 have 56, 8 have 64.
  @Test(arguments: [(2, DType.float32, 0), (3, .float32, 1), (7, .bfloat16, 0), (8, .bfloat16, 1)])
  func `outputs with fewer than 64 random bits may be equal by chance`(inputs: Int, dtype: DType, found: Int) {
    var tensor = TestTensor.normal("fc.weight", [64, inputs], std: 1)
    tensor.dtype = dtype
    tensor.copyOutput(1, to: 4)
    #expect(TestModel(tensors: [tensor]).findings().count { $0.code == .identicalNeurons } == found)
  }

  @Test func `rows of a table are tokens and no neurons`() {
    var table = TestTensor.normal("wte.weight", [400, 32], std: 0.02)
    for row in 300..<400 { table.copyOutput(0, to: row) }
    let model = TestModel(tensors: [table, .he("fc.weight", 32)])
    #expect(brief(model.findings()) == ["warning identical-neurons wte.weight"])
    #expect(model.findings()[0].message.contains("101 of 400 rows"))
    for row in 0..<200 { table.clearOutput(row) }
    #expect(
      brief(TestModel(tensors: [table, .he("fc.weight", 32)]).findings()).contains("information zero-rows wte.weight"))
  }

  @Test func `a convolution before a pixel shuffle may repeat its filters`() {
    var conv = TestTensor.normal("up.weight", [32, 8, 3, 3], std: 0.1)
    for i in 0..<32 { conv.copyOutput(i / 4 * 4, to: i) }
    #expect(brief(TestModel(tensors: [conv]).findings()) == ["information identical-neurons up.weight"])
  }

  /// 10 percent of 40 outputs are 4.
  @Test(arguments: [(1, "information"), (4, "information"), (5, "warning")])
  func `zero outputs are a warning above a tenth`(count: Int, severity: String) {
    var tensor = TestTensor.normal("fc.weight", [40, 40], std: 0.1)
    for output in 0..<count { tensor.clearOutput(output) }
    #expect(brief(TestModel(tensors: [tensor]).findings()) == ["\(severity) zero-rows fc.weight"])
  }

  @Test func `equal columns are equal neurons where nothing says the layout`() {
    var tensor = TestTensor.normal("fc.weight", [40, 40], std: 0.1)
    for row in 0..<40 { tensor.elements[row * 40 + 7] = tensor.elements[row * 40 + 3] }
    let model = TestModel(tensors: [tensor])
    #expect(brief(model.findings()) == ["information identical-inputs fc.weight"])
    #expect(brief(model.findings { $0.tensors[0].isLayoutAssumed = true }) == ["warning identical-inputs fc.weight"])
  }

  private func copies(_ first: String, _ second: String, change: (inout FindingEvidence) -> Void = { _ in }) -> [String]
  {
    let tensor = TestTensor.normal(first, [16, 16], std: 0.1)
    var copy = tensor
    copy.name = second
    return brief(TestModel(tensors: [tensor, copy]).findings(change))
  }

  @Test func `copies in other layers are a warning, and copies of a whole network are none`() {
    // Identities are equal by definition.
    let eyes = (0..<2).map { i in TestTensor("rnn.\(i).weight", [64, 64]) { $0 % 65 == 0 ? 1 : 0 } }
    #expect(brief(TestModel(tensors: eyes).findings()).allSatisfy { !$0.contains("identical-tensors") })
    #expect(copies("layers.0.fc.weight", "layers.1.fc.weight") == ["warning identical-tensors layers.1.fc.weight"])
    #expect(copies("critic1.fc.weight", "critic2.fc.weight") == ["warning identical-tensors critic2.fc.weight"])
    #expect(copies("q.fc.weight", "q_target.fc.weight") == ["information identical-tensors q_target.fc.weight"])
    #expect(copies("wte.weight", "lm_head.weight") == ["information identical-tensors lm_head.weight"])
  }

  @Test func `ties, literals, and equal structures are declared`() {
    #expect(copies("a.0.weight", "a.1.weight") { $0.tensors[1].tiedTo = "a.0.weight" } == [])
    for (law, name) in [(Law.literal, "literal"), (.eye(value: 1), "eye")] {
      #expect(
        copies("a.0.weight", "a.1.weight") {
          for i in 0...1 { ($0.tensors[i].law, $0.tensors[i].scheme) = (law, ["scheme": .string(name)]) }
        } == [])
    }
  }

  @Test func `tables that are computed alike in each layer are no clones`() {
    var tensors: [TestTensor] = []
    for i in 0..<6 {
      var tensor = TestTensor("layers.\(i).A_log", [32, 16]) { Float($0 % 16 + 1) }
      tensor.law = .expression(draw: nil, tree: .index(1))
      tensor.scheme = ["scheme": "A_log"]
      tensors.append(tensor)
    }
    #expect(TestModel(tensors: tensors).findings() == [])
    // Without the spec, Mamba's A_log is known by no rule, and is no kernel.
    for i in tensors.indices { (tensors[i].law, tensors[i].scheme) = (nil, nil) }
    #expect(Set(TestModel(tensors: tensors).findings().map(\.severity)) == [.information])
  }
}
