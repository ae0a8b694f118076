// Real models through the built command.

import Foundation
import Testing
import WinitJSON
import WinitTestSupport

/// Tests of large models, one at a time, because each needs gigabytes of disk.
@Suite(.serialized) struct ModelTests {
  @Test func `GPT-2 is created, written and verified in less than 170 MB of memory`() throws {
    let place = try Workplace()
    let create = try place.succeed("create gpt2 --seed 42 --json --spec", [spec("gpt2")])
    let run = try JSONValue(parsing: create.output)
    #expect(run["tensor_count"]?.integerValue == 148 && run["parameter_count"]?.integerValue == 124_439_808)
    #expect(run["byte_count"]?.integerValue == 497_759_232)
    // Computed over all 148 tensors by winit.reference with NumPy, hashlib and the digests' definition.
    #expect(run["id"]?.stringValue == "sha256:e6dc291b0004eecb7ee5c6d895b11b339b42a7aaefb8cf4eab5c0723ec748eec")
    #expect(
      run["weights"]?.stringValue == "sha256:17dc802fda6bd91e594fc9d1d84f7d9d2d774db0a07e4b664691d152977ae2a3")
    let get = try place.succeed("get gpt2 -o gpt2.safetensors")
    let verify = try place.succeed("verify gpt2")
    let against = try place.succeed("verify gpt2 --against gpt2.safetensors --json")
    let compared = try JSONValue(parsing: against.output)["runs"]?.arrayValue?.first
    #expect(compared?["file_chunks"]?.integerValue == 585)
    for outcome in [create, get, verify, against] {
      #expect(outcome.peakBytes > 10_000_000 && outcome.peakBytes < 170_000_000)
    }

    // A recipe gives the same file without stored bytes.
    try place.succeed("create recipe --seed 42 --recipe-only --spec", [spec("gpt2")])
    try place.succeed("get recipe -o recipe.safetensors")
    #expect(
      FileManager.default.contentsEqual(
        atPath: place.folder.path("gpt2.safetensors"), andPath: place.folder.path("recipe.safetensors")))
  }

  @Test(.enabled(if: Python.isAvailable, "needs Python with numpy and safetensors"))
  func `the official safetensors reader opens GPT-2 and finds the values that NumPy computes`() throws {
    let place = try Workplace()
    try place.succeed("create gpt2 --seed 42 --recipe-only --spec", [spec("gpt2")])
    try place.succeed("get gpt2 -o gpt2.safetensors")
    try place.folder.write("show.json", place.succeed("show gpt2 --json").output)
    let check = try Python.run(
      "export",
      [
        "safetensors", "gpt2.safetensors", "show.json", "transformer.wpe.weight",
        "transformer.h.0.ln_1.weight",
        "transformer.h.11.mlp.c_proj.weight", "transformer.h.3.attn.c_attn.bias",
      ], in: place.folder)
    #expect(check.status == 0, "\(check.output)\(check.errors)")
    #expect(check.output.hasPrefix("148 tensors read, 4 computed and equal"))
  }

  @Test func `ResNet-50 has the laws of its spec, and the same id with the shapes of its own checkpoint`() throws {
    let place = try Workplace()
    try place.succeed("create resnet50 --seed 7 --spec", [spec("resnet50")])
    try place.succeed("get resnet50 -o r.safetensors")
    try place.succeed("verify resnet50")
    let show = try place.json("show resnet50")
    let tensors = Dictionary(
      uniqueKeysWithValues: (show["tensors"]?.arrayValue ?? []).map { ($0["name"]?.stringValue ?? "", $0) })
    #expect(tensors.count == 320)
    #expect(tensors["bn1.num_batches_tracked"]?["dtype"]?.stringValue == "int64")
    #expect(tensors["bn1.num_batches_tracked"]?["law"]?.canonical == #"{"law":"constant","value":0}"#)
    #expect(tensors["layer1.0.bn1.running_var"]?["law"]?.canonical == #"{"law":"constant","value":1}"#)
    // √2 ÷ √(64·7·7), and 1/√2048, in binary32 (NumPy), as ECMAScript writes them widened.
    #expect(
      tensors["conv1.weight"]?["law"]?["std"]?.numberValue
        == Double(Float(2.0.squareRoot() / 3136.0.squareRoot())))
    #expect(tensors["fc.weight"]?["law"]?["high"]?.canonical == "0.022097086533904076")
    #expect(tensors["fc.weight"]?["law"]?.canonical == tensors["fc.bias"]?["law"]?.canonical)

    // The same rules over the names, shapes and dtypes of a checkpoint.
    let rules = try String(contentsOfFile: spec("resnet50"), encoding: .utf8).components(
      separatedBy: "\nrules:")[1]
    try place.folder.write("like.yaml", "like: r.safetensors\nrules:" + rules)
    let like = try place.json("create like --seed 7 --spec like.yaml")
    #expect(like["id"]?.stringValue == show["id"]?.stringValue)
  }

  @Test(.enabled(if: Python.isAvailable, "needs Python with numpy, mpmath and safetensors"))
  func `ids, files and values of every law and dtype agree with NumPy and the official writer`() throws {
    let place = try Workplace()
    try place.folder.write("s.yaml", smallSpec)
    try place.succeed("create s --spec s.yaml --seed 18446744073709551615")
    try place.succeed("get s -o s.safetensors")
    try place.succeed("get s --tensor wide --format npy -o wide.npy")
    try place.folder.write("show.json", place.succeed("show s --json").output)
    try place.folder.write("manifest", place.succeed("show s --manifest").output)
    for (arguments, printed) in [
      (["safetensors", "s.safetensors", "show.json"], "8 tensors read, 8 computed and equal"),
      (["npy", "wide.npy", "show.json", "wide"], "wide: float64 (7, 30011) equal"),
      (["id", "show.json", "manifest"], "sha256:"),
    ] {
      let check = try Python.run("export", arguments, in: place.folder)
      #expect(check.status == 0, "\(check.output)\(check.errors)")
      #expect(check.output.hasPrefix(printed))
    }
  }

  @Test(.enabled(if: Python.isAvailable, "needs Python with numpy and mpmath"))
  func `the test vectors are what NumPy, hashlib and mpmath compute`() throws {
    let check = try Python.run("vectors", ["--check"], in: TemporaryFolder())
    #expect(check.status == 0, "\(check.output)\(check.errors)")
  }

  @Test func `tools/quickstart finds the changed byte and leaves no files`() throws {
    let folder = try TemporaryFolder()
    let script = VectorFile.repository.appending(path: "tools/quickstart").path
    let outcome = try ChildProcess(
      script, ["--with", Command.path], in: folder.url.path, environment: ["TMPDIR": folder.url.path]
    ).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("MISMATCH") && outcome.output.contains("exit status 1"))
    #expect(try folder.contents() == [])
  }
}
