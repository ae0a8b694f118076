// Runs that took the fans of the whole tensor for a box.

import GRDB
import Testing
import WinitJSON
import WinitRegistry
import WinitTestSupport

@Suite struct PartFanTests {
  @Test func `a run of version 0.1 keeps the fans of the whole tensor, verifies, and says so`() throws {
    let folder = try TemporaryFolder()
    let db = try DatabaseQueue(path: folder.path("r"))
    let sql = try VectorFile.text("registry-v0.1-part-fans.sql")
    try db.writeWithoutTransaction { try $0.execute(sql: sql) }
    try db.close()
    let registry = try Registry(opening: folder.path("r"))
    let run = try registry.run("old")
    #expect(
      run.id.description == "sha256:02e217fbd79721112090958f929070b9fcb5a2d5a44c4af8cc77dcfff1c81477")
    let result = try registry.verify(run)
    #expect(result.matches)
    // bias takes the fans of another tensor, and plain has no parts.
    #expect(result.notes.map(\.tensor) == ["fused", "experts"])
    for note in result.notes { #expect(note.message == "fans of the whole tensor, as version 0.1 took them") }
    #expect(result.jsonValue["notes"]?.arrayValue?.count == 2)
  }

  @Test func `a new run takes the fans of the box and verifies without a note`() throws {
    let fixture = try Fixture()
    let run = try fixture.create(
      "m",
      """
      tensors: {w: [12, 4]}
      rules: [{match: w, init: {scheme: parts, base: he_normal, parts: [{box: [[0, 4]], init: xavier_uniform}]}}]
      """)
    let result = try fixture.registry.verify(run)
    #expect(result.matches && result.notes.isEmpty)
    #expect(result.jsonValue["notes"] == nil)
  }
}
