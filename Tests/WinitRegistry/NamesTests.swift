import Testing
import WinitRegistry
import WinitTestSupport

private let spec = "tensors: {w: [2]}\nrules: [{match: w, init: normal}]"

private func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return ""
  } catch { return "\(error)" }
}

@Suite struct NamesTests {
  @Test("an alias stands for a run wherever a reference does, moves, and comes off")
  func aliases() throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    let runs = try (1...3).map { try fixture.create("m", spec, seed: $0) }
    #expect(try registry.setAlias("baseline", of: runs[0]) == nil)
    #expect(try registry.run("m:baseline").version == 1)
    #expect(try registry.setAlias("baseline", of: runs[2])?.version == 1)
    #expect(try registry.run("m:baseline").version == 3)
    #expect(try registry.run("m:v3").aliases == ["baseline"] && registry.run("m:v1").aliases.isEmpty)
    #expect(try registry.run("m:latest").version == 3)
    #expect(message { _ = try registry.run("m:baselin") }.contains("did you mean `m:baseline`?"))
    #expect(try registry.removeAlias("baseline", of: "m").version == 3)
    #expect(throws: RegistryError.self) { try registry.run("m:baseline") }
    #expect(throws: RegistryError.self) { try registry.removeAlias("baseline", of: "m") }
  }

  @Test(
    "an alias that could be taken for a version, or is no word, is refused",
    arguments: ["v3", "V3", "3", "v03", "vv3", "latest", "", "a b", "a:b", "a/b", "é", "sha256:ab"])
  func badAlias(alias: String) throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", spec)
    #expect(throws: RegistryError.self) { try fixture.registry.setAlias(alias, of: run) }
  }

  @Test(
    "a rename moves every run with its version and alias, is told to who asks for the old name, and can be undone"
  )
  func rename() throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    let runs = try (1...2).map { try fixture.create("old", spec, seed: $0) }
    _ = try registry.setAlias("best", of: runs[0])
    #expect(try registry.rename("old", to: "new") == 2)
    #expect(try registry.run("new:v1").id == runs[0].id && registry.run("new:best").id == runs[0].id)
    #expect(message { _ = try registry.run("old:v1") }.contains("did you mean `new:v1`?"))
    #expect(try registry.rename("new", to: "old") == 2)
    #expect(try registry.run("old:best").id == runs[0].id)
  }

  @Test(
    "no name ever means two runs: not by a rename, nor by a create after a rename, a deletion or a collection"
  )
  func neverTwice() throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    _ = try fixture.create("a", spec, seed: 1)
    _ = try fixture.create("b", spec, seed: 2)
    #expect(message { _ = try registry.rename("a", to: "b") }.contains("must not come to mean another"))
    _ = try registry.rename("b", to: "c")
    #expect(message { _ = try registry.rename("a", to: "b") }.contains("take a name that was never used"))
    // `b:v1` is `c:v1` now, so the next b is its second.
    #expect(try fixture.create("b", spec, seed: 3).reference == "b:v2")
    let deleted = try fixture.create("a", spec, seed: 4)
    _ = try registry.delete(deleted)
    #expect(try fixture.create("a", spec, seed: 5).reference == "a:v3")
    _ = try registry.delete(registry.run("a:v3"))
    #expect(try registry.collect(grace: .zero).runs.map(\.reference) == ["a:v2", "a:v3"])
    #expect(try fixture.create("a", spec, seed: 6).reference == "a:v4")
    #expect(message { _ = try registry.run("a:v3") }.contains("`gc` took it"))
  }

  @Test(
    "a deleted run is found no more, can be listed and restored, and keeps its parent's and its own facts")
  func deletion() throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    let (first, second) = (try fixture.create("m", spec, seed: 1), try fixture.create("m", spec, seed: 2))
    #expect(try registry.delete(second).deletedAt != nil)
    #expect(try registry.run("m").id == first.id)
    for reference in ["m:v2", "\(second.id)"] {
      #expect(message { _ = try registry.run(reference) }.contains("`restore m:v2` brings it back"))
      #expect(try registry.run(reference, deletedToo: true).uid == second.uid)
    }
    var query = RunQuery()
    #expect(try registry.runs(query).map(\.reference) == ["m:v1"])
    query.deleted = true
    #expect(try registry.runs(query).map(\.reference) == ["m:v2"])
    #expect(try registry.restore(second).deletedAt == nil)
    #expect(try registry.verify(registry.run("m:v2")).matches)
    _ = try registry.setAlias("x", of: first)
    #expect(message { _ = try registry.delete(first) }.contains("has the alias `x`"))
  }

  @Test("several runs are deleted all or none")
  func several() throws {
    let fixture = try Fixture()
    let runs = try (1...3).map { try fixture.create("m", spec, seed: $0) }
    _ = try fixture.registry.setAlias("x", of: runs[1])
    #expect(throws: StoreError.self) { try fixture.registry.delete(runs) }
    #expect(try fixture.registry.runCount() == 3)
    #expect(try fixture.registry.delete([runs[0], runs[2]]).count == 2)
    #expect(try fixture.registry.restore([runs[0], runs[2]]).allSatisfy { $0.deletedAt == nil })
  }

  @Test("a name may hold what an id begins with, and one that was renamed twice is told by its last")
  func oddNames() throws {
    let fixture = try Fixture()
    let run = try fixture.create("mysha256", spec)
    for reference in ["mysha256", "mysha256:v1", "mysha256@\(run.id)"] {
      #expect(try fixture.registry.run(reference).uid == run.uid)
    }
    _ = try fixture.registry.rename("mysha256", to: "b")
    _ = try fixture.registry.rename("b", to: "c")
    #expect(message { _ = try fixture.registry.run("mysha256:v1") }.contains("did you mean `c:v1`?"))
  }

  @Test("what was done is in the history, whoever did it, whatever the run is called now")
  func history() throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    let run = try fixture.create("m", spec)
    _ = try registry.setAlias("x", of: run)
    _ = try registry.rename("m", to: "n")
    _ = try registry.removeAlias("x", of: "n")
    var facts = RunMetadataUpdate()
    facts.note = "why"
    _ = try registry.change(registry.run("n"), facts)
    try registry.record(registry.verify(registry.run("n")))
    _ = try registry.strip(registry.run("n"))
    _ = try registry.materialize(registry.run("n"))
    _ = try registry.delete(registry.run("n"))
    _ = try registry.restore(registry.run("n", deletedToo: true))
    _ = try registry.delete(registry.run("n"))
    _ = try registry.collect(grace: .zero)
    let entries = try registry.history()
    #expect(
      entries.map(\.action).reversed() == [
        "create", "alias", "rename", "unalias", "facts", "verify", "strip", "materialize", "delete",
        "restore",
        "delete", "collect", "free",
      ])
    #expect(try registry.history(of: run).count == 12)
    #expect(entries.allSatisfy { $0.actor["user"]?.stringValue?.isEmpty == false })
    #expect(entries.last?.reference == "m:v1" && entries[1].reference == "n:v1")
    #expect(entries.first { $0.action == "verify" }?.detail["matches"]?.canonical == "true")
  }
}
