// Manifests in files: export, and import as a run.

import Foundation
import Testing
import WinitCore
import WinitRegistry
import WinitTestSupport

@Suite struct ManifestFileTests {
  /// A model with literals, one of them tied, an orthogonal tensor, and the dtypes and sizes of `smallSpec`.
  private let spec =
    smallSpec.replacing(
      "  empty: [0, 4]",
      with: """
          empty: [0, 4]
          lit: {shape: [3], dtype: int64, init: {scheme: literal, values: [1, 2, 3]}}
          lit.tied: {shape: [3], dtype: int64, init: {scheme: same_as, of: lit}}
          h.1.w: {shape: [300, 1024], init: {scheme: same_as, of: h.0.w}}
          o: {shape: [10, 12], init: orthogonal}
        """)

  /// Returns a registry in another folder, which has no file yet.
  private func other(_ fixture: Fixture) throws -> Registry {
    try Registry(openingOrCreating: fixture.folder.path("other"))
  }

  @Test(arguments: ["<<<<<<< HEAD\n{}", "{", "{}", "[]", ""])
  func `a .json file that is neither a manifest nor an index is an error that says so`(text: String) throws {
    let fixture = try Fixture()
    let path = try fixture.folder.write("m.json", text)
    let error = expectError(.invalidFile) { _ = try ManifestFile(ifAt: path) }
    #expect(error?.message.contains("neither a manifest nor the index") == true)
  }

  private func file(_ path: String) throws -> ManifestFile { try #require(try ManifestFile(ifAt: path)) }

  @Test(arguments: [false, true])
  func `a manifest gives the run back in another registry: its id, its bytes, and its literals`(recipeOnly: Bool) throws
  {
    let fixture = try Fixture()
    let run = try fixture.create("m", spec)
    let path = fixture.folder.path("m.json")
    let receipt = try fixture.registry.exportManifest(run, to: path)
    #expect(receipt.literalsPath == fixture.folder.path("m.literals.safetensors"))
    let other = try other(fixture)
    var options = CreateOptions()
    options.recipeOnly = recipeOnly
    options.note = "from git"
    let copy = try other.importManifest(file(path), as: "copy", options: options).run
    #expect(copy.id == run.id && copy.weights == run.weights && copy.origin == .seeded(42) && copy.note == "from git")
    #expect(copy.isStored == !recipeOnly && copy.reference == "copy:v1")
    #expect(try other.manifest(of: copy) == fixture.registry.manifest(of: run))
    #expect(try other.verify(copy).matches)
    #expect(try other.history(limit: 1).map(\.action) == ["import"])
    for name in ["h.1.w", "lit.tied", "o", "emb"] {
      #expect(try other.bytes(of: name, in: copy) == fixture.registry.bytes(of: name, in: run), "\(name)")
    }
  }

  @Test func `the canonical manifest on one line is imported too, and a second import is the next version`() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", recipeOnly: true)
    let path = try fixture.folder.write("m.json", fixture.registry.manifest(of: run))
    for version in 1...2 {
      let copy = try fixture.registry.importManifest(file(path), as: "copy").run
      #expect(copy.id == run.id && copy.version == version)
    }
  }

  @Test func `the manifest of an imported run is imported as such a run`() throws {
    let fixture = try Fixture()
    let run = try fixture.importRun("c", [("w", [2, 1], Array(0..<8)), ("x", [1], [1, 2, 3, 4])])
    try fixture.registry.exportManifest(run, to: fixture.folder.path("c.json"))
    let copy = try fixture.registry.importManifest(file(fixture.folder.path("c.json")), as: "copy").run
    #expect(copy.id == run.id && copy.origin == .imported)
    #expect(try fixture.registry.verify(copy).matches)
  }

  @Test func `a digest that a recipe does not give is refused by tensor, and no registry is created`() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", spec)
    try fixture.registry.exportManifest(run, to: fixture.folder.path("m.json"))
    let text = try String(contentsOfFile: fixture.folder.path("m.json"), encoding: .utf8)
    let digests = try fixture.registry.tensors(of: run).filter { $0.tiedTo == nil && $0.byteCount > 0 }
    for tensor in digests where ["emb", "lit"].contains(tensor.name) {
      let wrong = String(repeating: "0", count: 64)
      let path = try fixture.folder.write("m.json", text.replacing(tensor.digest.hex, with: wrong))
      let other = try other(fixture)
      let error = expectError(.mismatch) { try other.importManifest(file(path), as: "copy") }
      #expect(error?.message.contains("`\(tensor.name)`") == true)
      #expect(!fixture.folder.exists("other"))
      // Into a registry that exists, nothing is added either.
      let before = try fixture.count("chunks")
      expectError(.mismatch) { try fixture.registry.importManifest(file(path), as: "copy") }
      #expect(try fixture.registry.runCount() == 1 && fixture.count("chunks") == before)
    }
  }

  @Test func `literals that are missing, of another shape or with other bytes are refused`() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", spec)
    try fixture.registry.exportManifest(run, to: fixture.folder.path("m.json"))
    let literals = fixture.folder.path("m.literals.safetensors")
    let file = try file(fixture.folder.path("m.json"))
    func refused(_ code: RegistryError.Code, _ tensors: [SafetensorsFixture]?) throws {
      try FileManager.default.removeItem(atPath: literals)
      if let tensors { try writeSafetensors(literals, tensors, dtype: "I64") }
      let error = expectError(code) { try fixture.registry.importManifest(file, as: "copy") }
      #expect(error?.message.contains("`lit`") == true)
    }
    let bytes: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]
    try refused(.mismatch, [("lit", [3], bytes)])
    try refused(.invalidFile, [("lit", [3, 1], bytes)])
    try refused(.invalidFile, [("tie", [3], bytes)])
    try refused(.fileNotFound, nil)
    #expect(try fixture.registry.runCount() == 1)
  }

  @Test func `a law that does not fit its tensor is refused, and so is a manifest without tensors`() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", tinySpec, recipeOnly: true)
    let text = try fixture.registry.manifest(of: run)
    for change in [
      text.replacing("float32", with: "int32"), text.replacing("\"shape\":[2]", with: "\"shape\":[9007199254740992,4]"),
    ] {
      let path = try fixture.folder.write("m.json", change)
      #expect(throws: RegistryError.self) { try fixture.registry.importManifest(file(path), as: "copy") }
    }
    let empty = try fixture.folder.write(
      "m.json", Manifest(seed: 1, tensors: [Manifest.Tensor]()).canonical)
    expectError(.invalidFile) { try fixture.registry.importManifest(file(empty), as: "copy") }
    #expect(try fixture.registry.runCount() == 1)
  }

  @Test func `an index, and a file that is not .json, are left to the reader of checkpoints`() throws {
    let fixture = try Fixture()
    #expect(try ManifestFile(ifAt: fixture.folder.write("x.json", #"{"weight_map":{}}"#)) == nil)
    #expect(try ManifestFile(ifAt: "x.safetensors") == nil)
    expectError(.fileNotFound) { try ManifestFile(ifAt: fixture.folder.path("none.json")) }
    expectError(.invalidFile) { try ManifestFile(ifAt: fixture.folder.write("x.json", #"{"law_version":1}"#)) }
  }

  @Test func `no file of a manifest replaces another, and both files appear or neither`() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", spec)
    for taken in ["m.json", "m.literals.safetensors"] {
      try fixture.folder.write(taken, "mine")
      expectError(.fileExists) { try fixture.registry.exportManifest(run, to: fixture.folder.path("m.json")) }
      #expect(try fixture.folder.contents().filter { $0.hasPrefix("m.") } == [taken])
      #expect(try fixture.folder.contents().allSatisfy { !$0.hasSuffix(".tmp") })
      try FileManager.default.removeItem(atPath: fixture.folder.path(taken))
    }
    expectError(.invalidArgument) { try fixture.registry.exportManifest(run, to: fixture.folder.path("m.txt")) }
    try fixture.damage("lit")
    expectError(.mismatch) { try fixture.registry.exportManifest(run, to: fixture.folder.path("m.json")) }
    #expect(try fixture.folder.contents().allSatisfy { !$0.hasPrefix("m.") })
  }

  /// Returns a manifest without the digests of some tensors.
  private func recipe(_ manifest: String, without isMissing: (String) -> Bool) -> String {
    let tensors = manifest.split(separator: "\n").map { line in
      let name = line.firstMatch(of: /"name":"([^"]*)","shape"/).map { String($0.1) }
      return name.map(isMissing) == true
        ? String(line).replacing(/"digest":"sha256:[0-9a-f]{64}",/, with: "") : String(line)
    }
    return tensors.joined(separator: "\n")
  }

  @Test(arguments: ["all", "some", "the tied", "their targets"])
  func `a recipe gives the run that its manifest gives, whichever digests it lacks`(lacking: String) throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", spec)
    let path = fixture.folder.path("m.json")
    try fixture.registry.exportManifest(run, to: path)
    let manifest = String(decoding: try fixture.folder.bytes("m.json"), as: UTF8.self)
    let text = recipe(manifest) { name in
      switch lacking {
      case "all": true
      case "some": ["o", "h.0.w", "lit"].contains(name)
      case "the tied": ["lit.tied", "h.1.w"].contains(name)
      default: ["lit", "h.0.w"].contains(name)
      }
    }
    #expect(text.count { $0 == "{" } == manifest.count { $0 == "{" } && text.count < manifest.count)
    try fixture.folder.write("m.json", text)
    let other = try other(fixture)
    for recipeOnly in [true, false] {
      var options = CreateOptions()
      options.recipeOnly = recipeOnly
      let copy = try other.importManifest(file(path), as: "copy", options: options).run
      #expect(copy.id == run.id && copy.weights == run.weights && copy.origin == .seeded(42))
      #expect(try other.verify(copy).matches)
    }
  }

  @Test func `a digest that a recipe has is compared, and one that is not a digest is refused`() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", spec)
    try fixture.registry.exportManifest(run, to: fixture.folder.path("m.json"))
    let manifest = String(decoding: try fixture.folder.bytes("m.json"), as: UTF8.self)
    let other = try other(fixture)
    let only = recipe(manifest) { $0 != "o" }
    let digest = try #require(only.firstMatch(of: /sha256:[0-9a-f]{64}/)).0
    for (wrong, code) in [
      (String(digest.dropLast()) + (digest.hasSuffix("0") ? "1" : "0"), RegistryError.Code.mismatch),
      (String(digest.dropLast()), .invalidFile),
    ] {
      try fixture.folder.write("w.json", only.replacing(digest, with: wrong))
      try fixture.folder.write("w.literals.safetensors", fixture.folder.bytes("m.literals.safetensors"))
      let error = expectError(code) { try other.importManifest(file(fixture.folder.path("w.json")), as: "copy") }
      #expect(error?.message.contains("`o`") == true && !fixture.folder.exists("other"))
    }
    try fixture.folder.write("n.json", manifest.replacing(/"digest":"[^"]*"/, with: "\"digest\":null"))
    expectError(.invalidFile) { _ = try file(fixture.folder.path("n.json")) }
  }

  @Test func `a recipe whose element has no value creates no registry`() throws {
    let fixture = try Fixture()
    let law = #"{"law":"expression","draw":{"half":1,"high":1,"law":"uniform","low":-1,"mid":0},"tree":["log","draw"]}"#
    let path = try fixture.folder.write(
      "m.json",
      #"{"chunk_size":1048576,"law_version":"philox4x32-10/icdf-1","seed":"1","tensors":[{"dtype":"float32","law":\#(law),"name":"w","shape":[64],"stream":"5"}]}"#
    )
    let other = try other(fixture)
    expectError(.invalidSpec) { try other.importManifest(file(path), as: "m") }
    #expect(!fixture.folder.exists("other"))
  }
}
