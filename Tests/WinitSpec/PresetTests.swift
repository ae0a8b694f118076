import Foundation
import Testing
import WinitCore
import WinitPresets
import WinitSpec
import WinitTestSupport

@Suite struct PresetTests {
  @Test("the list of presets is the folder")
  func list() throws {
    let folder = VectorFile.repository.appending(path: "presets").path
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
    #expect(Preset.all.map(\.name) == files.map { String($0.dropLast(5)) }.sorted())
    for preset in Preset.all {
      #expect(try preset.text == String(contentsOfFile: "\(folder)/\(preset.name).yaml", encoding: .utf8))
    }
  }

  @Test("every preset parses, and resolves what its first rule is for", arguments: ModelSpec.presetNames)
  func parse(name: String) throws {
    let spec = try ModelSpec(preset: name)
    // A tensor that no rule names is the only thing that can be wrong.
    let error = #expect(throws: SpecError.self) {
      try spec.resolve(
        like: ("like", [LikeTensor(name: "\u{1}nothing", shape: Shape([2]), dtype: .float32, code: "F32")]))
    }
    let messages = (error?.diagnostics ?? []).map(\.message)
    #expect(messages.allSatisfy { $0.hasPrefix("no rule matches it") }, "\(messages)")
  }

  @Test("a spec's own rules and values come before its preset's")
  func merge() throws {
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

  @Test("with a preset of module kinds, the spec says what a tensor belongs to, or hears that it must")
  func kinds() throws {
    let spec = """
      preset: keras
      layout: keras
      tensors: {a/kernel: [9, 4], a/bias: [4], rnn/recurrent_kernel: [2, 8], rnn/bias: [8], lost/kernel: [3, 3]}
      rules:
        - {match: "a/*", kind: linear}
        - {match: "rnn/*", kind: lstm}
      """
    let error = #expect(throws: SpecError.self) { try ModelSpec(parsing: spec, file: "m.yaml").resolve() }
    #expect(error?.diagnostics.map(\.tensor) == ["lost/kernel"])
    #expect(error?.description.contains("a name and a shape do not say what module it belongs to") == true)
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

  @Test("an unknown preset suggests the nearest")
  func unknown() {
    let error = #expect(throws: UnknownPreset.self) { try ModelSpec(preset: "gtp2") }
    #expect(error?.description.contains("did you mean `gpt2`?") == true)
  }
}
