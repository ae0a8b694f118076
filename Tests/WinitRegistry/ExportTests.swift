// get: tensors and slices in files and in memory.

import Foundation
import Testing
import WinitCore
import WinitFiles
import WinitRegistry
import WinitStorage
import WinitTestSupport

@Suite struct ExportTests {
  @Test func `a stored run and a recipe-only run give the same file, with any number of threads`() throws {
    let fixture = try Fixture()
    let stored = try fixture.create()
    let recipe = try fixture.create("n", recipeOnly: true)
    for (i, run) in [stored, recipe, recipe].enumerated() {
      try fixture.registry.export(run, to: fixture.folder.path("\(i).safetensors"), threads: i + 1)
    }
    #expect(try fixture.folder.bytes("0.safetensors") == fixture.folder.bytes("1.safetensors"))
    #expect(try fixture.folder.bytes("0.safetensors") == fixture.folder.bytes("2.safetensors"))
  }

  @Test(arguments: [
    ("h.0.w", "0:10,:"), ("h.0.w", ":,1000:"), ("h.0.w", "250:260,500:600"), ("h.0.w", "-1"),
    ("h.0.w", "5,7"),
    ("h.0.w", "10:10"), ("emb", ":,0"), ("emb", "699:,:"), ("wide", ":,-3:"), ("wide", "4:6,16000:30000"),
    ("h.0.b", "1:4"),
    ("empty", ":,1"), ("steps", ":0"),
  ])
  func `a slice equals the slice of the whole tensor, across chunk boundaries`(name: String, text: String) throws {
    let fixture = try Fixture()
    let run = try fixture.create(recipeOnly: true)
    let tensor = try #require(try fixture.registry.tensors(of: run).first { $0.name == name })
    guard !tensor.shape.isEmpty else {
      let error = expectError(.invalidSlice) {
        try fixture.registry.bytes(of: name, in: run, slice: TensorSlice(text))
      }
      #expect(error?.underlying is SliceError)
      return
    }
    let recipe = tensor.record.recipe
    let whole = try recipe.bytes(0..<recipe.shape.elementCount)
    let size = recipe.dtype.byteCount
    let box = try Box(Slice(parsing: text), of: recipe.shape)
    let expected = box.extents.flatMap { whole[$0.lowerBound * size..<$0.upperBound * size] }
    #expect(expected.count == box.resultShape.byteCount(recipe.dtype))
    #expect(try fixture.registry.bytes(of: name, in: run, slice: TensorSlice(text)) == expected)
  }

  @Test func `a slice that is written as axes equals the slice that is written as text`() throws {
    let slice = TensorSlice([.range(start: -3), .index(-1), .range(stop: 2), .range()])
    #expect(try slice == TensorSlice("-3:,-1,:2,:") && slice.description == "-3:,-1,:2,:")
    #expect(try TensorSlice("[ -3: , -1 ]").description == "-3:,-1")
    for text in ["", "a", "1:2:3", "1.5", "0:1,,"] {
      #expect(expectError(.invalidSlice, "\(text)") { try TensorSlice(text) }?.underlying is SliceError)
    }
  }

  @Test func `a slice reads only the chunks in which it lies`() throws {
    let fixture = try Fixture()
    let run = try fixture.create()
    // Chunk 1 begins at row 256. A read of it reports the damage.
    try fixture.damage("h.0.w", chunk: 1)
    for (rows, damaged) in [("0:256", []), ("256", ["h.0.w"]), ("250:257", ["h.0.w"])]
      as [(String, [String])]
    {
      let selection = TensorSelection(tensors: ["h.0.w"], slice: try TensorSlice(rows))
      let receipt = try fixture.registry.export(
        run, selection, format: .raw, to: fixture.folder.path("out"), replacing: true)
      #expect(receipt.damaged == damaged)
    }
  }

  @Test func `floats are the values of the elements, and only floating-point tensors have them`() throws {
    let fixture = try Fixture()
    let run = try fixture.create()
    #expect(try fixture.registry.floats(of: "h.0.b", in: run) == [0, 0, 0, 0, 0])
    let tensor = try #require(try fixture.registry.tensors(of: run).first { $0.name == "emb" })
    let bits = try tensor.record.recipe.bytes(0..<2)
    let expected = [0, 2].map { Float(bitPattern: UInt32(bits[$0]) << 16 | UInt32(bits[$0 + 1]) << 24) }
    #expect(try fixture.registry.floats(of: "emb", in: run, slice: TensorSlice("0,:2")) == expected)
    expectError(.invalidArgument) { try fixture.registry.floats(of: "steps", in: run) }
  }

  @Test func `a damaged stored chunk is regenerated: the file is right, and the receipt names the tensor`() throws {
    let fixture = try Fixture()
    let run = try fixture.create()
    try fixture.registry.export(run, to: fixture.folder.path("before"))
    try fixture.damage("h.0.w", chunk: 1)
    try fixture.damage("wide")
    let receipt = try fixture.registry.export(run, to: fixture.folder.path("after"))
    #expect(Set(receipt.damaged) == ["h.0.w", "wide"])
    #expect(try fixture.folder.bytes("before") == fixture.folder.bytes("after"))
    // Each tensor has a file of its own in a folder.
    let folder = try fixture.registry.exportFolder(run, format: .raw, to: fixture.folder.path("folder"))
    #expect(Set(folder.damaged) == ["h.0.w", "wide"])
    let expected = try #require(try fixture.registry.tensors(of: run).first { $0.name == "wide" }).record.recipe
    #expect(try fixture.folder.bytes("folder/wide.bin") == expected.bytes(0..<expected.shape.elementCount))
  }

  @Test func `a damaged literal is a mismatch, and nothing is written`() throws {
    let fixture = try Fixture()
    let run = try fixture.create(
      "m",
      """
      tensors: {w: [2], l: {shape: [3], init: {scheme: literal, values: [1, 2, 3]}}}
      rules: [{match: w, init: normal}]
      """
    )
    try fixture.damage("l")
    let path = fixture.folder.path
    expectError(.mismatch) { try fixture.registry.export(run, to: path("out")) }
    expectError(.mismatch) { try fixture.registry.exportFolder(run, format: .raw, to: path("out")) }
    expectError(.mismatch) { try fixture.registry.exportBundle([run], to: path("out")) }
    expectError(.mismatch) { try fixture.registry.bytes(of: "l", in: run) }
    #expect(try fixture.folder.contents().filter { !$0.hasPrefix("r") } == [])
    // The other tensor is intact.
    #expect(try fixture.registry.export(run, TensorSelection(tensors: ["w"]), to: path("out")).damaged == [])
  }

  @Test(arguments: [
    ("UPDATE tensors SET stream = '1' WHERE name = 'h.0.w'", "h.0.w"),
    (
      "UPDATE tensors SET name = CASE name WHEN 'h.0.w' THEN 'x' ELSE 'h.0.w' END WHERE name IN ('h.0.w', 'mask')",
      "h.0.w"
    ),
    ("UPDATE manifests SET json = replace(json, '42', '43')", "mask"), ("UPDATE runs SET seed = '43'", "mask"),
    ("UPDATE tensors SET digest = zeroblob(32) WHERE name = 'emb'", "emb"),
    ("UPDATE manifests SET law_version = 'other'", "mask"),
  ])
  func `a run whose record contradicts its id is a mismatch, and nothing is written`(sql: String, tensor: String) throws
  {
    let fixture = try Fixture()
    _ = try fixture.create()
    try fixture.tamper(sql)
    let run = try fixture.registry.run("m")
    expectError(.mismatch) { try fixture.registry.export(run, to: fixture.folder.path("out")) }
    expectError(.mismatch) { try fixture.registry.bytes(of: tensor, in: run) }
    #expect(try fixture.folder.contents().filter { $0 != "r" && $0 != "r-journal" } == [])
    #expect(try !fixture.registry.verify(run).matches)
  }

  @Test func `a wrong recorded size does not keep a run from being written, and is found`() throws {
    let fixture = try Fixture()
    _ = try fixture.create()
    try fixture.registry.export(fixture.registry.run("m"), to: fixture.folder.path("before"))
    try fixture.tamper("UPDATE runs SET parameter_count = 0, byte_count = 0")
    let run = try fixture.registry.run("m")
    try fixture.registry.export(run, to: fixture.folder.path("after"))
    #expect(try fixture.folder.bytes("before") == fixture.folder.bytes("after"))
    #expect(try fixture.registry.verify(run).findings.map(\.kind) == [.record, .record])
  }

  @Test func `a recipe that does not give its digest is a mismatch, and nothing is written`() throws {
    let fixture = try Fixture()
    let run = try fixture.create(
      "m", "tensors: {w: [4]}\nrules: [{match: w, init: normal}]", recipeOnly: true)
    // A record without contradictions, of bits that the recipe does not give.
    let recipe = try fixture.registry.tensors(of: run)[0].record.recipe
    let chunk = SHA256Digest(of: [1, 2, 3])
    let entry = Manifest.Tensor(
      name: "w", shape: recipe.shape, dtype: .float32, law: recipe.law, stream: recipe.stream,
      digest: SHA256Digest(ofChunks: [chunk]))
    let manifest = Manifest(seed: 42, tensors: [entry])
    try fixture.tamper("UPDATE tensors SET digest = x'\(entry.digest.hex)', chunk_digests = x'\(chunk.hex)'")
    try fixture.tamper(
      "UPDATE manifests SET digest = x'\(manifest.id.hex)', weights = x'\(manifest.weights.hex)', json = '\(manifest.canonical)'"
    )
    let error = expectError(.mismatch) {
      try fixture.registry.export(fixture.registry.run("m"), to: fixture.folder.path("out"))
    }
    #expect(error?.message.contains("tensor `w`") == true)
    #expect(try fixture.folder.contents().filter { $0 != "r" && $0 != "r-journal" } == [])
  }

  @Test func `the registry itself is never replaced`() throws {
    let fixture = try Fixture()
    let run = try fixture.create()
    let error = expectError(.io) { try fixture.registry.export(run, to: fixture.registry.path, replacing: true) }
    #expect((error?.underlying as? FileError)?.code == EPERM)
    #expect(try fixture.registry.verify(run).matches)
  }

  @Test
  func `a selection that the format cannot hold or the run does not have is refused, and nothing is written`() throws {
    let fixture = try Fixture()
    let run = try fixture.create()
    func refuse(_ code: RegistryError.Code, _ selection: TensorSelection, _ format: FileFormat) -> RegistryError? {
      expectError(code) {
        try fixture.registry.export(run, selection, format: format, to: fixture.folder.path("out"))
      }
    }
    _ = refuse(.invalidArgument, TensorSelection(), .npy)
    _ = refuse(.invalidArgument, TensorSelection(), .raw)
    // NumPy does not have bfloat16.
    _ = refuse(.invalidArgument, TensorSelection(tensors: ["emb"]), .npy)
    let similar = refuse(.tensorNotFound, TensorSelection(tensors: ["embb"]), .raw)
    #expect(similar?.subject == nil && similar?.message.contains("`emb`") == true)
    #expect(refuse(.tensorNotFound, TensorSelection(tensors: ["unrelated"]), .raw)?.subject == "m:v1")
    let outside = refuse(.invalidSlice, TensorSelection(tensors: ["h.0.w"], slice: try TensorSlice("300")), .raw)
    #expect(outside?.underlying is SliceError)
    // A scalar has no axis.
    let scalar = refuse(.invalidSlice, TensorSelection(slice: try TensorSlice("0:1")), .safetensors)
    #expect(scalar?.message.contains("`steps`") == true)
    #expect(!fixture.folder.exists("out"))
  }
}
