// identify: the runs of a registry that a checkpoint holds.

import Foundation
import Testing
import WinitRegistry
import WinitTestSupport

@Suite struct IdentifyTests {
  private let spec = """
    tensors: {w: [300, 1024], v: [7, 5], b: [8], c: [8], tied: [7, 5]}
    rules:
      - {match: b, init: zeros}
      - {match: c, init: ones}
      - {match: tied, init: {scheme: same_as, of: v}}
      - {match: "*", init: normal}
    """

  /// Returns the references of the runs that are found in a file, each with the number of tensors; nil for a whole run.
  private func found(_ file: String, _ fixture: Fixture) throws -> [String: Int?] {
    let matches = try fixture.registry.identify(fixture.folder.path(file)).matches
    return Dictionary(uniqueKeysWithValues: matches.map { ($0.run.reference, $0.isWhole ? nil : $0.found.count) })
  }

  @Test func `a file is identified as a whole run, stored or not, and runs with the same weights are all found`() throws
  {
    let fixture = try Fixture()
    let stored = try fixture.create("s", spec, seed: 1)
    _ = try fixture.create("r", spec, seed: 1, recipeOnly: true)
    let other = try fixture.create("s", spec, seed: 2)
    try fixture.registry.export(stored, to: fixture.folder.path("1"))
    try fixture.registry.export(other, to: fixture.folder.path("2"))
    // The two constant tensors are equal in all runs, and identify none.
    #expect(try found("1", fixture) == ["s:v1": nil, "r:v1": nil])
    #expect(try found("2", fixture) == ["s:v2": nil])
    let imported = try fixture.registry.importCheckpoint(fixture.folder.path("1"), as: "c").run
    #expect(try found("1", fixture) == ["s:v1": nil, "r:v1": nil, imported.reference: nil])
    // A deleted run is not found.
    try fixture.registry.delete([stored])
    #expect(try found("1", fixture) == ["r:v1": nil, "c:v1": nil])
  }

  @Test func `of runs with the same tensors, those with the names of the file come first, then the newest`() throws {
    let fixture = try Fixture()
    let bytes: [UInt8] = [0, 0, 128, 63, 0, 0, 0, 64]
    for (run, name) in [("first", "w"), ("second", "w"), ("other", "module.w")] {
      _ = try fixture.importRun(run, [(name, [2], bytes)])
    }
    let path = fixture.folder.path("x.safetensors")
    try writeSafetensors(path, [("w", [2], bytes)])
    #expect(try fixture.registry.identify(path).matches.map(\.run.reference) == ["second:v1", "first:v1", "other:v1"])
  }

  @Test func `a file without tied tensors is a whole run, and a part of a file is a part of the run`() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", spec)
    func write(_ file: String, _ selection: TensorSelection) throws {
      try fixture.registry.export(run, selection, to: fixture.folder.path(file))
    }
    try write("untied", TensorSelection(includesTied: false))
    try write("part", TensorSelection(tensors: ["v", "b"]))
    try write("constants", TensorSelection(tensors: ["b", "c"]))
    try write("slice", TensorSelection(tensors: ["v"], slice: TensorSlice("0:3,:")))
    #expect(try found("untied", fixture) == ["m:v1": nil])
    // `v`, `b`, and `tied`, which has the values of `v`.
    #expect(try found("part", fixture) == ["m:v1": 3])
    #expect(try found("constants", fixture).isEmpty && found("slice", fixture).isEmpty)
  }

  @Test func `tensors are found under other names, and each tensor of the file counts once`() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", spec)
    let bytes = try fixture.registry.bytes(of: "v", in: run)
    let path = fixture.folder.path("renamed")
    try writeSafetensors(path, [("net.v", [7, 5], bytes), ("other", [2], Array(0..<8))])
    let result = try fixture.registry.identify(path)
    let match = try #require(result.matches.first)
    #expect(match.found.map(\.foundAs) == ["net.v", "net.v"] && match.absent == ["w", "b", "c"])
    #expect(result.matches.count == 1 && result.tensorCount == 2 && result.unidentifiedCount == 1)
    // The same bytes with another shape or dtype are another tensor.
    try writeSafetensors(path, [("v", [5, 7], bytes)])
    #expect(try found("renamed", fixture).isEmpty)
    try writeSafetensors(path, [("v", [7, 5], bytes)], dtype: "I32")
    #expect(try found("renamed", fixture).isEmpty)
    // Two equal tensors of a run need two tensors of the file.
    let two = try fixture.importRun("two", [("x", [7, 5], bytes), ("y", [7, 5], bytes)])
    try writeSafetensors(path, [("z", [7, 5], bytes)])
    #expect(try found("renamed", fixture)[two.reference] == 1)
  }

  @Test func `whole runs come first, then runs with more tensors`() throws {
    let fixture = try Fixture()
    let small = try fixture.create("small", "tensors: {v: [7, 5]}\nrules: [{match: v, init: normal}]")
    let large = try fixture.create("large", spec)
    let middle = try fixture.create(
      "middle", "tensors: {v: [7, 5], w: [300, 1024], z: [2]}\nrules: [{match: \"*\", init: normal}]")
    try fixture.registry.export(large, TensorSelection(tensors: ["w", "v", "b"]), to: fixture.folder.path("f"))
    let matches = try fixture.registry.identify(fixture.folder.path("f")).matches
    #expect(matches.map(\.run) == [small, large, middle])
    #expect(matches.map(\.found.count) == [1, 4, 2])
  }
}
