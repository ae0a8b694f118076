// Names, aliases, deletion and the history.

import Foundation
import Testing
import WinitJSON
import WinitRegistry
import WinitStorage
import WinitTestSupport

@Suite struct NamesTests {
  @Test func `an alias is a reference to its run, moves to another run, and is removed`() throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    let runs = try (1...3).map { try fixture.create("m", tinySpec, seed: $0) }
    #expect(try registry.setAlias("baseline", of: runs[0]) == nil)
    #expect(try registry.setAlias("baseline", of: runs[0]) == nil)
    #expect(try registry.run("m:baseline").version == 1)
    #expect(try registry.setAlias("baseline", of: runs[2])?.version == 1)
    #expect(try registry.run("m:baseline").version == 3)
    #expect(try registry.run("m:v3").aliases == ["baseline"] && registry.run("m:v1").aliases.isEmpty)
    #expect(try registry.run("m:latest").version == 3)
    #expect(expectError(.runNotFound) { try registry.run("m:baselin") }?.message.contains("`m:baseline`") == true)
    #expect(
      expectError(.runNotFound) { try registry.removeAlias("baselin", of: "m") }?.message.contains("`baseline`")
        == true)
    #expect(try registry.removeAlias("baseline", of: "m").version == 3)
    expectError(.runNotFound) { try registry.run("m:baseline") }
    expectError(.runNotFound) { try registry.removeAlias("baseline", of: "m") }
  }

  @Test(arguments: ["v3", "V3", "3", "v03", "vv3", "latest", "", "a b", "a:b", "a/b", "é", "sha256:ab"])
  func `an alias that looks like a version, or is not a word, is refused`(alias: String) throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", tinySpec)
    #expect(expectError(.invalidName) { try fixture.registry.setAlias(alias, of: run) }?.subject == alias)
  }

  static let refusedNames = [
    "sha256", ".", "..", "-x", "--", "/a", "a/", "a//b", "./a", "a/.", "a/../b", "", "a b", "a:b", "a\nb", "é",
    String(repeating: "a", count: 256),
  ]

  @Test(arguments: refusedNames)
  func `a name that looks like an option, an id or a path is refused for every new run`(name: String) throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    let run = try fixture.create("m", tinySpec, seed: 1)
    let other = try fixture.create("n", tinySpec, seed: 2)
    try registry.export(run, to: fixture.folder.path("m.safetensors"))
    let before = try registry.history().count
    #expect(expectError(.invalidName) { try fixture.create(name, tinySpec) }?.subject == name)
    #expect(expectError(.invalidName) { try registry.rename("m", to: name) }?.subject == name)
    #expect(
      expectError(.invalidName) { try registry.graft(run, with: other, taking: ["w"], as: name) }?.subject == name)
    #expect(
      expectError(.invalidName) {
        try registry.importCheckpoint(fixture.folder.path("m.safetensors"), as: name)
      }?.subject == name)
    #expect(expectError(.invalidName) { try registry.setAlias(name, of: run) }?.subject == name)
    #expect(try registry.history().count == before)
  }

  @Test(arguments: ["sha256", ".", "..", "-x", "/a", "a//b", "./a", "a/../b"])
  func `a run of an older version with such a name is found, described, exported, imported and renamed`(
    name: String
  ) throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    let id = try fixture.create("m", tinySpec, seed: 1).id
    _ = try fixture.create("m", tinySpec, seed: 2)
    _ = try registry.setAlias("best", of: registry.run("m:v1"))
    // Version 0.1 accepted the name.
    try fixture.tamper(
      """
      UPDATE runs SET name = '\(name)'; UPDATE aliases SET name = '\(name)'; UPDATE names SET name = '\(name)'
      """)
    #expect(try registry.run("\(name):v1").id == id && registry.run("\(name)@\(id)").name == name)
    #expect(try registry.run(name).version == 2 && registry.run("\(name):latest").version == 2)
    #expect(try registry.verify(registry.run("\(name):v1")).matches)
    let bundle = fixture.folder.path("bundle")
    try registry.exportBundle([registry.run("\(name):v1")], to: bundle)
    let copy = try Registry(openingOrCreating: fixture.folder.path("copy.sqlite"))
    #expect(try copy.importBundle(bundle).runs.map(\.reference) == ["\(name):v1"])
    #expect(try copy.run("\(name):v1").id == id)
    #expect(try registry.rename(name, to: "good") == 2)
    #expect(try registry.run("good:best").id == id)
  }

  @Test
  func `a rename keeps versions and aliases, is suggested to those who use the old name, and can be undone`() throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    let runs = try (1...2).map { try fixture.create("old", tinySpec, seed: $0) }
    _ = try registry.setAlias("best", of: runs[0])
    #expect(try registry.rename("old", to: "new") == 2)
    #expect(try registry.run("new:v1").id == runs[0].id && registry.run("new:best").id == runs[0].id)
    #expect(expectError(.runNotFound) { try registry.run("old:v1") }?.message.contains("`new:v1`") == true)
    #expect(try registry.rename("new", to: "old") == 2)
    #expect(try registry.run("old:best").id == runs[0].id)
  }

  @Test
  func `a reference with a version never means two runs: not after a rename, a deletion or a collection`() throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    _ = try fixture.create("a", tinySpec, seed: 1)
    _ = try fixture.create("b", tinySpec, seed: 2)
    // The name has runs, and later had some.
    #expect(expectError(.conflict) { try registry.rename("a", to: "b") }?.subject == "b")
    _ = try registry.rename("b", to: "c")
    let error = expectError(.conflict) { try registry.rename("a", to: "b") }
    #expect(error?.subject == "b")
    if case .nameTaken("b")? = error?.underlying as? StoreError {} else { Issue.record("\(String(describing: error))") }
    // `b:v1` is `c:v1` now, so the next run of this name has version 2.
    #expect(try fixture.create("b", tinySpec, seed: 3).reference == "b:v2")
    let deleted = try fixture.create("a", tinySpec, seed: 4)
    try registry.delete([deleted])
    #expect(try fixture.create("a", tinySpec, seed: 5).reference == "a:v3")
    try registry.delete([registry.run("a:v3")])
    #expect(try registry.collectGarbage(grace: .zero).runs.map(\.reference) == ["a:v2", "a:v3"])
    #expect(try fixture.create("a", tinySpec, seed: 6).reference == "a:v4")
    #expect(expectError(.runCollected) { try registry.run("a:v3") }?.subject == "a:v3")
  }

  @Test
  func `a deleted run is not found by references, is listed as deleted, and is restored with everything it had`() throws
  {
    let fixture = try Fixture()
    let registry = fixture.registry
    let first = try fixture.create("m", tinySpec, seed: 1)
    let second = try fixture.create("m", tinySpec, seed: 2) { $0.note = "n" }
    #expect(try registry.delete([second]).map { $0.deletedAt != nil } == [true])
    #expect(try registry.delete([second]) == [second])
    #expect(try registry.run("m").id == first.id)
    for reference in ["m:v2", "\(second.id)"] {
      #expect(expectError(.runDeleted) { try registry.run(reference) }?.subject == "m:v2")
      #expect(try registry.run(reference, includingDeleted: true).uid == second.uid)
    }
    var query = RunQuery()
    #expect(try registry.runs(query).map(\.reference) == ["m:v1"])
    query.selectsDeleted = true
    #expect(try registry.runs(query).map(\.reference) == ["m:v2"])
    #expect(try registry.restore([second]).map { $0.deletedAt == nil && $0.note == "n" } == [true])
    #expect(try registry.verify(registry.run("m:v2")).matches)
    _ = try registry.setAlias("x", of: first)
    let error = expectError(.conflict) { try registry.delete([first]) }
    #expect(error?.subject == "m:v1")
    if case .hasAliases("m:v1", ["x"])? = error?.underlying as? StoreError {
    } else {
      Issue.record("\(String(describing: error))")
    }
  }

  @Test func `several runs are deleted and restored all or none`() throws {
    let fixture = try Fixture()
    let runs = try (1...3).map { try fixture.create("m", tinySpec, seed: $0) }
    _ = try fixture.registry.setAlias("x", of: runs[1])
    expectError(.conflict) { try fixture.registry.delete(runs) }
    #expect(try fixture.registry.runCount() == 3)
    #expect(try fixture.registry.delete([runs[0], runs[2]]).count == 2)
    #expect(try fixture.registry.restore([runs[0], runs[2]]).allSatisfy { $0.deletedAt == nil })
    try fixture.registry.delete([runs[0], runs[2]])
    try fixture.tamper("DELETE FROM runs WHERE version = 3")
    expectError(.runCollected) { try fixture.registry.restore([runs[0], runs[2]]) }
    #expect(try fixture.registry.run("m:v1", includingDeleted: true).deletedAt != nil)
  }

  @Test func `a name may contain sha256, and the newest name is suggested for one that was renamed twice`() throws {
    let fixture = try Fixture()
    let run = try fixture.create("mysha256", tinySpec)
    for reference in ["mysha256", "mysha256:v1", "mysha256@\(run.id)"] {
      #expect(try fixture.registry.run(reference).uid == run.uid)
    }
    _ = try fixture.registry.rename("mysha256", to: "b")
    _ = try fixture.registry.rename("b", to: "c")
    let error = expectError(.runNotFound) { try fixture.registry.run("mysha256:v1") }
    #expect(error?.message.contains("`c:v1`") == true)
  }

  @Test
  func `the history has every change and verification with its user, under whatever name the run has now`() throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    let run = try fixture.create("m", tinySpec)
    _ = try registry.setAlias("x", of: run)
    _ = try registry.rename("m", to: "n")
    _ = try registry.removeAlias("x", of: "n")
    var update = RunMetadataUpdate()
    update.note = "why"
    _ = try registry.update(run, update)
    try registry.record(registry.verify(registry.run("n")))
    _ = try registry.strip(registry.run("n"))
    _ = try registry.materialize(registry.run("n"))
    try registry.delete([run])
    try registry.restore([run])
    try registry.delete([run])
    _ = try registry.collectGarbage(grace: .zero)
    let entries = try registry.history()
    try #require(
      entries.map(\.action).reversed() == [
        "create", "alias", "rename", "unalias", "facts", "verify", "strip", "materialize", "delete",
        "restore", "delete", "collect", "free",
      ])
    #expect(try registry.history(of: run).count == 12)
    // The reference of a collected run finds its history.
    #expect(try registry.history(of: "n:v1").map(\.record.number) == registry.history(of: run).map(\.record.number))
    #expect(try registry.history(of: "n:v1", limit: 1).map(\.action) == ["collect"])
    for reference in ["n:v2", "n", "m:v1"] { expectError(.runNotFound) { try registry.history(of: reference) } }
    #expect(try registry.history(limit: 2).map(\.action) == ["free", "collect"])
    #expect(entries.allSatisfy { $0.record.actor["user"]?.stringValue?.isEmpty == false })
    #expect(entries.allSatisfy { abs($0.date.timeIntervalSinceNow) < 600 })
    #expect(entries.last?.reference == "m:v1" && entries[1].reference == "n:v1" && entries[0].reference == nil)
    #expect(entries.first { $0.action == "verify" }?.record.detail["matches"]?.canonical == "true")
  }
}
