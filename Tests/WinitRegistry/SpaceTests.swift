import Testing
import WinitRegistry
import WinitTestSupport

@Suite struct SpaceTests {
  private let shared =
    "tensors: {a: [300, 1024], b: [300, 1024]}\nrules: [{match: a, init: normal}, {match: b, init: ones}]"

  @Test("stats count what is stored once, what is shared, and what nobody needs")
  func stats() throws {
    let fixture = try Fixture()
    _ = try fixture.create("m", shared, seed: 1)
    _ = try fixture.create("m", shared, seed: 2)
    let bytes = 300 * 1024 * 4
    let use = try fixture.registry.spaceUse()
    // a twice, b once.
    #expect(use.stored == 3 * bytes && use.shared == bytes && use.reclaimable == 0 && use.deleted == 0)
    #expect(use.runs.visible == 2 && use.chunkCount == 6)
    _ = try fixture.registry.delete(fixture.registry.run("m:v1"))
    let after = try fixture.registry.spaceUse()
    #expect(after.deleted == bytes && after.runs.deleted == 1 && after.reclaimable == 0)
    #expect(try fixture.folder.bytes("r").count == after.file)
  }

  @Test("a collection shows before it does, honours the grace period, and leaves what others need")
  func collection() throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    let kept = try fixture.create("m", shared, seed: 1)
    let gone = try registry.delete(fixture.create("m", shared, seed: 2))
    #expect(try registry.collectable().runs.isEmpty && registry.collectable().waiting == 1)
    #expect(try registry.collect().runs.isEmpty && registry.restore(gone).deletedAt == nil)
    _ = try registry.delete(gone)
    let planned = try registry.collectable(grace: .zero)
    #expect(
      planned.runs.map(\.reference) == ["m:v2"] && planned.bytes == 300 * 1024 * 4 && planned.chunkCount == 2)
    let before = try fixture.folder.bytes("r").count
    let done = try registry.collect(grace: .zero)
    #expect(done.runs.map(\.reference) == ["m:v2"] && done.bytes == planned.bytes && done.chunkCount == 2)
    #expect(try fixture.folder.bytes("r").count < before - 1_000_000)
    #expect(try registry.verify(kept).matches && registry.checkIntegrity(full: true).isSound)
    for table in ["runs", "manifests"] { #expect(try fixture.count(table) == 1) }
    #expect(try fixture.count("tensors") == 2)
    #expect(throws: StoreError.self) { try registry.restore(gone) }
  }

  @Test("a stripped run is its recipe, gives the same bits, and comes back whole")
  func strip() throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    let run = try fixture.create()
    let path = { (name: String) in fixture.folder.path(name) }
    _ = try registry.export(run, to: path("before"))
    let stripped = try registry.strip(run)
    #expect(!stripped.run.isStored && stripped.freed == run.byteCount && stripped.run.id == run.id)
    #expect(try fixture.count("chunks") == 0)
    #expect(try registry.strip(stripped.run).freed == 0)
    _ = try registry.export(stripped.run, to: path("stripped"))
    let back = try registry.materialize(stripped.run)
    #expect(back.run.isStored && back.added == run.byteCount)
    #expect(try registry.verify(back.run, mode: .stored).matches)
    #expect(try registry.materialize(back.run).added == 0)
    _ = try registry.export(back.run, to: path("back"))
    #expect(try fixture.folder.bytes("before") == fixture.folder.bytes("stripped"))
    #expect(try fixture.folder.bytes("before") == fixture.folder.bytes("back"))
  }

  @Test("what its recipe does not give is not dropped, and what no recipe gives is kept")
  func notStripped() throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    let run = try fixture.create("m", shared)
    try fixture.tamper(
      "UPDATE tensors SET chunk_digests = zeroblob(64), digest = x'f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b' WHERE name = 'a'"
    )
    #expect(throws: RegistryError.self) { try registry.strip(run) }
    #expect(try fixture.count("tensor_chunks") == 4)
    let literal = try fixture.create(
      "l",
      "tensors: {w: {shape: [2], init: {scheme: literal, values: [1, 2]}}, n: [2]}\nrules: [{match: n, init: normal}]"
    )
    #expect(try registry.strip(literal).freed == 8)
    #expect(try registry.bytes(of: "w", in: registry.run("l")) == [0, 0, 128, 63, 0, 0, 0, 64])
    try writeSafetensors(fixture.folder.path("c"), [("w", [1], [0, 0, 128, 63])])
    let captured = try registry.capture(fixture.folder.path("c"), as: "c").run
    #expect(throws: RegistryError.self) { try registry.strip(captured) }
  }

  @Test("a recipe that does not give its digests is not materialized, and nothing is left")
  func notMaterialized() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", shared, recipeOnly: true)
    try fixture.tamper("UPDATE runs SET seed = '43'")
    #expect(throws: RegistryError.self) {
      try fixture.registry.materialize(fixture.registry.run(run.reference))
    }
    for table in ["chunks", "leases", "lease_chunks", "tensor_chunks"] {
      #expect(try fixture.count(table) == 0)
    }
  }
}
