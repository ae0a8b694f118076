// stats, gc, strip and materialize.

import Testing
import WinitRegistry
import WinitTestSupport

@Suite struct SpaceTests {
  private let shared =
    "tensors: {a: [300, 1024], b: [300, 1024]}\nrules: [{match: a, init: normal}, {match: b, init: ones}]"

  @Test func `the space report counts stored, shared and deleted bytes, and the size of the file`() throws {
    let fixture = try Fixture()
    _ = try fixture.create("m", shared, seed: 1)
    _ = try fixture.create("m", shared, seed: 2)
    let bytes = 300 * 1024 * 4
    let use = try fixture.registry.space()
    // a twice, b once.
    #expect(
      use.storedBytes == 3 * bytes && use.sharedBytes == bytes && use.reclaimableBytes == 0 && use.deletedBytes == 0)
    #expect(use.runCount == 2 && use.chunkCount == 6)
    try fixture.registry.delete([fixture.registry.run("m:v1")])
    let after = try fixture.registry.space()
    #expect(after.deletedBytes == bytes && after.deletedRunCount == 1 && after.reclaimableBytes == 0)
    #expect(try fixture.folder.bytes("r").count == after.fileBytes)
  }

  @Test(
    "a collection removes what `garbage` announced, after the grace period, and keeps chunks that other runs refer to")
  func collection() throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    let kept = try fixture.create("m", shared, seed: 1)
    let gone = try fixture.create("m", shared, seed: 2)
    try registry.delete([gone])
    #expect(try registry.garbage().runs.isEmpty && registry.garbage().waitingCount == 1)
    #expect(try registry.collectGarbage().runs.isEmpty && registry.restore([gone])[0].deletedAt == nil)
    try registry.delete([gone])
    let planned = try registry.garbage(grace: .zero)
    #expect(
      planned.runs.map(\.reference) == ["m:v2"] && planned.byteCount == 300 * 1024 * 4 && planned.chunkCount == 2)
    let before = try fixture.folder.bytes("r").count
    let done = try registry.collectGarbage(grace: .zero)
    #expect(done.runs.map(\.reference) == ["m:v2"] && done.byteCount == planned.byteCount && done.chunkCount == 2)
    #expect(try fixture.folder.bytes("r").count < before - 1_000_000)
    #expect(try registry.verify(kept).matches && registry.checkIntegrity(full: true).isSound)
    for table in ["runs", "manifests"] { #expect(try fixture.count(table) == 1) }
    #expect(try fixture.count("tensors") == 2)
    #expect(expectError(.runCollected) { try registry.restore([gone]) }?.subject == "m:v2")
  }

  @Test func `a stripped run has no stored bytes and the same bits, and materialize stores them again`() throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    let run = try fixture.create()
    let path = { (name: String) in fixture.folder.path(name) }
    try registry.export(run, to: path("before"))
    let stripped = try registry.strip(run)
    #expect(!stripped.run.isStored && stripped.byteCount == run.byteCount && stripped.run.id == run.id)
    #expect(try fixture.count("chunks") == 0)
    #expect(try registry.strip(stripped.run).byteCount == 0)
    try registry.export(stripped.run, to: path("stripped"))
    let back = try registry.materialize(stripped.run)
    #expect(back.run.isStored && back.byteCount == run.byteCount)
    #expect(try registry.verify(back.run, level: .stored).matches)
    #expect(try registry.materialize(back.run).byteCount == 0)
    try registry.export(back.run, to: path("back"))
    #expect(try fixture.folder.bytes("before") == fixture.folder.bytes("stripped"))
    #expect(try fixture.folder.bytes("before") == fixture.folder.bytes("back"))
  }

  @Test func `strip keeps bytes that the recipe does not give, literals and imported runs`() throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    let run = try fixture.create("m", shared)
    try fixture.tamper(
      "UPDATE tensors SET chunk_digests = zeroblob(64), digest = x'f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b' WHERE name = 'a'"
    )
    expectError(.mismatch) { try registry.strip(run) }
    #expect(try fixture.count("tensor_chunks") == 4)
    let literal = try fixture.create(
      "l",
      "tensors: {w: {shape: [2], init: {scheme: literal, values: [1, 2]}}, n: [2]}\nrules: [{match: n, init: normal}]"
    )
    #expect(try registry.strip(literal).byteCount == 8)
    #expect(try registry.bytes(of: "w", in: registry.run("l")) == [0, 0, 128, 63, 0, 0, 0, 64])
    let imported = try fixture.importRun("c", [("w", [1], [0, 0, 128, 63])])
    expectError(.invalidArgument) { try registry.strip(imported) }
    #expect(try registry.bytes(of: "w", in: imported) == [0, 0, 128, 63])
  }

  @Test func `materialize refuses a recipe that does not give its digests, and stores nothing`() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", shared, recipeOnly: true)
    try fixture.tamper("UPDATE runs SET seed = '43'")
    expectError(.mismatch) { try fixture.registry.materialize(fixture.registry.run(run.reference)) }
    for table in ["chunks", "leases", "lease_chunks", "tensor_chunks"] {
      #expect(try fixture.count(table) == 0)
    }
  }
}
