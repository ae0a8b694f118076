// The search for members of a family that do not fit.

import Foundation
import Testing
import WinitCore
import WinitDiagnosis
import WinitJSON

/// A law of the scale over the depth.
private let depths: [String: @Sendable (Int) -> Double] = [
  "equal": { _ in 0.02 },
  "1/sqrt of the depth, as in torchtitan": { 0.02 / Double(2 * ($0 + 1)).squareRoot() },
  "linear": { 0.02 * (1 - Double($0) / 40) },
  "geometric": { 0.02 * pow(0.9, Double($0)) },
]

@Suite struct RuleOddOneOutTests {
  /// The relative standard error of the std of a weight of 125,000 normal elements: 1/√(2n).
  private let error = 2e-3

  private func logs(_ count: Int, _ scale: (Int) -> Double) -> [Double] {
    var draws = TestDraws(seed: 3)
    return (0..<count).map { log(scale($0)) + error * draws.normal() }
  }

  private func odd(_ logs: [Double]) -> [OddOneOut.Member] {
    OddOneOut.members(logs, errors: logs.map { _ in error })
  }

  @Test(arguments: depths.keys.sorted(), [5, 6, 12, 32])
  func `a scale that changes with the depth by a law has no odd member`(law: String, count: Int) throws {
    let scale = try #require(depths[law])
    #expect(odd(logs(count, scale)) == [])
  }

  @Test(arguments: ["equal", "linear", "geometric"], [6, 12, 32])
  func `a member of another scale is found alone`(law: String, count: Int) throws {
    let scale = try #require(depths[law])
    for place in [0, 1, count / 2, count - 1] {
      let isEnd = place == 0 || place == count - 1
      for factor in [10, 2, 0.5.squareRoot(), 1.2] where !isEnd || abs(log(factor)) > log(1.5) {
        var logs = logs(count, scale)
        logs[place] += log(factor)
        let odd = odd(logs)
        #expect(odd.map(\.place) == [place], "\(law) \(count) \(place) \(factor)")
        // The lines lie within a few standard errors of the law.
        #expect(abs((odd.first?.ratio ?? 0) / factor - 1) < 0.05)
      }
    }
  }

  @Test(arguments: [(1.13, 0), (1.15, 1)])
  func `the bound is a factor of 1.14 inside`(factor: Double, found: Int) {
    var logs = [Double](repeating: 0, count: 9)
    logs[4] = log(factor)
    #expect(odd(logs).count == found)
  }

  @Test(arguments: [(1.49, 0), (1.51, 1)], [0, 8])
  func `the bound is a factor of 1.5 at the ends`(bound: (factor: Double, found: Int), place: Int) {
    var logs = [Double](repeating: 0, count: 9)
    logs[place] = log(bound.factor)
    #expect(odd(logs).count == bound.found)
  }

  @Test(arguments: [(0.13, 1), (0.14, 0)])
  func `a distance below 10 standard errors is chance`(error: Double, found: Int) {
    var logs = [Double](repeating: 0, count: 9)
    logs[4] = log(3.8)
    #expect(OddOneOut.members(logs, errors: logs.map { _ in error }).count == found)
  }

  @Test func `fewer than five members have no neighbors to compare with`() {
    #expect(odd([0, 0, 2, 0]) == [])
    #expect(odd([0, 0, 2, 0, 0]).map(\.place) == [2])
  }

  @Test func `a family without a common scale has no odd member`() {
    var draws = TestDraws(seed: 5)
    #expect(odd((0..<40).map { _ in 3 * draws.normal() }) == [])
  }

  @Test func `a rule whose std depends on the layer is no fault, and a fault in it is found`() {
    var model = TestModel(tensors: [])
    for layer in 0..<8 {
      let std = 0.02 / Double(2 * (layer + 1)).squareRoot()
      var tensor = TestTensor.normal("layers.\(layer).w2.weight", [64, 96], std: std)
      tensor.law = .normal(mean: 0, std: Float(std))
      tensor.scheme = [
        "scheme": "normal", "std": .number(std), "expressions": ["std": "0.02 / sqrt(2 * (i + 1))"],
        "names": ["i": .integer(layer)],
      ]
      model.tensors.append(tensor)
    }
    #expect(model.findings() == [])
    // The places at which a fault is missed if the stds are not divided by those of the law.
    for layer in [1, 4] {
      var changed = model
      changed["layers.\(layer).w2.weight"].scale(2)
      #expect(brief(changed.findings()) == ["warning odd-one-out layers.\(layer).w2.weight"])
    }
  }

  @Test func `a layer whose rule is another one than that of its family is found, though it keeps its own promise`() {
    var model = TestModel.mlp(layers: 10)
    for i in model.tensors.indices where model.tensors[i].name.hasSuffix("weight") {
      let isOdd = model.tensors[i].name == "net.8.weight"
      let std = (isOdd ? 1 / 96 : 2 / 96.0).squareRoot()
      model.tensors[i] = .normal(model.tensors[i].name, [96, 96], std: std)
      model.tensors[i].law = .normal(mean: 0, std: Float(std))
      model.tensors[i].scheme = ["scheme": isOdd ? "xavier_normal" : "he_normal", "layout": "torch"]
    }
    let findings = model.findings()
    #expect(brief(findings) == ["warning odd-one-out net.8.weight"])
    #expect(findings.first?.message.contains("0.70") == true || findings.first?.message.contains("0.71") == true)
    #expect(findings.first?.message.contains("xavier_normal") == true)
    #expect(findings.first?.fix == #"- {match: "net.8.weight", init: {scheme: he_normal}}"#)
  }
}
