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
  @Test(
    "of a recipe the literals are kept, once, and verified, whatever is asked",
    arguments: [VerifyMode.everything, .regenerate])
  func kept(mode: VerifyMode) throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", spec, recipeOnly: true)
    #expect(try fixture.count("chunks") == 1)
    let verification = try fixture.registry.verify(run, mode: mode)
    #expect(verification.findings.isEmpty)
    #expect(verification.storedChunks == 2 && verification.regeneratedChunks == 2)
    #expect(try fixture.registry.bytes(of: "again", in: run) == [1, 0, 0, 1, 1, 0])
    #expect(run.parameterCount == 300 * 1024 + 6)
  }

  @Test("a literal's damage is found, nothing of it is given out, and the rest is", arguments: [true, false])
  func damage(recipeOnly: Bool) throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", spec, recipeOnly: recipeOnly)
    try fixture.tamper("UPDATE chunks SET bytes = zeroblob(size) WHERE size = 6")
    let findings = try fixture.registry.verify(run).findings
    #expect(findings.map(\.kind) == [.stored, .stored])
    #expect(Set(findings.compactMap(\.tensor)) == ["mask", "again"])
    #expect(throws: RegistryError.self) { try fixture.registry.export(run, to: fixture.folder.path("all")) }
    #expect(throws: RegistryError.self) { try fixture.registry.bytes(of: "mask", in: run) }
    #expect(try !fixture.folder.contents().contains("all"))
    #expect(try fixture.registry.bytes(of: "w", in: run).count == 4 * 300 * 1024)
  }

  @Test("a run that needs a literal commits only with its bytes there")
  func missing() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", spec, recipeOnly: true)
    try fixture.tamper("DELETE FROM tensor_chunks; DELETE FROM chunks")
    #expect(try fixture.registry.verify(run).findings.map(\.kind) == [.stored, .stored])
    // The same again puts them back for itself.
    let second = try fixture.create("m", spec, recipeOnly: true)
    #expect(second.id == run.id)
    #expect(try fixture.registry.verify(second).findings.isEmpty)
  }
}
