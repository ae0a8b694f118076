// Options of presets: what the names and shapes of a model do not show.

import Testing
import WinitCore
import WinitFiles
import WinitJSON
import WinitSpec

@Suite struct PresetOptionTests {
  private static let llama: [(String, [Int])] = [
    ("model.embed_tokens.weight", [20, 8]), ("model.layers.0.input_layernorm.weight", [8]),
    ("lm_head.weight", [20, 8]),
  ]
  private static let roberta: [(String, [Int])] = [
    ("roberta.embeddings.word_embeddings.weight", [20, 8]), ("roberta.embeddings.position_embeddings.weight", [12, 8]),
    ("lm_head.bias", [20]), ("lm_head.decoder.weight", [20, 8]), ("lm_head.decoder.bias", [20]),
  ]
  /// N(0, 0.02²), as transformers initializes embeddings.
  private static let normal = Law.normal(mean: 0, std: 0.02)

  private func plan(
    _ preset: String, _ tensors: [(String, [Int])], _ options: [(name: String, text: String)] = [],
    config: String? = nil
  ) throws -> Plan {
    let like = try tensors.map { try WinitSpecTests.like($0.0, $0.1, .float32) }
    let configuration = try config.map { try ModelConfiguration(parsing: Array($0.utf8), path: "dir/config.json") }
    return try ModelSpec(preset: preset).setting(options).resolve(
      like: ("like.safetensors", like), configuration: configuration)
  }

  private func zeroRow(_ row: Int, of rows: Int) throws -> Law {
    let shape = try Shape([rows, 8])
    return .parts([
      LawPart(box: [], of: shape, law: Self.normal), LawPart(box: [row..<row + 1], of: shape, law: .constant(value: 0)),
    ])
  }

  @Test func `without options a Llama is not tied and has no padding row, and the plan says that this is assumed`()
    throws
  {
    let planned = try plan("llama", Self.llama)
    #expect(planned.tensors.map(\.tiedTo) == [nil, nil, nil])
    #expect(planned.tensors[0].law == Self.normal)
    #expect(
      planned.preset?.json.canonical
        == #"{"config":false,"name":"llama","options":{"padding_row":{"from":"default","value":null},"std":{"from":"default","value":0.02},"tied":{"from":"default","value":false}},"prefix":"","prefix_from":"names"}"#
    )
  }

  @Test func `tied ties lm_head, padding_row zeroes a row, and std sets the scale`() throws {
    let planned = try plan("llama", Self.llama, [("tied", "true"), ("padding_row", "3"), ("std", "0.5")])
    #expect(planned.tensors[2].tiedTo == "model.embed_tokens.weight")
    let shape = try Shape([20, 8])
    #expect(
      planned.tensors[0].law
        == .parts([
          LawPart(box: [], of: shape, law: .normal(mean: 0, std: 0.5)),
          LawPart(box: [3..<4], of: shape, law: .constant(value: 0)),
        ]))
  }

  @Test func `a spec sets options in the mapping of its preset, and the last setting counts`() throws {
    let text = """
      preset: {name: llama, tied: true, padding_row: 3}
      tensors: {model.embed_tokens.weight: [20, 8], lm_head.weight: [20, 8]}
      """
    let spec = try ModelSpec(parsing: text, file: "m.yaml")
    let planned = try spec.resolve()
    #expect(planned.tensors[1].tiedTo == "model.embed_tokens.weight")
    #expect(try planned.tensors[0].law == zeroRow(3, of: 20))
    let other = try spec.setting([("padding_row", "none"), ("tied", "false")]).resolve()
    #expect(other.tensors.map(\.law) == [Self.normal, Self.normal] && other.tensors[1].tiedTo == nil)
  }

  @Test func `a negative padding row counts from the end, as in PyTorch`() throws {
    #expect(try plan("llama", Self.llama, [("padding_row", "-1")]).tensors[0].law == zeroRow(19, of: 20))
    #expect(try plan("llama", Self.llama, [("padding_row", "-20")]).tensors[0].law == zeroRow(0, of: 20))
    #expect(throws: SpecError.self) { try plan("llama", Self.llama, [("padding_row", "-21")]) }
    #expect(throws: SpecError.self) { try plan("llama", Self.llama, [("padding_row", "20")]) }
  }

  @Test func `RoBERTa's row 1 of the word and the position embeddings is zero, and BERT's row 0 of the words`() throws {
    let laws = try plan("roberta", Self.roberta).tensors.map(\.law)
    #expect(try laws == [zeroRow(1, of: 20), zeroRow(1, of: 12)] + laws[2...])
    let bert = [("bert.embeddings.word_embeddings.weight", [20, 8])]
    #expect(try plan("bert", bert).tensors[0].law == zeroRow(0, of: 20))
    #expect(try plan("bert", bert, [("padding_row", "1")]).tensors[0].law == zeroRow(1, of: 20))
    #expect(try plan("bert", bert, config: #"{"pad_token_id": null}"#).tensors[0].law == Self.normal)
  }

  @Test func `config.json sets what no option sets, and the plan says which key gave a value`() throws {
    let config = #"{"tie_word_embeddings": true, "pad_token_id": 2, "initializer_range": 0.25, "model_type": "llama"}"#
    let planned = try plan("llama", Self.llama, [("std", "0.02")], config: config)
    #expect(planned.tensors[2].tiedTo == "model.embed_tokens.weight")
    #expect(try planned.tensors[0].law == zeroRow(2, of: 20))
    #expect(planned.warnings.isEmpty)
    #expect(
      planned.preset?.json.canonical
        == #"{"config":true,"name":"llama","options":{"padding_row":{"from":"config","key":"pad_token_id","value":2},"std":{"from":"option","value":0.02},"tied":{"from":"config","key":"tie_word_embeddings","value":true}},"prefix":"","prefix_from":"names"}"#
    )
  }

  @Test(arguments: [
    #"{"tie_word_embeddings": "yes"}"#, #"{"tie_word_embeddings": 1}"#, #"{"pad_token_id": 1.5}"#,
    #"{"pad_token_id": [1, 2]}"#, #"{"initializer_range": "0.02"}"#,
  ])
  func `a member of config.json with another type is an error with the file's path`(config: String) throws {
    let error = #expect(throws: SpecError.self) { try plan("llama", Self.llama, config: config) }
    #expect(error?.diagnostics.map(\.kind) == [.invalidOption])
    #expect(error?.diagnostics.first?.file == "dir/config.json")
  }

  @Test(arguments: ["", "[]", "{", #"{"a": 1, "a": 2}"#, "\u{FEFF}{}"])
  func `a config.json that is not one JSON object is an error with the file's path`(config: String) throws {
    let error = #expect(throws: FormatError.self) { try plan("llama", Self.llama, config: config) }
    #expect(error?.path == "dir/config.json")
  }

  @Test func `a config.json with Python's NaN and Infinity is read`() throws {
    let config =
      #"{"time_step_limit": [0.0, Infinity, -Infinity], "x": "NaN \" Infinity", "y": NaN, "pad_token_id": 2}"#
    #expect(try plan("llama", Self.llama, config: config).tensors[0].law == zeroRow(2, of: 20))
    for value in ["NaN", "Infinity", "-Infinity"] {
      let error = #expect(throws: SpecError.self) {
        try plan("llama", Self.llama, config: #"{"initializer_range": \#(value)}"#)
      }
      #expect(error?.diagnostics.map(\.kind) == [.invalidOption], "\(value)")
    }
  }

  @Test(arguments: [
    (#"{"initializer_range": 0.5, "vision_config": {"initializer_range": 0.25}}"#, 0.25),
    (#"{"initializer_range": 0.5, "vision_config": {}}"#, 0.02), (#"{"initializer_range": 0.5}"#, 0.5),
  ])
  func `the range of CLIP's vision model is that of its own part of config.json`(config: String, std: Float) throws {
    let tensors = [("vision_model.embeddings.class_embedding", [4]), ("vision_model.embeddings.x.weight", [8, 4])]
    let planned = try plan("clip", tensors, config: config)
    #expect(planned.tensors[1].law == .normal(mean: 0, std: std))
  }

  @Test func `tied weights of other shapes are an error that names the option and its source`() throws {
    let tensors = [("model.embed_tokens.weight", [20, 8]), ("lm_head.weight", [24, 8])]
    let error = #expect(throws: SpecError.self) {
      try plan("llama", tensors, config: #"{"tie_word_embeddings": true}"#)
    }
    #expect(error?.diagnostics.map(summary) == ["lm_head.weight invalidTie"])
    #expect(error?.description.contains("option `tied` is true (taken from `config.json`)") == true)
    #expect(throws: Never.self) {
      try plan("llama", tensors, [("tied", "false")], config: #"{"tie_word_embeddings": true}"#)
    }
  }

  @Test
  func `the number of layers is that of config.json for a part of a model, and fewer than the names have is an error`()
    throws
  {
    let part = [("transformer.h.0.ln_1.weight", [8]), ("transformer.h.0.mlp.c_proj.weight", [8, 8])]
    // 0.02 / sqrt(2 * 8)
    #expect(
      try plan("gpt2", part, config: #"{"n_layer": 8}"#).tensors[1].law == .normal(mean: 0, std: 0.005))
    let error = #expect(throws: SpecError.self) { try plan("gpt2", part, config: #"{"n_layer": 0}"#) }
    #expect(error?.diagnostics.map(\.kind) == [.invalidOption])
  }

  @Test func `an unknown option is an error with the nearest one, and a wrong value says what is expected`() throws {
    let unknown = #expect(throws: SpecError.self) { try plan("llama", Self.llama, [("teid", "true")]) }
    #expect(unknown?.diagnostics.map(\.kind) == [.unknownOption])
    #expect(unknown?.description.contains("did you mean `tied`?") == true)
    for (name, value) in [("tied", "yes"), ("padding_row", "1.5"), ("std", "none"), ("std", "x")] {
      let error = #expect(throws: SpecError.self) { try plan("llama", Self.llama, [(name, value)]) }
      #expect(error?.diagnostics.map(\.kind) == [.invalidOption], "\(name)=\(value)")
    }
    // A spec without a preset has no options.
    let spec = try ModelSpec(parsing: "tensors: {a: {shape: [1], init: ones}}", file: "m.yaml")
    #expect(throws: SpecError.self) { try spec.setting([("tied", "true")]).resolve() }
  }

  @Test func `the config.json of another kind of model is a warning`() throws {
    let planned = try plan("llama", Self.llama, config: #"{"model_type": "mistral"}"#)
    #expect(planned.warnings.map(\.kind) == [.otherModel])
  }

  @Test func `a preset for another model is named as the cause if tensors have no rule`() throws {
    let tensors = [("transformer.wte.weight", [20, 8]), ("transformer.h.0.ln_1.weight", [8])]
    let error = #expect(throws: SpecError.self) {
      try plan("llama", tensors, config: #"{"model_type": "gpt2"}"#)
    }
    #expect(error?.diagnostics.map(\.kind) == [.unidentifiedPreset, .otherModel, .noRule])
  }

  @Test func `values of the spec set an option of the same name`() throws {
    let text = """
      preset: gpt2
      values: {layers: 8}
      tensors: {transformer.wte.weight: [4, 4], transformer.h.0.mlp.c_proj.weight: [4, 4]}
      """
    let planned = try ModelSpec(parsing: text, file: "m.yaml").resolve()
    #expect(planned.tensors[1].law == .normal(mean: 0, std: 0.005))
    #expect(planned.preset?.json["options"]?["layers"]?["from"]?.stringValue == "values")
  }

  @Test(arguments: [
    ("options: {tied: {type: boolean, default: maybe, about: x}}", "1 wrongType"),
    ("options: {tied: {type: flag, default: true, about: x}}", "1 missingKey"),
    ("options: {prefix: {type: boolean, default: true, about: x}}", "1 invalidName"),
    ("options: [tied]", "1 wrongType"), ("identify: '*.weight'", "1 invalidPattern"),
    ("rules: [{match: a, when: tied, init: ones}]\noptions: {}", "1 unknownOption"),
    ("preset: gpt2\nidentify: [a]", "conflictingKeys"), ("preset: {tied: true}", "1 missingKey"),
    ("preset: {name: llama, tied: [1]}", "1 wrongType"), ("preset: {name: lama}", "1 unknownPreset"),
  ])
  func `a problem of a preset's declarations is reported with its kind and line`(text: String, expected: String) throws
  {
    #expect(try problems(text + "\ntensors: {a: {shape: [1], init: ones}}") == [expected])
  }

  @Test func `the text of a preset is a spec that does the same`() throws {
    for name in ["llama", "gpt2"] {
      let tensors =
        name == "llama" ? Self.llama : [("x.transformer.wte.weight", [20, 8]), ("x.lm_head.weight", [20, 8])]
      let like = try tensors.map { try WinitSpecTests.like($0.0, $0.1, .float32) }
      let copied = try ModelSpec(parsing: ModelSpec.presetText(name), file: "copy.yaml").resolve(like: ("like", like))
      let own = try plan(name, tensors)
      #expect(copied.tensors.map(\.law) == own.tensors.map(\.law))
      #expect(copied.tensors.map(\.tiedTo) == own.tensors.map(\.tiedTo))
    }
  }
}
