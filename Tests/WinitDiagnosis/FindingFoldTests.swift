// The order, the folding, the fixes and the allowed findings of a report.

import Foundation
import Testing
import WinitCore
import WinitDiagnosis
import WinitJSON

@Suite struct FindingFoldTests {
  /// A model whose hidden weights are all zero but one.
  private var zeros: TestModel {
    var model = TestModel.mlp(layers: 10)
    for i in 1..<9 { model["net.\(2 * i).weight"].scale(0) }
    model["net.18.weight"].elements[3] = .nan
    return model
  }

  @Test func `findings of one family are one, and errors come first`() throws {
    var model = zeros
    model["net.4.weight"] = .he("net.4.weight", 96)
    let findings = model.findings()
    #expect(brief(findings) == ["error non-finite net.18.weight", "warning all-zero-weights net.2.weight"])
    let message = try #require(findings.last?.message)
    #expect(message.hasPrefix("`net.{"))
    #expect(message.contains("(7 tensors): every element is 0"))
  }

  @Test func `the order of names in a file is not that of the layers`() {
    // Bytes order net.10 before net.2. A scale that falls with the depth is smooth only in the order of the numbers.
    var model = TestModel(tensors: [])
    for i in 0..<16 {
      model.tensors.append(.normal("net.\(i).weight", [96, 96], std: 0.1 / Double(i + 10)))
    }
    model.tensors.sort { TensorName($0.name) < TensorName($1.name) }
    #expect(model.findings() == [])
    model["net.9.weight"].scale(1.3)
    #expect(brief(model.findings()) == ["warning odd-one-out net.9.weight"])
  }

  @Test(arguments: ["head.weight", "lm_head.weight", "heads.head.weight", "cls.predictions.decoder.weight"])
  func `a head of zeros is no fault at any place of a file`(name: String) {
    let model = TestModel(tensors: [
      .he("a.weight", 32), .constant(name, [10, 32], 0), .normal("stem.proj.weight", [32, 3, 4, 4], std: 0.1),
    ])
    #expect(model.findings().map(\.severity) == [.information])
  }

  @Test(arguments: ["blocks.3.out.weight", "classifier.0.weight", "patch_embed.proj.weight"])
  func `a zero weight that is no head is one`(name: String) {
    let model = TestModel(tensors: [
      .he("a.weight", 32), .constant(name, [10, 32], 0), .normal("stem.proj.weight", [32, 3, 4, 4], std: 0.1),
    ])
    #expect(model.findings().map(\.severity) == [.warning])
  }

  @Test func `the findings do not depend on the order in which dictionaries give their members`() {
    let first = zeros.findings()
    for _ in 0..<5 { #expect(zeros.findings() == first) }
  }

  @Test func `an allowed tensor is listed with its reason and is not found`() throws {
    let pattern = AllowedPattern(code: .allZeroWeights, match: Glob("net.4.*"), reason: "a gate that opens later")
    let report = FindingRules.report(on: zeros.evidence, allowing: { pattern.allows($0) ? pattern.reason : nil })
    #expect(report.allowed.map(\.finding.tensor) == ["net.4.weight"])
    #expect(report.allowed.map(\.reason) == ["a gate that opens later"])
    let rest = try #require(report.findings.first { $0.code == .allZeroWeights })
    #expect(rest.message.contains("(7 tensors)"))
    #expect(!rest.message.contains("{2-16}"))
  }

  @Test func `an allowed code leaves the other codes`() {
    let pattern = AllowedPattern(code: .nonFinite, reason: "a sentinel")
    let report = FindingRules.report(on: zeros.evidence, allowing: { pattern.allows($0) ? pattern.reason : nil })
    #expect(report.findings.map(\.code) == [.allZeroWeights])
  }

  @Test func `a fix names the one tensor, or the whole family if all of it is wrong`() {
    var model = TestModel.mlp(layers: 6)
    model["net.4.weight"].scale(0)
    #expect(model.findings().first?.fix == #"- {match: "net.4.weight", init: {scheme: he_normal}}"#)
    for i in 0..<6 { model["net.\(2 * i).weight"].scale(0) }
    #expect(
      model.findings().first?.fix == #"- {match: "net.{i}.weight", init: {scheme: he_normal, activation: relu}}"#)
  }

  @Test(arguments: [
    ("a\"b\\c.weight", #"- {match: "a\"b\\c.weight", init: "#),
    ("a\u{1B}[2J.weight", #"- {match: "a\u001B[2J.weight", init: "#),
    ("a\nb: x.weight", #"- {match: "a\u000Ab: x.weight", init: "#),
  ])
  func `a fix quotes any name`(name: String, start: String) {
    let model = TestModel(tensors: [.constant(name, [8, 8], 0), .he("head.weight", 8)])
    #expect(model.findings().first?.fix?.hasPrefix(start) == true)
  }

  @Test func `a name with the characters of patterns has no fix`() {
    let model = TestModel(tensors: [.constant("a*.weight", [8, 8], 0), .he("head.weight", 8)])
    #expect(model.findings().count == 1)
    #expect(model.findings().first?.fix == nil)
  }

  @Test func `messages have at most two sentences and begin with what was found`() {
    var model = zeros
    model["net.8.weight"] = .uniform("net.8.weight", [96, 96], 0, 1)
    model["net.10.weight"].copyOutput(0, to: 1)
    for finding in model.findings() {
      #expect(finding.message.components(separatedBy: ". ").count <= 2, "\(finding.message)")
      #expect(finding.message.hasSuffix("."))
      #expect(!finding.message.contains("\n"))
    }
  }

  @Test func `tensors of any shape and statistics give findings and no trap`() {
    for dims in [[], [0], [1], [0, 4], [1, 1], [3, 0, 2], [2, 1, 2]] {
      for value in [Float(0), 1, .nan, .infinity] {
        let model = TestModel(tensors: [.constant("a.weight", dims, value), .constant("a.bias", dims, value)])
        for finding in model.findings() { #expect(!finding.message.isEmpty) }
      }
    }
    var tensor = TestTensor.he("a.weight", 4).observed
    tensor.statistics = TensorStatistics()
    #expect(FindingRules.report(on: FindingEvidence(tensors: [tensor, tensor])).findings == [])
  }

  @Test(arguments: [
    ["net.01.weight", "net.1.weight", "net.2.weight"], ["a.1.weight", "a.12345678901234567890.weight"],
    ["1.2.3.4.5.6.7.8.9.weight", "1.2.3.4.5.6.7.8.10.weight"], ["a1b1.weight", "a1b2.weight", "a2b1.weight"],
  ])
  func `names with any numbers are folded`(names: [String]) throws {
    let model = TestModel(tensors: names.map { .constant($0, [8, 8], .nan) })
    let findings = model.findings()
    #expect(findings.count == 1)
    #expect(try #require(findings.first).message.contains("(\(names.count) tensors)"))
  }

  @Test func `numbers near the limits of binary64 give findings and no trap`() {
    let tensors = (0..<8).map { i in
      var tensor = TestTensor.he("net.\(i).weight", 8).observed
      if i == 4 { (tensor.statistics.variance, tensor.statistics.fourthMoment) = (.infinity, .infinity) }
      if i == 5 { (tensor.statistics.variance, tensor.statistics.minimum) = (.leastNonzeroMagnitude, -1e308) }
      if i == 6 { tensor.statistics.zeros = 64 }
      return tensor
    }
    for finding in FindingRules.report(on: FindingEvidence(tensors: tensors)).findings {
      #expect(finding.fix?.contains("inf") != true)
    }
  }
}
