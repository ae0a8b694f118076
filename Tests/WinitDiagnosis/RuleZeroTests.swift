// Weights of zeros and of one number: which of them train, as torch was seen to train them.

import Testing
import WinitCore
import WinitDiagnosis
import WinitJSON

@Suite struct RuleZeroTests {
  private func zeroed(_ names: String..., in model: TestModel = .mlp(layers: 6)) -> TestModel {
    var model = model
    for name in names { model[name].scale(0) }
    return model
  }

  private func findings(_ model: TestModel, _ activation: ActivationFunction) -> [String] {
    brief(model.findings { $0.network = TestModel.chain(layers: 6, activation: activation) })
  }

  @Test func `a zero weight before a ReLU with a zero bias never trains`() {
    #expect(findings(zeroed("net.4.weight"), .relu) == ["error all-zero-weights net.4.weight"])
  }

  @Test func `a zero weight before a tanh, or with a bias, trains slowly`() {
    #expect(findings(zeroed("net.4.weight"), .tanh) == ["warning all-zero-weights net.4.weight"])
    var model = zeroed("net.4.weight")
    model["net.4.bias"] = .normal("net.4.bias", [96], std: 0.1)
    #expect(findings(model, .relu) == ["warning all-zero-weights net.4.weight"])
  }

  @Test func `an assumed path says nothing of the activation`() {
    let found = zeroed("net.4.weight").findings {
      $0.network = TestModel.chain(layers: 6, activation: .relu)
      $0.isNetworkAssumed = true
    }
    #expect(brief(found) == ["warning all-zero-weights net.4.weight"])
  }

  @Test func `two zero weights on one path never train, whatever is between them`() {
    let model = zeroed("net.2.weight", "net.8.weight")
    for activation in [ActivationFunction.tanh, .relu] {
      let found = model.findings { $0.network = TestModel.chain(layers: 6, activation: activation) }
      #expect(brief(found) == ["error all-zero-weights net.2.weight"])
      #expect(found.first?.message.contains("2 tensors") == true)
    }
  }

  @Test func `the last weight may be zero`() {
    #expect(findings(zeroed("net.10.weight"), .relu) == ["information all-zero-weights net.10.weight"])
    #expect(brief(zeroed("net.10.weight").findings()) == ["information all-zero-weights net.10.weight"])
  }

  @Test func `a model of zeros is an error`() {
    let model = TestModel(tensors: [.constant("fc1.weight", [8, 8], 0), .constant("head.weight", [8, 8], 0)])
    #expect(Set(model.findings().map(\.severity)) == [.error])
  }

  @Test func `the second factor of an adapter is zero by design`() {
    let model = TestModel(tensors: [
      .normal("base.q.lora_A.weight", [8, 64], std: 0.1), .constant("base.q.lora_B.weight", [64, 8], 0),
      .normal("base.v.lora_A.weight", [8, 64], std: 0.1), .constant("base.v.lora_B.weight", [64, 8], 0),
    ])
    #expect(Set(model.findings().map(\.severity)) == [.information])
  }

  @Test func `branches that all begin at zero are a design`() {
    var model = TestModel(tensors: [])
    for i in 0..<4 {
      model.tensors.append(.normal("blocks.\(i).attn.qkv.weight", [96, 32], std: 0.1))
      model.tensors.append(.constant("blocks.\(i).adaLN.weight", [96, 32], 0))
    }
    model.tensors.append(.normal("head.weight", [10, 32], std: 0.1))
    #expect(brief(model.findings()) == ["information all-zero-weights blocks.0.adaLN.weight"])
    model["blocks.1.adaLN.weight"] = .normal("blocks.1.adaLN.weight", [96, 32], std: 0.1)
    #expect(Set(model.findings().map(\.severity)) == [.warning])
  }

  private func residual(_ zeros: [String]) -> [String] {
    var model = TestModel(tensors: ["in", "a", "b", "out"].map { .he("\($0).weight", 32) })
    for name in zeros { model["\(name).weight"].scale(0) }
    return brief(
      model.findings {
        $0.network = Network([
          .weight(Network.Weight("in.weight", activation: .relu)),
          .residual(
            [.weight(Network.Weight("a.weight", activation: .relu)), .weight(Network.Weight("b.weight"))], shortcut: []),
          .weight(Network.Weight("out.weight")),
        ])
      })
  }

  @Test func `a branch with one zero factor trains, and one with two does not`() {
    #expect(residual(["b"]) == ["warning all-zero-weights b.weight"])
    #expect(residual(["a", "b"]) == ["error all-zero-weights a.weight", "error all-zero-weights b.weight"])
  }

  /// The declaration of a spec: the scheme of a rule, and whether the rule names the tensor.
  private func declared(_ isNamed: Bool?, _ value: Double, change: (inout FindingEvidence) -> Void = { _ in })
    -> FindingReport
  {
    var model = TestModel.mlp(layers: 6)
    model["net.4.weight"] = .constant("net.4.weight", [96, 96], Float(value))
    model["net.4.weight"].law = .constant(value: value)
    model["net.4.weight"].scheme = value == 0 ? ["scheme": "zeros"] : ["scheme": "constant", "value": .number(value)]
    var evidence = model.evidence
    for i in evidence.tensors.indices where evidence.tensors[i].name == "net.4.weight" {
      evidence.tensors[i].isNamedBySpec = isNamed
    }
    change(&evidence)
    return FindingRules.report(on: evidence)
  }

  @Test(arguments: [(0, "zeros"), (1, "ones"), (0.5, "constant")])
  func `a constant that the spec names for the tensor is declared and not found`(value: Double, what: String) {
    let report = declared(true, value)
    #expect(report.findings == [])
    #expect(report.declared == [DeclaredTensor(tensor: "net.4.weight", what: what)])
  }

  @Test(arguments: [false, nil])
  func `zeros of a rule for any tensor are found`(isNamed: Bool?) {
    #expect(brief(declared(isNamed, 0).findings) == ["warning all-zero-weights net.4.weight"])
    #expect(declared(isNamed, 0).declared == [])
  }

  @Test func `declared zeros that never train are an error`() {
    let report = declared(true, 0) { $0.network = TestModel.chain(layers: 6, activation: .relu) }
    #expect(brief(report.findings) == ["error all-zero-weights net.4.weight"])
  }

  @Test(arguments: [
    ("*", false), ("*.weight", false), ("*weight", false), ("h.{i}.*", false), ("layers.{i}.weight", false),
    ("?", false),
    ("net.4.weight", true), ("*.c_proj.weight", true), ("h.{i}.mlp.c_proj.weight", true), ("head.*", true),
    ("{p}.zero_conv.weight", true), ("weight", true),
  ])
  func `a pattern names a tensor if it names its module`(pattern: String, names: Bool) {
    #expect(InitPattern.namesTensor(pattern, isPreset: false) == names)
  }

  @Test func `a tensor's own entry and a rule of a preset name the tensor`() {
    #expect(InitPattern.namesTensor(nil, isPreset: false))
    #expect(InitPattern.namesTensor("*", isPreset: true))
  }

  @Test func `two constant weights in sequence never separate, and one does`() {
    var model = TestModel.mlp(layers: 6)
    model["net.4.weight"] = .constant("net.4.weight", [96, 96], 0.1)
    #expect(findings(model, .relu) == ["warning constant-weights net.4.weight"])
    model["net.6.weight"] = .constant("net.6.weight", [96, 96], 0.1)
    for found in [findings(model, .relu), brief(model.findings())] {
      #expect(found == ["error constant-weights net.4.weight"])
    }
    model["net.4.bias"] = .normal("net.4.bias", [96], std: 0.1)
    #expect(findings(model, .relu) == ["warning constant-weights net.4.weight"])
  }

  @Test func `vectors and scales of norms of any shape are no weights`() {
    let model = TestModel(tensors: [
      .constant("cls_token", [1, 1, 64], 0), .constant("ls.gamma", [64, 1, 1], 1e-6), .constant("fc.bias", [64], 0),
      .constant("norm.weight", [32, 64], 1), .constant("norm.bias", [32, 64], 0), .he("fc.weight", 64),
    ])
    #expect(model.findings() == [])
  }
}
