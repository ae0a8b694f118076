// Runs and tensors as values.

import Foundation
import Testing
import WinitCore
import WinitRegistry
import WinitTestSupport

@Suite struct RunTests {
  @Test func `two values of one run are equal, whatever changed in between`() throws {
    let fixture = try Fixture()
    let before = try fixture.create("m", tinySpec)
    var update = RunMetadataUpdate()
    update.tags = [Run.Tag(key: "k", value: "v")]
    let after = try fixture.registry.update(before, update)
    #expect(before.tags.isEmpty && after.tags == [Run.Tag(key: "k", value: "v")])
    #expect(before == after && before.hashValue == after.hashValue)
    _ = try fixture.registry.rename("m", to: "n")
    let renamed = try fixture.registry.run("n")
    #expect(renamed == before && Set([before, after, renamed]).count == 1)
  }

  @Test func `two runs with the same id are different runs`() throws {
    let fixture = try Fixture()
    let (first, second) = (try fixture.create("m", tinySpec), try fixture.create("m", tinySpec))
    #expect(first.id == second.id && first.weights == second.weights && first.uid != second.uid)
    #expect(first != second && Set([first, second]).count == 2)
  }

  @Test func `a run and its copy in another registry are equal`() throws {
    let (here, there) = (try Fixture(), try Fixture())
    let run = try here.create("m", tinySpec)
    try here.registry.exportBundle([run], to: here.folder.path("b"))
    let copy = try #require(try there.registry.importBundle(here.folder.path("b")).runs.first)
    #expect(copy == run && copy.uid == run.uid)
  }

  @Test func `a run has its origin, its sizes without tied tensors, and its time to the second`() throws {
    let fixture = try Fixture()
    let spec =
      "tensors: {w: [3, 5], tied: {shape: [3, 5], init: {scheme: same_as, of: w}}}\nrules: [{match: w, init: normal}]"
    let run = try fixture.create("a/b", spec, seed: .max, recipeOnly: true)
    #expect(run.origin == .seeded(.max) && !run.isStored && run.deletedAt == nil && run.aliases == [])
    #expect(run.name == "a/b" && run.version == 1 && run.reference == "a/b:v1")
    #expect((run.tensorCount, run.parameterCount, run.byteCount) == (2, 15, 120))
    let manifest = try fixture.registry.manifest(of: run)
    #expect(SHA256Digest(of: manifest.utf8).hex == run.id.hex)
    #expect(run.createdAt.timeIntervalSince1970.truncatingRemainder(dividingBy: 1) == 0)
    #expect(abs(run.createdAt.timeIntervalSinceNow) < 600)
    try fixture.tamper("UPDATE runs SET created_at = 'soon'")
    #expect(try fixture.registry.run("a/b").createdAt == .distantPast)
    #expect(try fixture.importRun("c", [("w", [1], [0, 0, 0, 0])]).origin == .imported)
  }

  @Test
  func `a tensor has its name, shape and dtype, the digest of its bytes, and its scheme and law on one line`() throws {
    let fixture = try Fixture()
    let spec = """
      tensors:
        w: {shape: [3, 5], init: {scheme: kaiming_normal, mode: fan_out}}
        auto: {shape: [3, 5], init: {scheme: auto, activation: tanh}}
        tied: {shape: [3, 5], init: {scheme: same_as, of: w}}
        given: {shape: [2], dtype: int8, init: {scheme: literal, values: [1, -1]}}
      """
    let run = try fixture.create("m", spec, recipeOnly: true)
    let tensors = try fixture.registry.tensors(of: run)
    #expect(tensors.map(\.name) == ["w", "auto", "tied", "given"])
    #expect(tensors.map(\.shape) == [[3, 5], [3, 5], [3, 5], [2]] && tensors.map(\.byteCount) == [60, 60, 60, 2])
    #expect(tensors.map(\.dtype) == [.float32, .float32, .float32, .int8])
    #expect(tensors.map(\.tiedTo) == [nil, nil, "w", nil] && tensors.map(\.isStored) == [false, false, false, true])
    for tensor in tensors {
      let bytes = try fixture.registry.bytes(of: tensor.name, in: run)
      #expect(tensor.digest.hex == SHA256Digest(ofChunks: [SHA256Digest(of: bytes)]).hex)
    }
    #expect(tensors[0].scheme == "he_normal(mode fan_out)" && tensors[0].law.hasPrefix("normal(mean 0, std 0.8"))
    #expect(tensors[1].scheme == "auto(activation tanh) → xavier_uniform" && tensors[1].law.hasPrefix("uniform("))
    #expect(tensors[2].law == "same_as(w)" && tensors[3].scheme.hasPrefix("literal"))
  }

  @Test func `a digest is read from 64 hexadecimal digits, with or without its prefix, and from nothing else`() throws {
    typealias Digest = WinitRegistry.Digest
    let hex = String(repeating: "0123456789abcdef", count: 4)
    let digest = try #require(Digest(hex))
    #expect(digest.hex == hex && digest.description == "sha256:\(hex)")
    #expect(Digest("sha256:\(hex)") == digest)
    for text in ["", "sha256:", String(hex.dropLast()), hex + "0", "g" + hex.dropFirst(), "md5:\(hex)"] {
      #expect(Digest(text) == nil, "\(text)")
    }
  }

  @Test func `the dtypes of the interface are those of specs and manifests, with the same names`() throws {
    typealias DType = WinitRegistry.DType
    #expect(DType.allCases.map(\.rawValue) == WinitCore.DType.allCases.map(\.rawValue))
    let fixture = try Fixture()
    for dtype in DType.allCases where WinitCore.DType(rawValue: dtype.rawValue)?.isLiteralOnly == false {
      let run = try fixture.create("m", "tensors: {w: {shape: [1], dtype: \(dtype), init: zeros}}", recipeOnly: true)
      #expect(try fixture.registry.tensors(of: run).map(\.dtype) == [dtype])
    }
  }
}
