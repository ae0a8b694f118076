// Checkpoints that hold a part of a run, or its values in another form, compared by the command.

import Foundation
import Testing
import WinitJSON
import WinitTestSupport

private let tied = """
  tensors:
    wte.weight: [20, 8]
    lm_head.weight: {shape: [20, 8], init: {scheme: same_as, of: wte.weight}}
    h.0.weight: [8, 8]
  rules: [{match: "*", init: {scheme: normal, std: 0.02}}]
  """

@Suite struct ComparisonTests {
  private func place(_ spec: String = tied) throws -> Workplace {
    let place = try Workplace()
    try place.folder.write("t.yaml", spec)
    try place.succeed("create t --spec t.yaml --seed 1")
    return place
  }

  /// Returns the result of the first run of a verification.
  private func result(_ outcome: Outcome) throws -> JSONValue {
    try #require(try JSONValue(parsing: outcome.output)["runs"]?.arrayValue?.first)
  }

  @Test func `the command's own --no-tied file verifies, and the output names the tied tensor`() throws {
    let place = try place()
    try place.succeed("get t --no-tied -o t.safetensors")
    let text = try place.succeed("verify t --against t.safetensors").output
    #expect(text.contains("`lm_head.weight` as `wte.weight`"))
    let json = try result(place.succeed("verify t --against t.safetensors --json"))
    #expect(json["tied"]?.canonical == #"[{"held_as":"wte.weight","tensor":"lm_head.weight"}]"#)
    #expect(json["matches"]?.canonical == "true" && json["compared_tensors"]?.integerValue == 2)
  }

  @Test func `a part of a run verifies with --subset, and JSON lists what is absent`() throws {
    let place = try place()
    try place.succeed("get t --tensor h.0.weight -o stage.safetensors")
    #expect(try place.run("verify t --against stage.safetensors").status == 1)
    let json = try result(place.succeed("verify t --against stage.safetensors --subset --json"))
    #expect(json["absent"]?.canonical == #"["wte.weight","lm_head.weight"]"#)
    #expect(json["findings"]?.canonical == "[]")
    // The history says that only a part was compared.
    let log = try place.json("log t --limit 1")["entries"]?.arrayValue?.first
    #expect(log?["detail"]?["level"]?.stringValue?.contains("a part of the run") == true)
    try place.succeed("verify t --against stage.safetensors --tensor h.*")
    try place.succeed("get t --tensor wte.weight --slice 3:9,:4 -o slice.safetensors")
    try place.succeed("verify t --against slice.safetensors --tensor wte.* --slice 3:9,:4")
    #expect(try place.run("verify t --against slice.safetensors --tensor wte.* --slice 3:9,1:5").status == 1)
  }

  @Test(
    arguments: [
      ("verify t --subset", 64, "--subset"), ("verify t --tensor w", 64, "--tensor"), ("verify t --cast", 64, "--cast"),
      ("verify t --slice 0", 64, "--slice"), ("verify t --strip-prefix a", 64, "--strip-prefix"),
      ("verify t --against t.safetensors --tensor zz*", 66, "`zz*`"),
      ("verify t --against t.safetensors --slice 9,9,9", 64, "`wte.weight`"),
      ("verify t --against t.safetensors --strip-prefix zz.", 64, "`zz.`"),
    ] as [(String, Int32, String)])
  func `options that do not fit are errors`(words: String, status: Int32, fact: String) throws {
    let place = try place()
    try place.succeed("get t -o t.safetensors")
    let outcome = try place.run(words)
    #expect(outcome.status == status && outcome.errors.contains(fact), "\(outcome.errors)")
  }

  @Test func `a folder is a checkpoint everywhere`() throws {
    let place = try place()
    try FileManager.default.createDirectory(atPath: place.folder.path("c"), withIntermediateDirectories: true)
    try place.succeed("get t --tensor wte.weight -o c/1.safetensors")
    try place.succeed("get t --tensor h.0.weight -o c/2.safetensors")
    try place.succeed("verify t --against c")
    try place.succeed("verify t --against c/")
    try place.succeed("import c --as imported")
    #expect(try place.json("show imported")["tensor_count"]?.integerValue == 2)
    try place.folder.write("like.yaml", "like: c\nrules: [{match: '*', init: zeros}]")
    #expect(try place.json("create like --spec like.yaml --seed 1")["tensor_count"]?.integerValue == 2)
    let option = try place.succeed("create like --spec like.yaml --like c --seed 1")
    #expect(option.output.hasPrefix("created like:v2"))
  }

  @Test func `one file of an index is compared and imported with a warning`() throws {
    let place = try place()
    try place.succeed("get t --tensor wte.weight -o model-00001-of-00002.safetensors")
    try place.succeed("get t --tensor h.0.weight -o model-00002-of-00002.safetensors")
    try place.folder.write(
      "model.safetensors.index.json",
      #"{"weight_map":{"wte.weight":"model-00001-of-00002.safetensors","h.0.weight":"model-00002-of-00002.safetensors"}}"#
    )
    try place.succeed("verify t --against model.safetensors.index.json")
    let verify = "verify t --against model-00001-of-00002.safetensors"
    let verified = try place.run(verify)
    #expect(verified.errors.hasPrefix("warning: ") && verified.errors.contains("model.safetensors.index.json"))
    // With --json, the warning is in the document alone.
    let document = try place.run("\(verify) --json")
    let warnings = try #require(try result(document)["warnings"]?.arrayValue)
    #expect(document.errors.isEmpty && warnings.count == 1)
    #expect(warnings.first?.stringValue?.contains("model.safetensors.index.json") == true)
    let imported = try place.succeed("import model-00001-of-00002.safetensors --as part")
    #expect(imported.errors.hasPrefix("warning: "))
  }

  @Test func `diff of a created and an imported run says that the bits are equal`() throws {
    let place = try place()
    try place.succeed("get t -o t.safetensors")
    try place.succeed("import t.safetensors --as imported")
    let outcome = try place.succeed("diff t imported")
    #expect(outcome.output.contains("same weights"))
    #expect(outcome.output.contains("3 tensors with the same bits; imported:v1 is imported and has no recipes"))
    let json = try place.json("diff t imported")
    #expect(json["same_weights"]?.canonical == "true" && json["same_bits"]?.integerValue == 3)
  }

  @Test func `a file that safetensors.torch.save_model wrote works as like, and the missing name is a tensor`() throws {
    let place = try place()
    try place.folder.write(
      "f.safetensors",
      safetensors(
        header:
          #"{"__metadata__":{"transformer.wte.weight":"lm_head.weight","format":"pt"},"lm_head.weight":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}"#,
        data: [UInt8](repeating: 0, count: 8)))
    let created = try place.json("create f --preset gpt2 --like f.safetensors --seed 1")
    #expect(created["tensor_count"]?.integerValue == 2)
    try place.succeed("get f --no-tied -o g.safetensors")
    try place.succeed("verify f --against g.safetensors")
  }

  @Test func `a file of another format is an error that names the format, for every command that reads one`() throws {
    let place = try place()
    try place.folder.write("model.gguf", Array("GGUF".utf8) + [3, 0, 0, 0])
    try place.folder.write("like.yaml", "like: model.gguf\nrules: [{match: '*', init: zeros}]")
    for words in [
      "import model.gguf --as m", "verify t --against model.gguf", "create m --spec like.yaml --seed 1",
      "create m --preset gpt2 --like model.gguf --seed 1", "identify model.gguf",
    ] {
      let outcome = try place.run(words)
      #expect(outcome.status == 65 && outcome.errors.contains("it is a GGUF file"), "\(words): \(outcome.errors)")
      #expect(outcome.errors.contains("gguf.GGUFReader"))
    }
  }

  @Test(.enabled(if: Python.isAvailable, "needs Python with numpy and safetensors"), arguments: ["F16", "BF16"])
  func `a file that NumPy rounded verifies with --cast, and the output says the cast`(dtype: String) throws {
    let place = try place("tensors: {w: [300, 700]}\nrules: [{match: w, init: {scheme: normal, std: 0.02}}]")
    try place.succeed("get t -o t.safetensors")
    let check = try Python.run("files", ["cast", dtype, "t.safetensors", "cast.safetensors"], in: place.folder)
    #expect(check.status == 0, "\(check.errors)")
    let refused = try place.run("verify t --against cast.safetensors")
    #expect(refused.status == 1 && refused.output.contains("--cast"))
    let text = try place.succeed("verify t --against cast.safetensors --cast").output
    let name = dtype == "F16" ? "float16" : "bfloat16"
    #expect(text.contains("1 tensor: float32 rounded to \(name)"))
    let json = try result(place.succeed("verify t --against cast.safetensors --cast --json"))
    #expect(json["casts"]?.canonical == #"[{"from":"float32","tensors":1,"to":"\#(name)"}]"#)
  }

  @Test(.enabled(if: Python.isAvailable, "needs Python with numpy and safetensors"))
  func `fp8, fp6, fp4 and complex tensors go through the registry and back into the same file for the official reader`()
    throws
  {
    let place = try Workplace()
    let made = try Python.run("files", ["make", "given.safetensors"], in: place.folder)
    #expect(made.status == 0, "\(made.errors)")
    try place.succeed("import given.safetensors --as g")
    try place.succeed("get g -o again.safetensors")
    let same = try Python.run("files", ["same", "given.safetensors", "again.safetensors"], in: place.folder)
    #expect(same.status == 0 && same.output == "9 tensors are the same\n", "\(same.output)\(same.errors)")
    try place.succeed("export g -o g.winit")
    try place.succeed("import g.winit --registry other.sqlite")
    try place.succeed("verify g --against given.safetensors --registry other.sqlite")
    #expect(try place.json("show g")["file_metadata"]?.canonical == #"{"made":"by hand"}"#)
  }
}
