import Foundation
import Testing
import WinitRegistry
import WinitTestSupport

@Suite struct ExportTests {
  @Test("stored and recipe-only runs give the same file, with any number of threads")
  func sameFile() throws {
    let fixture = try Fixture()
    let stored = try fixture.create()
    let recipe = try fixture.create("n", recipeOnly: true)
    for (i, run) in [stored, recipe, recipe].enumerated() {
      _ = try fixture.registry.export(run, to: fixture.folder.path("\(i).safetensors"), threads: i + 1)
    }
    #expect(try fixture.folder.bytes("0.safetensors") == fixture.folder.bytes("1.safetensors"))
    #expect(try fixture.folder.bytes("0.safetensors") == fixture.folder.bytes("2.safetensors"))
  }

  @Test(
    "a slice is the slice of the whole, across chunk boundaries",
    arguments: [
      ("h.0.w", "0:10,:"), ("h.0.w", ":,1000:"), ("h.0.w", "250:260,500:600"), ("h.0.w", "-1"),
      ("h.0.w", "5,7"),
      ("h.0.w", "10:10"), ("emb", ":,0"), ("emb", "699:,:"), ("wide", ":,-3:"), ("wide", "4:6,16000:30000"),
      ("h.0.b", "1:4"),
      ("empty", ":,1"), ("steps", ":0"),
    ])
  func slices(name: String, text: String) throws {
    let fixture = try Fixture()
    let run = try fixture.create(recipeOnly: true)
    let tensor = try #require(try fixture.registry.tensors(of: run).first { $0.name.string == name })
    guard tensor.recipe.shape.rank > 0 else {
      #expect(throws: RegistryError.self) {
        try fixture.registry.bytes(of: tensor.name, in: run, slice: Slice(parsing: text))
      }
      return
    }
    let whole = tensor.recipe.bytes(0..<tensor.recipe.shape.elementCount)
    let size = tensor.recipe.dtype.byteCount
    let box = try Box(Slice(parsing: text), of: tensor.recipe.shape)
    let expected = box.extents.flatMap { whole[$0.lowerBound * size..<$0.upperBound * size] }
    #expect(expected.count == box.resultShape.byteCount(tensor.recipe.dtype))
    #expect(try fixture.registry.bytes(of: tensor.name, in: run, slice: Slice(parsing: text)) == expected)
  }

  @Test("a slice touches the chunks it lies in, and no others")
  func touched() throws {
    let fixture = try Fixture()
    let run = try fixture.create()
    // Whoever reads chunk 1, which begins at row 256, notices this.
    try fixture.tamper(
      "UPDATE chunks SET bytes = zeroblob(size) WHERE id = (SELECT chunk FROM tensor_chunks JOIN tensors ON tensors.id = tensor WHERE name = 'h.0.w' AND tensor_chunks.position = 1)"
    )
    for (rows, damaged) in [("0:256", []), ("256", ["h.0.w"]), ("250:257", ["h.0.w"])]
      as [(String, [TensorName])]
    {
      let selection = Selection(tensors: ["h.0.w"], slice: try Slice(parsing: rows))
      let receipt = try fixture.registry.export(
        run, selection, format: .raw, to: fixture.folder.path("out"), replacing: true)
      #expect(receipt.damaged == damaged)
    }
  }

  @Test("floats are the elements' values")
  func floats() throws {
    let fixture = try Fixture()
    let run = try fixture.create()
    #expect(try fixture.registry.floats(of: "h.0.b", in: run) == [0, 0, 0, 0, 0])
    let tensor = try #require(try fixture.registry.tensors(of: run).first { $0.name == "emb" })
    let bits = tensor.recipe.bytes(0..<2)
    let expected = [0, 2].map { Float(bitPattern: UInt32(bits[$0]) << 16 | UInt32(bits[$0 + 1]) << 24) }
    #expect(try fixture.registry.floats(of: "emb", in: run, slice: Slice(parsing: "0,:2")) == expected)
    #expect(throws: RegistryError.self) { try fixture.registry.floats(of: "steps", in: run) }
  }

  @Test("a damaged blob is never given out: what is written has the recorded digest, and the tensor is named")
  func damaged() throws {
    let fixture = try Fixture()
    let run = try fixture.create()
    _ = try fixture.registry.export(run, to: fixture.folder.path("before"))
    try fixture.tamper(
      "UPDATE chunks SET bytes = zeroblob(size) WHERE id = (SELECT chunk FROM tensor_chunks JOIN tensors ON tensors.id = tensor WHERE name = 'h.0.w' AND tensor_chunks.position = 1)"
    )
    let receipt = try fixture.registry.export(run, to: fixture.folder.path("after"))
    #expect(receipt.damaged == ["h.0.w"])
    #expect(try fixture.folder.bytes("before") == fixture.folder.bytes("after"))
  }

  @Test(
    "a record that is not its id's gives out nothing",
    arguments: [
      "UPDATE tensors SET stream = '1' WHERE name = 'h.0.w'",
      "UPDATE tensors SET name = CASE name WHEN 'h.0.w' THEN 'x' ELSE 'h.0.w' END WHERE name IN ('h.0.w', 'mask')",
      "UPDATE manifests SET json = replace(json, '42', '43')", "UPDATE runs SET seed = '43'",
      "UPDATE tensors SET digest = zeroblob(32) WHERE name = 'emb'",
      "UPDATE manifests SET law_version = 'other'",
    ])
  func contradiction(sql: String) throws {
    let fixture = try Fixture()
    _ = try fixture.create()
    try fixture.tamper(sql)
    let run = try fixture.registry.run("m")
    let error = #expect(throws: RegistryError.self) {
      try fixture.registry.export(run, to: fixture.folder.path("out"))
    }
    #expect(error?.description.contains("the record of m:v1 contradicts itself") == true)
    #expect(try fixture.folder.contents().filter { $0 != "r" && $0 != "r-journal" } == [])
    #expect(try !fixture.registry.verify(run).matches)
  }

  @Test("a recipe that does not give its digest is an error, and no file appears")
  func mismatch() throws {
    let fixture = try Fixture()
    let run = try fixture.create(
      "m", "tensors: {w: [4]}\nrules: [{match: w, init: normal}]", recipeOnly: true)
    // A record that agrees with itself, of bits that the recipe does not give.
    let tensor = try fixture.registry.tensors(of: run)[0]
    let chunk = Digest(of: [1, 2, 3])
    let entry = Manifest.Tensor(
      name: "w", shape: tensor.recipe.shape, dtype: .float32, law: tensor.recipe.law,
      stream: tensor.recipe.stream,
      digest: Digest(ofChunks: [chunk]))
    let manifest = Manifest(seed: 42, tensors: [entry])
    try fixture.tamper("UPDATE tensors SET digest = x'\(entry.digest.hex)', chunk_digests = x'\(chunk.hex)'")
    try fixture.tamper(
      "UPDATE manifests SET digest = x'\(manifest.id.hex)', weights = x'\(manifest.weights.hex)', json = '\(manifest.canonical)'"
    )
    let error = #expect(throws: RegistryError.self) {
      try fixture.registry.export(fixture.registry.run("m"), to: fixture.folder.path("out"))
    }
    #expect(
      error?.description.contains("chunk 0 of tensor `w` does not regenerate to its recorded digest") == true)
    #expect(try fixture.folder.contents().filter { $0 != "r" && $0 != "r-journal" } == [])
  }

  @Test("the registry itself is never replaced")
  func itself() throws {
    let fixture = try Fixture()
    let run = try fixture.create()
    #expect(throws: FileError.self) {
      try fixture.registry.export(run, to: fixture.registry.path, replacing: true)
    }
    #expect(try fixture.registry.verify(run).matches)
  }

  @Test("what a format cannot hold, or a run does not have, is refused and leaves no file")
  func refused() throws {
    let fixture = try Fixture()
    let run = try fixture.create()
    func message(_ selection: Selection, _ format: ExportFormat) -> String {
      do {
        _ = try fixture.registry.export(run, selection, format: format, to: fixture.folder.path("out"))
        return ""
      } catch { return "\(error)" }
    }
    #expect(message(Selection(), .npy).contains("npy holds one tensor, and 7 are asked for"))
    #expect(
      message(Selection(tensors: ["emb"]), .npy).contains(
        "`emb` is bfloat16, which NumPy does not have"))
    #expect(
      message(Selection(tensors: ["embb"]), .raw).contains("m:v1 has no tensor `embb`; did you mean `emb`?"))
    #expect(
      message(Selection(tensors: ["h.0.w"], slice: try Slice(parsing: "300")), .raw).contains(
        "index 300 is out of range for axis 0"))
    #expect(
      message(Selection(slice: try Slice(parsing: "0:1")), .safetensors).contains(
        "tensor `steps`: the slice `0:1` is for a rank of at least 1, but the shape is []"))
    #expect(!fixture.folder.exists("out"))
  }
}
