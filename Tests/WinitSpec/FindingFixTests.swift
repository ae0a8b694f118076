// The lines of spec that findings propose, read by the reader of specs.

import Testing
import WinitCore
import WinitDiagnosis
import WinitInitializers
import WinitSpec

@Suite struct FindingFixTests {
  /// A tensor of 64 × 64 elements that a law of this standard deviation and kurtosis gave.
  private func tensor(_ name: String, std: Double, kurtosis: Double = 3, dtype: DType = .float32) throws
    -> ObservedTensor
  {
    var facts = TensorStatistics()
    (facts.count, facts.mean) = (4096, 0)
    (facts.variance, facts.fourthMoment) = (std * std, kurtosis * std * std * std * std)
    (facts.minimum, facts.maximum, facts.zeros) = (-3 * std, 3 * std, std == 0 ? 4096 : 0)
    return ObservedTensor(
      name: TensorName(name), shape: try Shape([64, 64]), dtype: dtype, fanSource: .layout(.torch), statistics: facts)
  }

  /// The fix of a weight of zeros beside weights of a scale.
  private func fix(_ std: Double, kurtosis: Double = 3, name: String = "net.2.weight") throws -> String {
    let names = ["net.0.weight", name, "net.4.weight"]
    let tensors = try names.map { try tensor($0, std: $0 == name ? 0 : std, kurtosis: kurtosis) }
    let findings = FindingRules.report(on: FindingEvidence(tensors: tensors)).findings
    return try #require(findings.first { $0.tensor == name }?.fix)
  }

  private func law(_ fix: String, name: String = "net.2.weight") throws -> Law {
    let key = name.contains("\n") ? #""a\nb.weight""# : name
    return try plan("tensors: {\(key): [64, 64]}\nrules:\n  \(fix)").tensors[0].law
  }

  /// He's scale, Xavier's (which is LeCun's here), Xavier's with tanh's gain, PyTorch's default, one without a name.
  @Test(arguments: [2.0, 1, 25.0 / 9, 1.0 / 3, 0.0256], [3, 1.8])
  func `a fix gives the scale of the other weights of its name`(part: Double, kurtosis: Double) throws {
    let std = (part / 64).squareRoot()
    let law = try law(fix(std, kurtosis: kurtosis))
    let moments = try #require(LawMoments(law, shape: try Shape([64, 64])))
    #expect(abs(moments.std / std - 1) < 0.005)
  }

  @Test func `a fix names a tensor of any name`() throws {
    #expect(try law(fix(0.1, name: "a\nb.weight"), name: "a\nb.weight").name == "normal")
  }

  @Test(arguments: ActivationFunction.knownNames.compactMap(ActivationFunction.init(name:)) + [.leakyReLU(slope: 0.2)])
  func `a fix for each activation is a line of a spec`(activation: ActivationFunction) throws {
    let tensors = [try tensor("net.0.weight", std: 0), try tensor("head.weight", std: 0.1)]
    var evidence = FindingEvidence(tensors: tensors)
    evidence.network = Network([
      .weight(Network.Weight("net.0.weight", activation: activation)), .weight(Network.Weight("head.weight")),
    ])
    let findings = FindingRules.report(on: evidence).findings
    let fix = try #require(findings.first { $0.code == .allZeroWeights }?.fix)
    #expect(try law(fix, name: "net.0.weight").isRandom)
  }

  @Test func `a fix for several tensors matches all of them`() throws {
    let names = (0..<3).map { "net.\($0).weight" }
    let tensors = try names.map { try tensor($0, std: 0) }
    let fix = try #require(FindingRules.report(on: FindingEvidence(tensors: tensors)).findings.first?.fix)
    let list = names.map { "\($0): [64, 64]" }.joined(separator: ", ")
    #expect(try plan("tensors: {\(list)}\nrules:\n  \(fix)").tensors.count == 3)
  }

  @Test func `a fix of a truncated weight gives it another dtype`() throws {
    let tensors = [try tensor("net.0.weight", std: 1e-7, dtype: .float16)]
    let fix = try #require(FindingRules.report(on: FindingEvidence(tensors: tensors)).findings.first?.fix)
    let plan = try plan("dtype: float16\n\(fix)\nrules: [{match: '*', init: {scheme: normal, std: 0.02}}]")
    #expect(plan.tensors.map(\.dtype) == [.float32])
  }
}
