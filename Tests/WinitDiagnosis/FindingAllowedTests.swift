// An allowed finding is silent, and nothing else is.

import Testing
import WinitCore
import WinitDiagnosis
import WinitJSON

@Suite struct FindingAllowedTests {
  private func report(
    _ model: TestModel, allowing code: Finding.Code, _ change: (inout FindingEvidence) -> Void = { _ in }
  ) -> FindingReport {
    var evidence = model.evidence
    change(&evidence)
    let pattern = AllowedPattern(code: code, reason: "meant")
    return FindingRules.report(on: evidence, allowing: { pattern.allows($0) ? pattern.reason : nil })
  }

  private func layers(signals: [Double]) -> [LayerDiagnosis] {
    signals.enumerated().map { i, signal in
      var layer = LayerDiagnosis(name: "net.\(2 * i).weight", kind: "linear", activation: "tanh")
      layer.theory = LayerDiagnosis.Theory(q: 1, signal: signal, gradient: 1)
      return layer
    }
  }

  @Test func `an allowed weight of zeros leaves the finding about the signal`() {
    var model = TestModel.mlp(layers: 4)
    model["net.2.weight"].scale(0)
    let evidence = { (evidence: inout FindingEvidence) in
      evidence.network = TestModel.chain(layers: 4, activation: .tanh)
      evidence.layers = layers(signals: [1, 0, 0, 0])
    }
    #expect(brief(model.findings(evidence)) == ["warning all-zero-weights net.2.weight"])
    let report = report(model, allowing: .allZeroWeights, evidence)
    #expect(report.allowed.map(\.finding.tensor) == ["net.2.weight"])
    #expect(brief(report.findings) == ["error vanishing-forward net.4.weight"])
    // The weight of zeros is what changes the curve.
    #expect(report.findings.first?.fix?.hasPrefix(#"- {match: "net.2.weight", "#) == true)
  }

  @Test func `an allowed mean leaves the finding about the scale of the tensor`() {
    var model = TestModel.mlp()
    let name = "net.28.weight"
    // The std is 1/√12 = 0.289, where its neighbors have √(2/96) = 0.144.
    model[name] = .uniform(name, [96, 96], 0, 1)
    #expect(brief(model.findings()) == ["warning nonzero-mean \(name)"])
    #expect(brief(report(model, allowing: .nonzeroMean).findings) == ["warning odd-one-out \(name)"])
  }

  @Test func `an allowed scale leaves the findings about the layers behind it`() {
    var model = TestModel.mlp(layers: 6)
    model["net.2.weight"].scale(10)
    let evidence = { (evidence: inout FindingEvidence) in
      evidence.batch = 256
      evidence.layers = layers(signals: [1, 1, 1, 1, 1, 1])
      for i in evidence.layers.indices {
        evidence.layers[i].measured = LayerDiagnosis.Measured(
          rms: 1, signal: 1, gradient: 1, dead: nil, saturated: i == 1 ? 0.9 : 0, cosine: 0)
      }
    }
    #expect(brief(model.findings(evidence)) == ["warning odd-one-out net.2.weight"])
    #expect(brief(report(model, allowing: .oddOneOut, evidence).findings) == ["warning saturating net.2.weight"])
  }

  @Test func `a fault outside of the network leaves the finding about the signal`() {
    var model = TestModel.mlp(layers: 4)
    model.tensors.append(.constant("side.weight", [96, 96], 0.1))
    let found = model.findings {
      $0.network = TestModel.chain(layers: 4, activation: .tanh)
      $0.layers = layers(signals: [1, 1e-4, 1e-4, 1])
    }
    #expect(brief(found) == ["warning vanishing-forward net.4.weight", "warning constant-weights side.weight"])
  }
}
