// Tensors with given values, which are stored also where the run is recipe-only.

import Foundation
import Testing
import WinitRegistry
import WinitTestSupport

private let spec = """
  tensors:
    w: [300, 1024]
    mask: {shape: [2, 3], dtype: bool, init: {scheme: literal, values: [1, 0, 0, 1, 1, 0]}}
    again: {shape: [2, 3], dtype: bool, init: {scheme: same_as, of: mask}}
  rules:
    - {match: "*", init: {scheme: normal, std: 0.02}}
  """

@Suite struct LiteralTests {
  @Test(arguments: [Verification.Level.everything, .regenerate])
  func `a recipe-only run stores its literals once, and every level of verification reads them`(
    level: Verification.Level
  ) throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", spec, recipeOnly: true)
    #expect(try fixture.count("chunks") == 1)
    let verification = try fixture.registry.verify(run, level: level)
    #expect(verification.findings.isEmpty)
    #expect(verification.storedChunks == 2 && verification.regeneratedChunks == 2)
    #expect(try fixture.registry.bytes(of: "again", in: run) == [1, 0, 0, 1, 1, 0])
    #expect(run.parameterCount == 300 * 1024 + 6)
  }

  @Test(arguments: [true, false])
  func `a damaged literal is found and not returned, and other tensors are`(recipeOnly: Bool) throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", spec, recipeOnly: recipeOnly)
    try fixture.damage("mask")
    let findings = try fixture.registry.verify(run).findings
    #expect(findings.map(\.kind) == [.stored, .stored])
    #expect(Set(findings.compactMap(\.tensor)) == ["mask", "again"])
    expectError(.mismatch) { try fixture.registry.export(run, to: fixture.folder.path("all")) }
    for name in ["mask", "again"] { expectError(.mismatch) { try fixture.registry.bytes(of: name, in: run) } }
    #expect(try !fixture.folder.contents().contains("all"))
    #expect(try fixture.registry.bytes(of: "w", in: run).count == 4 * 300 * 1024)
  }

  @Test func `a recipe-only run keeps the stored norm of a literal, also in a repair`() throws {
    let fixture = try Fixture()
    let run = try fixture.create(
      "m",
      """
      tensors:
        v: {shape: [2, 2], init: {scheme: literal, values: [3, 4, 6, 8]}}
        g: {shape: [2], init: {scheme: norm_of, of: v, axes: [1]}}
        tied: {shape: [2], init: {scheme: same_as, of: g}}
        n: {shape: [1], init: {scheme: norm_of, of: g, axes: [0]}}
      """, recipeOnly: true)
    let report = try fixture.registry.checkIntegrity(repair: true)
    #expect(report.isSound && report.chunks.isEmpty && report.affectedRuns.isEmpty)
    #expect(try fixture.registry.floats(of: "g", in: run) == [5, 10])
    #expect(try fixture.registry.floats(of: "tied", in: run) == [5, 10])
    #expect(try fixture.registry.floats(of: "n", in: run) == [Float(125).squareRoot()])
    #expect(try fixture.registry.verify(run).matches)
  }

  @Test func `a box takes the literal that a capture of the pattern names, whatever the name of the capture`() throws {
    let fixture = try Fixture()
    let like = fixture.folder.path("like.safetensors")
    try writeSafetensors(
      like,
      [
        ("a.0", [2], [10, 10]), ("a.1", [2], [11, 11]), ("h.0.w", [3], [0, 0, 0]), ("h.1.w", [3], [0, 0, 0]),
      ], dtype: "U8")
    for name in ["n", "layer"] {
      let run = try fixture.create(
        "m",
        """
        like: \(like)
        rules:
          - match: "h.{\(name)}.w"
            init: {scheme: parts, base: zeros, parts: [{box: [[0, 2]], init: {scheme: literal, from: like, of: "a.{\(name)}"}}]}
          - {match: "*", init: skip}
        """)
      #expect(try fixture.registry.bytes(of: "h.0.w", in: run) == [10, 10, 0])
      #expect(try fixture.registry.bytes(of: "h.1.w", in: run) == [11, 11, 0])
    }
  }

  @Test func `a create with a literal stores its bytes again where they are missing`() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", spec, recipeOnly: true)
    try fixture.tamper("DELETE FROM tensor_chunks; DELETE FROM chunks")
    #expect(try fixture.registry.verify(run).findings.map(\.kind) == [.stored, .stored])
    // A second run of the same spec stores them for itself.
    let second = try fixture.create("m", spec, recipeOnly: true)
    #expect(second.id == run.id)
    #expect(try fixture.registry.verify(second).findings.isEmpty)
  }
}
