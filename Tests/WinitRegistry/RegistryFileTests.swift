// The registry file, which the first create or import creates.

import Foundation
import GRDB
import Testing
import WinitCore
import WinitRegistry
import WinitTestSupport

@Suite struct RegistryFileTests {
  @Test func `a registry without a file has no runs, and reading it creates no file`() throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    #expect(registry.path == fixture.folder.path("r"))
    #expect(try registry.runs().isEmpty && registry.runCount() == 0 && registry.history().isEmpty)
    for reference in ["m", "m:v1", "m:best", "sha256:00"] {
      #expect(expectError(.runNotFound) { try registry.run(reference) }?.message.contains(registry.path) == true)
    }
    #expect(try registry.space().storedBytes == 0 && registry.garbage(grace: .zero).chunkCount == 0)
    let report = try registry.checkIntegrity(full: true)
    #expect(report.isSound && report.runCount == 0)
    expectError(.registryNotFound) { try registry.backup(to: fixture.folder.path("backup")) }
    #expect(try fixture.folder.contents() == [])
  }

  @Test func `the first create makes the file, and other values of the registry read it`() throws {
    let fixture = try Fixture()
    let other = try Registry(openingOrCreating: fixture.folder.path("r"))
    #expect(try other.runs().isEmpty)
    let run = try fixture.create("m", tinySpec)
    #expect(fixture.folder.exists("r"))
    #expect(try other.runs() == [run] && fixture.registry.runs() == [run])
    #expect(try Registry(opening: fixture.folder.path("r")).run("m") == run)
    let second = try other.create("m", spec: ModelSpec(parsing: tinySpec), seed: 2).run
    #expect(try fixture.registry.run("m") == second)
  }

  @Test func `a registry that must exist is an error where it does not, and no file is created`() throws {
    let folder = try TemporaryFolder()
    #expect(expectError(.registryNotFound) { try Registry(opening: folder.path("r")) }?.subject == folder.path("r"))
    #expect(try folder.contents() == [])
  }

  @Test func `a registry whose file was replaced since it was read is not changed with what the old file said`() throws
  {
    let fixture = try Fixture()
    _ = try fixture.create("m", tinySpec)
    let other = try Fixture()
    _ = try other.create("other", tinySpec, seed: 2)
    let opened = try Registry(opening: fixture.folder.path("r"))
    let run = try opened.run("m")
    let bytes = try other.folder.bytes("r")
    try fixture.folder.write("new", bytes)
    try #require(rename(fixture.folder.path("new"), fixture.folder.path("r")) == 0)
    // The run of the other file has the same row.
    var change = RunMetadataUpdate()
    change.note = "a note"
    expectError(.io) { try opened.update(run, change) }
    expectError(.io) { try opened.setAlias("a", of: run) }
    #expect(try fixture.folder.bytes("r") == bytes && opened.run("m") == run)
    #expect(try Registry(opening: fixture.folder.path("r")).run("other").note.isEmpty)
  }

  @Test func `a file that is not a registry is refused when it is opened, and not changed`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("r", "a text")
    #expect(expectError(.invalidRegistry) { try Registry(opening: path) }?.subject == path)
    #expect(expectError(.invalidRegistry) { try Registry(openingOrCreating: path) }?.subject == path)
    #expect(try folder.contents() == ["r"] && folder.bytes("r") == Array("a text".utf8))
  }

  @Test func `a registry in a folder that does not exist is refused, and no folder is created`() throws {
    let folder = try TemporaryFolder()
    expectError(.fileNotFound) { try Registry(opening: folder.path("none/r")) }
    expectError(.fileNotFound) { try Registry(openingOrCreating: folder.path("none/r")) }
    #expect(try folder.contents() == [])
  }

  @Test func `an operation waits for a locked file for as long as the registry was opened with`() throws {
    let fixture = try Fixture()
    for seed in 1...2 { _ = try fixture.create("m", tinySpec, seed: UInt64(seed)) }
    let path = fixture.folder.path("r")
    for registry in [
      try Registry(opening: path, lockTimeout: .milliseconds(300)),
      try Registry(openingOrCreating: path, lockTimeout: .milliseconds(300)),
    ] {
      let other = try DatabaseQueue(path: path)
      try other.writeWithoutTransaction { db in
        try db.execute(sql: "BEGIN EXCLUSIVE")
        defer { try? db.execute(sql: "ROLLBACK") }
        let start = ContinuousClock.now
        let error = expectError(.io) { try registry.runs() }
        let took = ContinuousClock.now - start
        #expect(error?.isLocked == true && error?.subject == path)
        #expect(took >= .milliseconds(300) && took < .seconds(20))
      }
    }
    // A lock is no damage of a run: the verification of all runs ends with the error.
    let registry = try Registry(opening: path, lockTimeout: .zero)
    var isLocked = false
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let other = try DatabaseQueue(path: path, configuration: configuration)
    defer { try? other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") } }
    let error = expectError(.io) {
      try registry.verify(.all, level: .stored, sample: nil, resuming: false, threads: 1, progress: nil) { event in
        guard case .started = event, !isLocked else { return }
        isLocked = true
        try other.writeWithoutTransaction { try $0.execute(sql: "BEGIN EXCLUSIVE") }
      }
    }
    #expect(isLocked && error?.isLocked == true)
  }

  @Test func `only a create and an import make the file`() throws {
    let (from, to) = (try Fixture(), try Fixture())
    let run = try from.create("m", tinySpec)
    let registry = to.registry
    expectError(.runNotFound) { try registry.removeAlias("best", of: "m") }
    expectError(.runNotFound) { try registry.rename("m", to: "n") }
    expectError(.runCollected) { try registry.setAlias("best", of: run) }
    expectError(.runCollected) { try registry.update(run, RunMetadataUpdate()) }
    expectError(.runCollected) { try registry.delete([run]) }
    expectError(.runCollected) { try registry.restore([run]) }
    expectError(.runCollected) { try registry.strip(run) }
    expectError(.runCollected) { try registry.materialize(run) }
    #expect(try registry.delete([]).isEmpty && registry.restore([]).isEmpty)
    #expect(try registry.collectGarbage(grace: .zero).byteCount == 0)
    let summary = try registry.verify(.all)
    #expect(summary.matches && summary.results.isEmpty)
    #expect(try to.folder.contents() == [])
  }

  @Test(
    arguments: [
      ("a b", tinySpec, .invalidName),
      ("m", "tensors: {w: [2], v: [2]}\nrules: [{match: w, init: normal}]", .invalidSpec),
      ("m", "tensors: {w: {shape: [2], dtype: int8, init: normal}}", .invalidSpec),
      ("m", "tensors: {w: [4398046511105]}\nrules: [{match: w, init: zeros}]", .tooLarge),
      ("m", "like: none.safetensors\nrules: [{match: '*', init: zeros}]", .fileNotFound),
    ] as [(String, String, RegistryError.Code)])
  func `a create that is refused creates no file`(name: String, spec: String, code: RegistryError.Code) throws {
    let fixture = try Fixture()
    expectError(code) { try fixture.create(name, spec) }
    #expect(try fixture.folder.contents() == [])
  }

  @Test func `a create with an invalid tag, or a parent that does not exist, creates no file`() throws {
    let fixture = try Fixture()
    expectError(.invalidName) { try fixture.create("m", tinySpec) { $0.tags = [Run.Tag(key: "a b", value: "")] } }
    expectError(.runNotFound) {
      let parent = try fixture.registry.run("parent")
      _ = try fixture.create("m", tinySpec) { $0.parent = parent }
    }
    #expect(try fixture.folder.contents() == [])
  }

  @Test func `an import that is refused creates no file`() throws {
    let (from, to) = (try Fixture(), try Fixture())
    _ = try from.create("a", tinySpec, seed: 1)
    _ = try from.create("b", tinySpec, seed: 2)
    try from.tamper("UPDATE runs SET name = 'b b' WHERE name = 'b'; UPDATE names SET name = 'b b' WHERE name = 'b'")
    try from.folder.write("text", "a text")
    let database = try DatabaseQueue(path: from.folder.path("database"))
    try database.write { try $0.execute(sql: "CREATE TABLE runs (id)") }
    try database.close()
    for (bundle, code) in [
      ("none", .fileNotFound), ("text", .invalidRegistry), ("database", .invalidRegistry), ("r", .mismatch),
    ] as [(String, RegistryError.Code)] {
      expectError(code, "\(bundle)") { try to.registry.importBundle(from.folder.path(bundle)) }
    }
    for (checkpoint, name, code) in [
      ("none", "m", .fileNotFound), ("text", "m", .invalidFile), ("good", "a b", .invalidName),
    ] as [(String, String, RegistryError.Code)] {
      try writeSafetensors(from.folder.path("good"), [("w", [1], [0, 0, 0, 0])])
      expectError(code, "\(checkpoint)") {
        try to.registry.importCheckpoint(from.folder.path(checkpoint), as: name)
      }
    }
    #expect(try to.folder.contents() == [])
    // The same registry imports what is valid.
    _ = try to.registry.importCheckpoint(from.folder.path("good"), as: "m")
    #expect(to.folder.exists("r"))
  }
}
