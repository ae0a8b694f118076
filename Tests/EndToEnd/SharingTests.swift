// Files for other programs, and files from them: archives, casts, shards, manifests, and identify.

import Foundation
import Testing
import WinitJSON
import WinitTestSupport

@Suite struct SharingTests {
  private func place() throws -> Workplace {
    let place = try Workplace()
    try place.folder.write(
      "s.yaml",
      smallSpec.replacing(
        "  empty: [0, 4]", with: "  empty: [0, 4]\n  tied: {shape: [300, 1024], init: {scheme: same_as, of: h.0.w}}"))
    try place.succeed("create s --spec s.yaml --seed 11 --recipe-only")
    try place.folder.write("show.json", place.succeed("show s --json").output)
    return place
  }

  @Test(
    .enabled(if: Python.isAvailable, "needs Python with numpy and safetensors"),
    arguments: ["float64", "float32", "float16", "bfloat16"])
  func `a cast has the values that NumPy computes and rounds, and an archive is read by numpy.load`(dtype: String)
    throws
  {
    let place = try place()
    let said = try place.succeed("get s --dtype \(dtype) -o s.safetensors").output
    // `steps` and `mask` have no floating-point dtype.
    #expect(said.contains(" as \(dtype), 2 of them unchanged, "))
    var checks = [["cast", "s.safetensors"]]
    if dtype != "bfloat16" {
      // The extension decides on the format, in any case.
      let file = dtype == "float16" ? "s.NPZ" : "s.npz"
      try place.succeed("get s --dtype \(dtype) -o \(file)")
      checks.append(["npz", file])
    }
    for check in checks {
      let outcome = try Python.run("export", check + ["show.json", dtype], in: place.folder)
      #expect(outcome.status == 0 && outcome.output.hasPrefix("9 "), "\(outcome.output)\(outcome.errors)")
    }
  }

  @Test(arguments: [
    ("5GB", 1), ("5gb", 1), ("2 MB", 3), ("1.9Mb", 3), ("1900kB", 3), ("1900000", 3), ("1TB", 1),
  ])
  func `a size of a shard is a number in powers of ten with letters of any case`(size: String, shards: Int) throws {
    let place = try place()
    try place.succeed("get s --no-tied -o out/ --max-shard-size", [size])
    let files = try FileManager.default.contentsOfDirectory(atPath: place.folder.path("out"))
    #expect(files.filter { $0.hasSuffix(".safetensors") }.count == shards, "\(files)")
    #expect(files.contains("model.safetensors.index.json") == (shards > 1))
    if shards > 1 {
      let index = try JSONValue(parsing: place.folder.bytes("out/model.safetensors.index.json"))
      // 300 · 1024 · 4, 5 · 2, 700 · 700 · 2, 7 · 30011 · 8, 8, 9 and 3 · 4 bytes.
      #expect(index["metadata"]?["total_size"]?.integerValue == 3_889_455)
    }
  }

  @Test(arguments: ["", "GB", "-1GB", "0GB", "5XB", "1e3MB", "0.0001kB", "99999999999999999999TB"])
  func `any other size is a usage error`(size: String) throws {
    let outcome = try place().run("get s -o out/ --max-shard-size", [size])
    #expect(outcome.status == 64 && outcome.errors.contains("5GB"), "\(outcome.errors)")
  }

  @Test func `a manifest of git's line endings and a pretty-printed one give the run back`() throws {
    let place = try place()
    let id = try place.json("show s")["id"]?.stringValue
    try place.succeed("export s --manifest -o s.json")
    let text = try String(contentsOfFile: place.folder.path("s.json"), encoding: .utf8)
    #expect(text.hasSuffix("\n") && text.split(separator: "\n").count == 11)
    try place.folder.write("crlf.json", text.replacing("\n", with: "\r\n"))
    try place.folder.write("pretty.json", JSONValue(parsing: text).pretty)
    for file in ["s.json", "crlf.json", "pretty.json"] {
      #expect(try place.json("import \(file) --as again --registry new")["id"]?.stringValue == id)
      #expect(try place.run("verify again --registry new").status == 0)
    }
    #expect(try place.run("export s s --manifest -o x.json").status == 64)
    #expect(try place.run("export s --manifest -o x.txt").status == 64)
    #expect(try place.run("import s.json").status == 64)
  }

  @Test func `identify exits with 0 if a run is found and with 1 if none is`() throws {
    let place = try place()
    try place.succeed("create s --spec s.yaml --seed 12 --recipe-only")
    try place.succeed("get s:v1 -o 1.safetensors")
    try place.succeed("get s:v2 --tensor emb --tensor mask -o part.safetensors")
    #expect(try place.succeed("identify 1.safetensors").output == "s:v1  whole\n")
    #expect(try place.succeed("identify part.safetensors").output == "s:v2  2 of 9 tensors\n")
    try place.succeed("get s --tensor mask --tensor steps -o constants.safetensors")
    let none = try place.run("identify constants.safetensors --json")
    #expect(try none.status == 1 && JSONValue(parsing: none.output)["matches"]?.arrayValue?.isEmpty == true)
    #expect(try place.run("identify none.safetensors").status == 66)
    #expect(try place.run("identify s.yaml").status == 65)
  }
}
