import Foundation
import Testing
import WinitCore
import WinitPresets
import WinitSpec
import WinitTestSupport

@Suite struct PresetTests {
  @Test func `the list of presets is that of the folder's files, and the embedded texts are the files`() throws {
    let folder = VectorFile.repository.appending(path: "presets").path
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
    #expect(Preset.all.map(\.name) == files.map { String($0.dropLast(5)) }.sorted())
    for preset in Preset.all {
      #expect(try preset.text == String(contentsOfFile: "\(folder)/\(preset.name).yaml", encoding: .utf8))
    }
  }

  @Test(arguments: ModelSpec.presetNames)
  func `every preset parses, and refuses only a tensor that none of its rules matches`(name: String) throws {
    let spec = try ModelSpec(preset: name)
    // No rule matches this tensor; that is the only problem.
    let error = #expect(throws: SpecError.self) {
      try spec.resolve(
        like: ("like", [LikeTensor(name: "\u{1}nothing", shape: Shape([2]), dtype: .float32)]))
    }
    // The name does not identify a model of the library either, which is the likely cause.
    let kinds = error?.diagnostics.map(\.kind).filter { $0 != .unidentifiedPreset }
    #expect(kinds == [.noRule], "\(error?.description ?? "")")
  }

  @Test func `a spec's own rules and values come before its preset's`() throws {
    let spec = try ModelSpec(
      parsing: """
        preset: gpt2
        values: {layers: 8}
        tensors: {h.0.mlp.c_proj.weight: [4, 4], wte.weight: [4, 4], ln_f.weight: [4]}
        rules: [{match: "wte.*", init: {scheme: normal, std: 0.5}}]
        """, file: "m.yaml")
    let laws = try spec.resolve().tensors.map(\.law)
    // 0.02 / sqrt(2 * 8)
    #expect(laws == [.normal(mean: 0, std: 0.005), .normal(mean: 0, std: 0.5), .constant(value: 1)])
  }

  @Test
  func `with a preset of module kinds, a spec must declare the kind of every tensor, or give it an init`() throws {
    let spec = """
      preset: keras
      layout: keras
      tensors: {a/kernel: [9, 4], a/bias: [4], rnn/recurrent_kernel: [2, 8], rnn/bias: [8], lost/kernel: [3, 3]}
      rules:
        - {match: "a/*", kind: linear}
        - {match: "rnn/*", kind: lstm}
      """
    let error = #expect(throws: SpecError.self) { try ModelSpec(parsing: spec, file: "m.yaml").resolve() }
    #expect(error?.diagnostics.map(summary) == ["3 lost/kernel noRule"])
    let declared =
      spec + "\n  - {match: \"lost/*\", kind: embedding, rank: 2}\n  - {match: \"lost/*\", init: zeros}"
    let laws = try ModelSpec(parsing: declared, file: "m.yaml").resolve().tensors.map(\.law)
    // √(6/13), glorot_uniform's bound for [9, 4] (Python), as binary32.
    let bound = Float(0.6793662204867574)
    #expect(laws[0] == .uniform(half: bound, mid: 0, low: -bound, high: bound))
    #expect(laws[1] == .constant(value: 0))
    #expect(laws[2] == .orthogonal(gain: 1, rows: 2))
    let forget = LawPart(box: [2..<4], of: try Shape([8]), law: .constant(value: 1))
    #expect(laws[3] == .parts([LawPart(box: [], of: try Shape([8]), law: .constant(value: 0)), forget]))
    #expect(laws[4] == .constant(value: 0))
  }

  @Test(arguments: [
    ("weight_g", "weight_v"), ("parametrizations.weight.original0", "parametrizations.weight.original1"),
  ])
  func `weight norm: the magnitude is the norm of the direction, which has the law of the weight, as has the bias`(
    magnitude: String, direction: String
  ) throws {
    let laws = try plan(
      """
      preset: torch
      tensors: {c.\(magnitude): [4, 1, 1], c.\(direction): [4, 3, 3], c.bias: [4]}
      rules: [{match: "c.*", kind: conv}]
      """
    ).tensors.map(\.law)
    #expect(laws[0] == .normOf(TensorName("c.\(direction)"), axes: [1, 2]))
    // ±1/√9: PyTorch's kaiming_uniform_ with a = √5 and fan_in 3 · 3, for the weight and the bias.
    let bound = Float(1.0 / 3)
    let uniform = Law.uniform(half: bound, mid: 0, low: -bound, high: bound)
    #expect(laws[1...] == [uniform, uniform])
  }

  @Test
  func `spectral norm: both vectors are unit vectors, and a vector named weight_v is no direction of weight norm`()
    throws
  {
    let laws = try plan(
      """
      preset: torch
      tensors: {s.weight_orig: [4, 9], s.weight_u: [4], s.weight_v: [9], s.bias: [4]}
      rules: [{match: "s.*", kind: linear}]
      """
    ).tensors.map(\.law)
    let bound = Float(1.0 / 3)
    let uniform = Law.uniform(half: bound, mid: 0, low: -bound, high: bound)
    #expect(laws[0] == uniform && laws[3] == uniform)
    #expect(laws[1] == .orthogonal(gain: 1, rows: 1) && laws[2] == .orthogonal(gain: 1, rows: 1))
  }

  @Test func `a rule with a companion matches only where the companion is there, under the preset's prefix too`() throws
  {
    let rules = """
      identify: [a.weight]
      rules:
        - {match: "{p}.bias", with: "{p}.gate", init: ones}
        - {match: "*", init: zeros}
      """
    for prefix in ["", "module."] {
      let names = ["a.weight", "a.bias", "a.gate", "b.bias"].map { prefix + $0 }
      let tensors = "tensors: {" + names.map { "\($0): [2]" }.joined(separator: ", ") + "}\n"
      let laws = try plan(tensors + rules).tensors.map(\.law)
      #expect(laws == [.constant(value: 0), .constant(value: 1), .constant(value: 0), .constant(value: 0)])
    }
  }

  @Test func `an unknown preset is an error with its name`() {
    let error = #expect(throws: UnknownPreset.self) { try ModelSpec(preset: "gtp2") }
    #expect(error?.name == "gtp2")
  }
}
