// Presets on models inside a wrapper: torch.compile, DistributedDataParallel, a backbone.

import Testing
import WinitCore
import WinitSpec

@Suite struct PresetPrefixTests {
  private static let gpt2: [(String, [Int])] = [
    ("transformer.wte.weight", [20, 8]), ("transformer.wpe.weight", [6, 8]), ("transformer.h.0.ln_1.weight", [8]),
    ("transformer.h.1.ln_1.weight", [8]), ("transformer.h.0.attn.c_proj.weight", [8, 8]), ("lm_head.weight", [20, 8]),
  ]
  private static let resnet: [(String, [Int])] = [
    ("conv1.weight", [8, 3, 7, 7]), ("bn1.weight", [8]), ("layer1.0.conv3.weight", [16, 8, 1, 1]),
    ("layer1.0.bn2.weight", [16]), ("layer1.0.bn3.weight", [16]), ("layer1.0.bn3.bias", [16]),
    ("fc.weight", [10, 16]), ("fc.bias", [10]),
  ]
  private static let bert: [(String, [Int])] = [
    ("bert.embeddings.word_embeddings.weight", [20, 8]), ("cls.predictions.bias", [20]),
    ("cls.predictions.decoder.weight", [20, 8]), ("cls.predictions.decoder.bias", [20]),
  ]
  private static let t5: [(String, [Int])] = [
    ("shared.weight", [20, 8]), ("encoder.embed_tokens.weight", [20, 8]),
    ("encoder.block.0.layer.0.SelfAttention.q.weight", [8, 8]),
    ("encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", [32, 2]), ("lm_head.weight", [20, 8]),
  ]
  private static let alexnet: [(String, [Int])] = [
    ("features.3.weight", [8, 4, 3, 3]), ("features.3.bias", [8]), ("features.0.bias", [4]),
  ]
  private static let models = [
    "gpt2": gpt2, "resnet-timm": resnet, "resnet-torchvision": resnet, "bert": bert, "t5": t5, "alexnet": alexnet,
  ]

  /// The plan of a preset for tensors whose names have a prefix.
  private func plan(
    _ preset: String, _ tensors: [(String, [Int])], _ prefix: String, _ options: [(name: String, text: String)] = []
  ) throws -> Plan {
    let like = try tensors.map { try WinitSpecTests.like(prefix + $0.0, $0.1, .float32) }
    return try ModelSpec(preset: preset).setting(options).resolve(like: ("like.safetensors", like))
  }

  @Test(
    arguments: ["gpt2", "resnet-timm", "resnet-torchvision", "bert", "t5", "alexnet"],
    ["_orig_mod.", "module.", "model.", "backbone.", "encoder.", "module._orig_mod.", "params/"])
  func `a prefix of all names changes neither a law nor a tie of a preset`(preset: String, prefix: String) throws {
    let tensors = try #require(Self.models[preset])
    let plain = try plan(preset, tensors, "")
    let wrapped = try plan(preset, tensors, prefix)
    #expect(wrapped.tensors.map(\.law) == plain.tensors.map(\.law))
    #expect(wrapped.tensors.map(\.tiedTo) == plain.tensors.map { $0.tiedTo.map { TensorName(prefix + $0.string) } })
    // A value still draws from the stream of its full name.
    #expect(
      wrapped.tensors.map(\.streamName) == plain.tensors.map { TensorName(prefix + $0.streamName.string) })
    #expect(wrapped.preset?.prefix == prefix && plain.preset?.prefix == "")
    #expect(wrapped.preset?.prefixSource == .names)
    #expect(wrapped.warnings == plain.warnings)
  }

  @Test func `under a prefix the last norm of a timm ResNet is 0, and AlexNet's fourth bias is 1`() throws {
    let laws = try plan("resnet-timm", Self.resnet, "module.").tensors.map(\.law)
    #expect(laws[4] == .constant(value: 0) && laws[3] == .constant(value: 1))
    #expect(try plan("alexnet", Self.alexnet, "model.").tensors.map(\.law)[1] == .constant(value: 1))
  }

  @Test func `two models of one library are refused with both prefixes, and an option names one of them`() throws {
    let both = Self.resnet.map { ("a." + $0.0, $0.1) } + Self.resnet.map { ("b." + $0.0, $0.1) }
    let error = #expect(throws: SpecError.self) { try plan("resnet-timm", both, "") }
    #expect(error?.diagnostics.map(\.kind) == [.ambiguousPrefix])
    #expect(error?.description.contains("`a.` (8 tensors), `b.` (8 tensors)") == true)
    let own = try ModelSpec(
      parsing: """
        preset: {name: resnet-timm, prefix: a}
        rules: [{match: "b.*", init: ones}]
        """, file: "m.yaml")
    let like = try both.map { try WinitSpecTests.like($0.0, $0.1, .float32) }
    let planned = try own.resolve(like: ("like", like))
    #expect(try planned.tensors[..<8].map(\.law) == plan("resnet-timm", Self.resnet, "").tensors.map(\.law))
    #expect(planned.tensors[8...].allSatisfy { $0.law == .constant(value: 1) })
    #expect(planned.preset?.prefix == "a." && planned.preset?.prefixSource == .option)
  }

  @Test func `a copy of the model under a longer prefix is not given the rules of the model without a prefix`() throws {
    let both = Self.resnet + Self.resnet.map { ("ema." + $0.0, $0.1) }
    #expect(throws: SpecError.self) { try plan("resnet-timm", both, "") }
    let error = #expect(throws: SpecError.self) { try plan("resnet-timm", both, "", [("prefix", "none")]) }
    #expect(error?.diagnostics.map(\.kind) == Array(repeating: .noRule, count: 8))
    #expect(error?.diagnostics.allSatisfy { $0.tensor?.string.hasPrefix("ema.") == true } == true)
  }

  @Test func `a tensor outside the prefix is refused without a rule of its own`() throws {
    let mixed = Self.resnet.map { ("backbone." + $0.0, $0.1) } + [("head.bias", [10])]
    let error = #expect(throws: SpecError.self) { try plan("resnet-timm", mixed, "") }
    #expect(error?.diagnostics.map(summary) == ["head.bias noRule"])
    let spec = try ModelSpec(
      parsing: "preset: resnet-timm\nrules: [{match: head.bias, init: {scheme: constant, value: 3}}]", file: "m.yaml")
    let like = try mixed.map { try WinitSpecTests.like($0.0, $0.1, .float32) }
    let planned = try spec.resolve(like: ("like", like))
    #expect(planned.tensors.last?.law == .constant(value: 3) && planned.preset?.prefix == "backbone.")
  }

  @Test func `a count of a preset's values counts the tensors under the prefix alone`() throws {
    let spec = """
      preset: gpt2
      rules: [{match: "other.*", init: zeros}]
      """
    let tensors = Self.gpt2.map { ("gpt." + $0.0, $0.1) } + [("other.h.0.ln_1.weight", [8])]
    let like = try tensors.map { try WinitSpecTests.like($0.0, $0.1, .float32) }
    let planned = try ModelSpec(parsing: spec, file: "m.yaml").resolve(like: ("like", like))
    // 0.02 / sqrt(2 * 2) = 0.01
    #expect(planned.tensors[4].law == .normal(mean: 0, std: 0.01))
  }

  @Test func `a prefix that no name has is refused`() throws {
    let error = #expect(throws: SpecError.self) { try plan("gpt2", Self.gpt2, "", [("prefix", "modul.")]) }
    #expect(error?.diagnostics.map(\.kind) == [.invalidOption])
  }

  @Test func `names of another library are a warning, as are rules of a preset for names that are not there`() throws {
    let strange = try plan("resnet-timm", [("stem.conv.weight", [8, 3, 7, 7])], "")
    #expect(strange.warnings.map(\.kind) == [.unidentifiedPreset])
    // An AlexNet that lacks the fourth and the fifth convolution and the Linear layers.
    let cut = try plan("alexnet", Self.alexnet, "")
    #expect(cut.warnings.map(\.kind) == [.unusedRule])
    let expected = "`features.8.bias`, `features.10.bias`, `classifier.1.bias`, `classifier.4.bias`"
    #expect(cut.warnings.first?.message.contains(expected) == true, "\(cut.warnings)")
    // Heads are optional.
    #expect(try plan("resnet-timm", Array(Self.resnet.dropLast(2)), "").warnings.isEmpty)
    #expect(try plan("gpt2", Array(Self.gpt2.dropLast()), "").warnings.isEmpty)
  }
}
