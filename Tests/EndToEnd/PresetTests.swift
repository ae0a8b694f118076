// Presets on the command line: wrapped names, options, and config.json.

import Foundation
import Testing
import WinitJSON
import WinitTestSupport

@Suite struct PresetCommandTests {
  /// A place with a Llama of one block in model/model.safetensors, whose names have a prefix.
  private func place(prefix: String = "", config: String? = nil) throws -> Workplace {
    let place = try Workplace()
    try place.folder.write(
      "model.yaml",
      """
      tensors:
        \(prefix)model.embed_tokens.weight: [20, 8]
        \(prefix)model.layers.0.input_layernorm.weight: [8]
        \(prefix)lm_head.weight: [20, 8]
      rules: [{match: "*", init: zeros}]
      """)
    try place.succeed("create model --spec model.yaml --seed 1 --registry other")
    try FileManager.default.createDirectory(atPath: place.folder.path("model"), withIntermediateDirectories: true)
    try place.succeed("get model -o model/model.safetensors --registry other")
    if let config { try place.folder.write("model/config.json", config) }
    return place
  }

  private let create = "create m --preset llama --like model/model.safetensors --seed 1 --recipe-only"

  @Test func `create says which prefix it stripped and where each option comes from, and records it`() throws {
    let place = try place(prefix: "_orig_mod.", config: #"{"tie_word_embeddings": true, "pad_token_id": null}"#)
    let outcome = try place.succeed(create + " --preset-option padding_row=3")
    #expect(outcome.errors.isEmpty)
    let rows = [
      "preset   llama, matched without the prefix `_orig_mod.`",
      "options  tied true (config.json: tie_word_embeddings), padding_row 3 (given), std 0.02 (assumed)",
    ]
    for row in rows { #expect(outcome.output.contains(row), "\(outcome.output)") }
    let shown = try place.succeed("show m").output
    #expect(shown.contains("llama, matched without the prefix `_orig_mod.`") && shown.contains("padding_row 3 (given)"))
    let preset =
      #"{"config":true,"name":"llama","options":{"padding_row":{"from":"option","value":3},"std":{"from":"default","value":0.02},"tied":{"from":"config","key":"tie_word_embeddings","value":true}},"prefix":"_orig_mod.","prefix_from":"names"}"#
    #expect(try place.json("show m")["preset"]?.canonical == preset)
    #expect(try place.json("list")["runs"]?.arrayValue?.first?["preset"]?.canonical == preset)
    // A bundle keeps the record.
    try place.succeed("export m -o m.winit")
    try place.succeed("import m.winit --registry third")
    #expect(try place.json("show m --registry third")["preset"]?.canonical == preset)
  }

  @Test func `the preset is not part of the id: the same numbers from rules have the same id`() throws {
    let place = try place(config: #"{"tie_word_embeddings": true}"#)
    let id = try place.json(create)["id"]?.stringValue
    try place.folder.write(
      "rules.yaml",
      """
      like: model/model.safetensors
      rules:
        - {match: lm_head.weight, init: {scheme: same_as, of: model.embed_tokens.weight}}
        - {match: "*layernorm.weight", init: ones}
        - {match: "*", init: {scheme: normal, std: 0.02}}
      """)
    #expect(try place.json("create r --spec rules.yaml --seed 1 --recipe-only")["id"]?.stringValue == id)
    // Without config.json nothing says that the weights are tied.
    try FileManager.default.removeItem(atPath: place.folder.path("model/config.json"))
    let assumed = try place.succeed(create)
    #expect(assumed.output.contains("tied false (assumed)"))
    #expect(try place.json("show m")["id"]?.stringValue != id)
    // The option in a spec comes to the same as config.json.
    try place.folder.write("preset.yaml", "preset: {name: llama, tied: true}\nlike: model/model.safetensors")
    #expect(try place.json("create p --spec preset.yaml --seed 1 --recipe-only")["id"]?.stringValue == id)
  }

  @Test(arguments: [
    ("{", "model/config.json: not JSON"), (#"{"pad_token_id": "x"}"#, "model/config.json: `pad_token_id`"),
    ("{\"a\": \"" + String(repeating: "x", count: 16 << 20) + "\"}", "model/config.json"),
  ])
  func `a config.json that cannot be used is an error with its path, and config=none ignores it`(
    config: String, message: String
  ) throws {
    let place = try place(config: config)
    let refused = try place.run(create)
    #expect(refused.status == 65 && refused.errors.contains(message), "\(refused.errors)")
    #expect(!FileManager.default.fileExists(atPath: place.folder.path("winit.sqlite")))
    let ignored = try place.json(create + " --preset-option config=none")
    #expect(ignored["preset"]?["config"]?.canonical == "false")
  }

  @Test func `another file than config.json can be named`() throws {
    let place = try place()
    try place.folder.write("other.json", #"{"tie_word_embeddings": true}"#)
    let preset = try place.json(create + " --preset-option config=other.json")["preset"]
    #expect(preset?["options"]?["tied"]?["value"]?.canonical == "true")
    #expect(try place.run(create + " --preset-option config=absent.json").status == 66)
  }

  @Test(arguments: [
    ("--preset-option tied", 64, "write NAME=VALUE"), ("--preset-option teid=true", 65, "did you mean `tied`?"),
    ("--preset-option tied=maybe", 65, "must be true or false"),
    ("--preset-option prefix=x", 65, "no tensor's name begins with the prefix `x.`"),
  ])
  func `an option that the preset does not take is refused with the reason`(
    words: String, status: Int32, message: String
  ) throws {
    let place = try place()
    let outcome = try place.run("\(create) \(words)")
    #expect(outcome.status == status && outcome.errors.contains(message), "\(outcome.errors)")
  }

  @Test func `preset options lists name, type, default, key and meaning`() throws {
    let place = try Workplace()
    let text = try place.succeed("preset options llama").output
    #expect(text.contains("padding_row  row      none     pad_token_id"), "\(text)")
    let json = try place.json("preset options llama")
    let names = json["options"]?.arrayValue?.compactMap { $0["name"]?.stringValue }
    #expect(names == ["tied", "padding_row", "std"])
    #expect(try place.run("preset options lama").status != 0)
  }

  @Test func `docs/presets.md lists every option of every preset with its type, default and key`() throws {
    let place = try Workplace()
    let page = try String(contentsOf: VectorFile.repository.appending(path: "docs/presets.md"), encoding: .utf8)
    for name in try place.json("preset list")["presets"]?.arrayValue?.compactMap(\.stringValue) ?? [] {
      for option in try place.json("preset options \(name)")["options"]?.arrayValue ?? [] {
        let key = option["config"]?.stringValue.map { "`\($0)`" } ?? ""
        let cells = [option["name"], option["type"], option["default"]].map { $0?.stringValue ?? "" }
        let row = "| `\(name)` | `\(cells[0])` | \(cells[1]) | \(cells[2]) | \(key) |"
        #expect(page.contains(row), "\(row)")
      }
    }
  }

  @Test func `a pipe named config.json is an error, and is not waited for`() throws {
    let place = try Workplace()
    try place.folder.write("m.yaml", "tensors: {transformer.wte.weight: [20, 8]}\nrules: [{match: '*', init: normal}]")
    try place.succeed("create m --spec m.yaml --seed 1")
    try FileManager.default.createDirectory(atPath: place.folder.path("model"), withIntermediateDirectories: false)
    try place.succeed("get m -o model/m.safetensors")
    #expect(mkfifo(place.folder.path("model/config.json"), 0o600) == 0)
    let outcome = try place.run("create g --preset gpt2 --like model/m.safetensors --seed 1")
    #expect(outcome.status != 0 && outcome.errors.contains("config.json"), "\(outcome.errors)")
    try place.succeed("create g --preset gpt2 --like model/m.safetensors --seed 1 --preset-option config=none")
  }
}
