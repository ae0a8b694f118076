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
