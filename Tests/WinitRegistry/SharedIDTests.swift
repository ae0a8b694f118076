// References by an id that several runs share.

import Testing
import WinitRegistry
import WinitTestSupport

@Suite struct SharedIDTests {
  /// Three runs of one id, `a:v1`, `a:v2` and `b:v1`, and `c:v1` of another.
  private func fixture() throws -> (fixture: Fixture, id: String, other: Run) {
    let fixture = try Fixture()
    let id = try fixture.create("a", tinySpec).id.description
    for name in ["a", "b"] { #expect(try fixture.create(name, tinySpec).id.description == id) }
    return (fixture, id, try fixture.create("c", tinySpec, seed: 7))
  }

  @Test func `a change by an id of several runs is refused with the list of these runs, and reading takes the newest`()
    throws
  {
    let (fixture, id, other) = try fixture()
    let registry = fixture.registry
    for reference in [id, String(id.prefix(20)), id.uppercased().replacing("SHA256", with: "sha256")] {
      let error = expectError(.ambiguousID) { try registry.run(toChange: reference) }
      for run in ["a:v1", "a:v2", "b:v1"] { #expect(error?.message.contains(run) == true) }
      #expect(error?.message.contains("c:v1") == false && error?.exitStatus == 64)
      #expect(try registry.run(reference).reference == "b:v1")
      expectError(.ambiguousID) { try registry.runs(toChange: ["c", reference]) }
    }
    let named = expectError(.ambiguousID) { try registry.run(toChange: "a@\(id)") }
    #expect(named?.message.contains("b:v1") == false)
    #expect(try registry.run(toChange: "b@\(id)").reference == "b:v1")
    #expect(try registry.run(toChange: other.id.description) == other)
    #expect(try registry.run(toChange: "a").reference == "a:v2")
    expectError(.runNotFound) { try registry.run(toChange: "sha256:\(String(repeating: "0", count: 64))") }
  }

  @Test func `deleted runs do not make an id ambiguous, and restoring means the deleted run`() throws {
    let (fixture, id, _) = try fixture()
    let registry = fixture.registry
    try registry.delete([registry.run("a:v1"), registry.run("a:v2")])
    #expect(try registry.run(toChange: id).reference == "b:v1")
    let error = expectError(.ambiguousID) { try registry.run(toChange: id, restoring: true) }
    #expect(error?.message.contains("a:v1") == true && error?.message.contains("b:v1") == false)
    try registry.restore([registry.run(toChange: "a:v1", restoring: true)])
    #expect(try registry.run(toChange: id, restoring: true).reference == "a:v2")
    try registry.restore([registry.run(toChange: id, restoring: true)])
    // Nothing is deleted: the newest run, which `restore` says was not deleted.
    #expect(try registry.run(toChange: id, restoring: true).reference == "b:v1")
    try registry.delete(registry.runs())
    expectError(.runDeleted) { try registry.run(toChange: id) }
  }
}
