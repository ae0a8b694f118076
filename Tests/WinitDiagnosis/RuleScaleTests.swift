// The mean, the scale, the dtype and the spectrum of a weight.

import Foundation
import Testing
import WinitCore
import WinitDiagnosis
import WinitJSON

@Suite struct RuleScaleTests {
  @Test(arguments: [(0.45, 0), (0.55, 1), (-0.55, 1)])
  func `a mean beyond half a standard deviation is found`(mean: Double, found: Int) {
    var tensor = TestTensor.normal("fc.weight", [64, 64], std: 0.1)
    tensor.elements = tensor.elements.map { $0 + Float(0.1 * mean) }
    #expect(TestModel(tensors: [tensor]).findings().count { $0.code == .nonzeroMean } == found)
  }

  @Test func `a mean within 5 standard errors is chance`() {
    // 16 elements with mean 1.03 and std 0.96: 4.3 standard errors.
    let tensor = TestTensor("fc.weight", [4, 4]) { Float($0 % 2) * 1.9 + 0.01 * Float($0) }
    #expect(TestModel(tensors: [tensor]).findings() == [])
  }

  @Test func `a table that is computed may have any mean, and one that is drawn not`() {
    var tensor = TestTensor("fc.weight", [8, 8]) { Float($0) }
    #expect(brief(TestModel(tensors: [tensor]).findings()) == ["warning nonzero-mean fc.weight"])
    tensor.law = .expression(draw: nil, tree: .index(0))
    tensor.scheme = ["scheme": "arange"]
    #expect(TestModel(tensors: [tensor]).findings() == [])
  }

  /// The rounding of float16 is 2⁻²⁴/√12 = 1.72e-8 below 2⁻¹⁴ (IEEE 754): 1.7 percent of 1e-6, 0.17 percent of 1e-5.
  @Test(arguments: [
    (DType.float16, 1e-6, 1), (.float16, 1e-7, 1), (.float16, 1e-5, 0), (.float16, 0.02, 0), (.bfloat16, 1e-6, 0),
    (.bfloat16, 0.02, 0), (.float32, 1e-30, 0), (.float8_e4m3fn, 0.5, 0),
  ])
  func `a scale below the numbers of the dtype is found`(dtype: DType, std: Double, found: Int) {
    var tensor = TestTensor.normal("fc.weight", [64, 64], std: std)
    tensor.dtype = dtype
    let findings = TestModel(tensors: [tensor]).findings()
    #expect(findings.count { $0.code == .truncatedByDType } == found)
    #expect(findings.count == found)
  }

  @Test func `the message of a truncated weight has the error that NumPy measures`() {
    var tensor = TestTensor.normal("fc.weight", [64, 64], std: 1e-7)
    tensor.dtype = .float16
    // NumPy: the root mean square of x - float16(x), for x ~ N(0, 1e-14), is 17 percent of 1e-7.
    #expect(TestModel(tensors: [tensor]).findings().first?.message.contains("by 17") == true)
  }

  /// A file of tensors N(0, std²) of a spec that promises 0.1. With 4,096 elements 5 standard errors are 5.5 percent.
  private func foreign(_ std: Double, isForeign: Bool = true, count: Int = 64) -> [String] {
    var tensor = TestTensor.normal("fc.weight", [count, 64], std: std)
    tensor.law = .normal(mean: 0, std: 0.1)
    tensor.scheme = ["scheme": "normal", "std": .number(0.1)]
    return brief(TestModel(tensors: [tensor]).findings { $0.tensors[0].isForeign = isForeign })
  }

  @Test func `a file whose scale is not that of its spec is found`() {
    #expect(foreign(0.1) == [])
    #expect(foreign(0.103) == [])
    #expect(foreign(0.115) == ["warning scale-off fc.weight"])
    #expect(foreign(1) == ["warning scale-off fc.weight"])
    #expect(foreign(1, isForeign: false) == [])
    // Many elements show a difference of 0.8 percent, which is below 1 percent and does no harm.
    #expect(foreign(0.1008, count: 6400) == [])
  }

  @Test func `a tensor of a file with zeros where its spec has a scale is not declared`() {
    var tensor = TestTensor.constant("fc.bias", [64], 1)
    tensor.law = .constant(value: 0)
    tensor.scheme = ["scheme": "zeros"]
    var evidence = TestModel(tensors: [tensor]).evidence
    evidence.tensors[0].isForeign = true
    #expect(FindingRules.report(on: evidence).declared == [])
    evidence.tensors[0].isForeign = false
    #expect(FindingRules.report(on: evidence).declared.count == 1)
  }

  @Test(arguments: [(1.09, 64, 0), (1.11, 64, 1), (1.3, 32, 0)])
  func `a singular value above the edge is found in a large weight`(ratio: Double, size: Int, found: Int) {
    let model = TestModel(tensors: [.normal("fc.weight", [size, size], std: 0.1)])
    let findings = model.findings {
      $0.tensors[0].spectrum = Spectrum(largest: ratio * 1.6, edge: 1.6, smallest: nil)
    }
    #expect(findings.count { $0.code == .spectrumSpike } == found)
  }

  /// The sines and then the cosines of Vaswani et al. 2017, as transformers makes them for Pegasus, Marian, XLM and
  /// DistilBERT; 16 positions have a mean of 0.82 standard deviations.
  private func sinusoids(_ name: String, positions: Int, channels: Int = 32) -> TestTensor {
    TestTensor(name, [positions, channels]) { place in
      let (position, channel) = (Double(place / channels), place % channels)
      let half = channels / 2
      let angle = position / pow(10_000, 2 * Double(channel % half) / Double(channels))
      return Float(channel < half ? sin(angle) : cos(angle))
    }
  }

  @Test(arguments: [12, 16, 32, 64, 512])
  func `a table of positions may be sines and cosines, whose mean is far from 0`(positions: Int) {
    let names = ["encoder.embed_positions.weight", "embeddings.position_embeddings.weight", "wpe.weight"]
    for name in names { #expect(TestModel(tensors: [sinusoids(name, positions: positions)]).findings() == []) }
    // Scaled, and with the row of padding that FSMT has.
    var scaled = sinusoids(names[0], positions: positions)
    scaled.scale(0.02)
    scaled[row: 1] = Array(repeating: 0, count: 32)
    #expect(brief(TestModel(tensors: [scaled]).findings()) == ["information zero-rows \(names[0])"])
  }

  @Test(arguments: ["encoder.embed_positions.weight", "wpe.weight", "encoder.embed_tokens.weight"])
  func `a drawn table with a mean is found, of positions or not`(name: String) {
    let uniform = TestTensor.uniform(name, [64, 64], 0, 1)
    #expect(brief(TestModel(tensors: [uniform]).findings()) == ["warning nonzero-mean \(name)"])
    var normal = TestTensor.normal(name, [64, 64], std: 0.1)
    normal.elements = normal.elements.map { $0 + 0.06 }
    #expect(brief(TestModel(tensors: [normal]).findings()) == ["warning nonzero-mean \(name)"])
  }

  @Test func `a tensor that is no kernel by its name is information`() {
    let tensor = TestTensor.uniform("relative_table", [64, 64], 0, 1)
    #expect(TestModel(tensors: [tensor]).findings() == [])
    var copied = TestTensor.normal("relative_table", [64, 64], std: 1)
    copied.copyOutput(1, to: 2)
    #expect(TestModel(tensors: [copied]).findings().map(\.severity) == [.information])
  }

  @Test func `a mask of attention is infinite by design`() {
    let mask = TestTensor("attn_mask", [8, 8]) { $0 % 8 > $0 / 8 ? -.infinity : 0 }
    #expect(brief(TestModel(tensors: [mask]).findings()) == ["information non-finite attn_mask"])
  }
}
