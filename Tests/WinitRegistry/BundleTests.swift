import Foundation
import Testing
import WinitRegistry
import WinitTestSupport

@Suite struct BundleTests {
  /// A registry with a stored run, a recipe and a captured one, and facts.
  private func source() throws -> Fixture {
    let fixture = try Fixture()
    var options = CreateOptions()
    options.experiment = "e"
    options.tags = [Tag(key: "k", value: "v")]
    options.note = "n"
    let run = try fixture.registry.create(
      "m", spec: ModelSpec(parsing: smallSpec, file: "s"), seed: 1, options: options
    ).run
    _ = try fixture.registry.setAlias("best", of: run)
    options.parent = run
    options.recipeOnly = true
    _ = try fixture.registry.create(
      "m", spec: ModelSpec(parsing: smallSpec, file: "s"), seed: 2, options: options)
    try writeSafetensors(fixture.folder.path("c.safetensors"), [("w", [2, 1], Array(0..<8))])
    _ = try fixture.registry.capture(fixture.folder.path("c.safetensors"), as: "c")
    return fixture
  }

  @Test("runs move with their ids, versions and facts, and without the host's; again changes nothing")
  func move() throws {
    let (from, to) = (try source(), try Fixture())
    let path = from.folder.path("b.winit")
    let runs = try from.registry.runs()
    let receipt = try from.registry.exportBundle(runs, to: path)
    #expect(receipt.runs.count == 3)
    #expect(try from.folder.contents().allSatisfy { !$0.hasSuffix(".tmp") && $0 != "b.winit-journal" })
    let imported = try to.registry.importBundle(path)
    #expect(imported.runs.map(\.outcome) == [.added, .added, .added])
    for run in runs {
      let there = try to.registry.run(run.reference)
      #expect(there.uid == run.uid && there.id == run.id && there.createdAt == run.createdAt)
      #expect(there.experiment == run.experiment && there.tags == run.tags && there.note == run.note)
      #expect(there.aliases == run.aliases && there.parent == run.parent && there.isStored == run.isStored)
      #expect(there.isImported == run.isImported && there.host.canonical == "{}")
      #expect(try to.registry.verify(there).matches)
    }
    let before = try (to.count("runs"), to.count("history"), to.count("chunks"))
    #expect(try to.registry.importBundle(path).runs.map(\.outcome) == [.present, .present, .present])
    #expect(try (to.count("runs"), to.count("history"), to.count("chunks")) == before)
    #expect(try to.count("leases") == 0 && to.count("lease_chunks") == 0)
    // A registry is a bundle, and the bundle a registry.
    #expect(try Registry(opening: path).checkIntegrity(full: true).isSound)
  }

  @Test("a bundle holds no word of host, user or folder unless asked")
  func noHostFacts() throws {
    let from = try source()
    let run = try from.registry.run("m:v1")
    let words = [
      run.host["hostname"]?.stringValue, run.host["user"]?.stringValue, run.host["processor"]?.stringValue,
      FileManager.default.currentDirectoryPath, from.folder.url.path, "c.safetensors",
    ].compactMap(\.self).filter { $0.count > 3 }
    #expect(words.count >= 3)
    _ = try from.registry.exportBundle(from.registry.runs(), to: from.folder.path("bare"))
    _ = try from.registry.exportBundle(
      from.registry.runs(), to: from.folder.path("full"), includingFacts: true)
    let (bare, full) = (Data(try from.folder.bytes("bare")), Data(try from.folder.bytes("full")))
    for word in words { #expect(bare.range(of: Data(word.utf8)) == nil, "\(word)") }
    #expect(full.range(of: Data((run.host["processor"]?.stringValue ?? "").utf8)) != nil)
  }

  @Test("a version that is taken becomes the next one; a deleted run is told, not brought back")
  func versions() throws {
    let (from, to) = (try source(), try Fixture())
    _ = try to.create("m", "tensors: {w: [2]}\nrules: [{match: w, init: normal}]", seed: 9)
    let path = from.folder.path("b")
    _ = try from.registry.exportBundle([from.registry.run("m:v1")], to: path)
    let imported = try to.registry.importBundle(path)
    #expect(imported.runs[0].reference == "m:v1" && imported.runs[0].run.reference == "m:v2")
    // Its alias came along, so it has to come off first.
    _ = try to.registry.removeAlias("best", of: "m")
    _ = try to.registry.delete(to.registry.run("m:v2"))
    #expect(try to.registry.importBundle(path).runs.map(\.outcome) == [.deleted])
    #expect(try to.registry.run("m").reference == "m:v1")
  }

  @Test("what is wrong in a bundle does not get in: damaged bytes are made again or refused, records refused")
  func damaged() throws {
    for (sql, works) in [
      ("UPDATE chunks SET bytes = zeroblob(size) WHERE size > 100", true),
      ("UPDATE chunks SET bytes = zeroblob(size) WHERE size = 8", false),  // the captured run's, and steps
      ("UPDATE manifests SET json = replace(json, 'normal', 'normul')", false),
      ("UPDATE tensors SET digest = zeroblob(32) WHERE name = 'emb'", false),
    ] {
      let (from, to) = (try source(), try Fixture())
      try from.tamper(sql)
      if works {
        _ = try to.registry.importBundle(from.folder.path("r"))
        #expect(try to.registry.checkIntegrity(full: true).isSound)
        for run in try to.registry.runs() { #expect(try to.registry.verify(run).matches) }
      } else {
        #expect(throws: RegistryError.self, "\(sql)") { try to.registry.importBundle(from.folder.path("r")) }
        #expect(try to.registry.checkIntegrity(full: true).isSound)
        #expect(try to.count("leases") == 0)
      }
    }
  }

  @Test("a version moves along where it is free, also without those before it")
  func laterVersion() throws {
    let (from, to) = (try source(), try Fixture())
    _ = try from.registry.exportBundle([from.registry.run("m:v2")], to: from.folder.path("b"))
    #expect(try to.registry.importBundle(from.folder.path("b")).runs.map(\.run.reference) == ["m:v2"])
    #expect(try to.create("m", "tensors: {w: [2]}\nrules: [{match: w, init: normal}]").reference == "m:v3")
  }

  @Test(
    "a bundle that says what no registry would say of a run is refused, by what it says",
    arguments: [
      (
        "UPDATE runs SET name = 'ev:il' || char(27) WHERE name = 'c'; UPDATE names SET name = 'ev:il' || char(27) WHERE name = 'c'",
        "its name"
      ),
      ("UPDATE runs SET version = 9007199254740991 WHERE name = 'c'", "its version"),
      ("UPDATE runs SET created_at = 'now' WHERE name = 'c'", "its time"),
      ("UPDATE runs SET uid = 'x' WHERE name = 'c'", "its uid"),
      ("INSERT INTO aliases SELECT 'c', 'latest', id FROM runs WHERE name = 'c'", "an alias"),
      ("INSERT INTO tags SELECT id, 'a b', '' FROM runs WHERE name = 'c'", "a tag"),
    ])
  func strange(sql: String, what: String) throws {
    let (from, to) = (try source(), try Fixture())
    try from.tamper(sql)
    let error = #expect(throws: RegistryError.self) { try to.registry.importBundle(from.folder.path("r")) }
    #expect(error?.description.contains("cannot be imported: \(what) is not one of a registry's") == true)
    #expect(try to.registry.checkIntegrity(full: true).isSound)
  }

  @Test("a run that says it is one of here, and is not, is refused")
  func impostor() throws {
    let (from, to) = (try source(), try Fixture())
    _ = try to.registry.importBundle(from.folder.path("r"))
    let uid = try from.registry.run("m:v1").uid
    try from.tamper("UPDATE runs SET uid = '\(String(repeating: "0", count: 32))' WHERE uid = '\(uid)'")
    try from.tamper("UPDATE runs SET uid = '\(uid)' WHERE name = 'c'")
    #expect(throws: RegistryError.self) { try to.registry.importBundle(from.folder.path("r")) }
  }

  @Test(
    "no journal of another file is taken for a new one's, and no registry's own is replaced",
    arguments: ["-journal", "-wal"])
  func journals(ending: String) throws {
    let fixture = try source()
    let registry = fixture.registry
    try fixture.folder.write("b\(ending)", "what a crash left")
    #expect(throws: FormatError.self) { try registry.backup(to: fixture.folder.path("b")) }
    #expect(throws: FormatError.self) {
      try registry.exportBundle(registry.runs(), to: fixture.folder.path("b"), replacing: true)
    }
    #expect(try fixture.folder.bytes("b\(ending)") == Array("what a crash left".utf8))
    #expect(!fixture.folder.exists("b"))
    let own = fixture.folder.path("r\(ending)")
    #expect(throws: FileError.self) { try registry.backup(to: own, replacing: true) }
    #expect(throws: FileError.self) { try registry.export(registry.run("m"), to: own, replacing: true) }
    try FileManager.default.createSymbolicLink(atPath: fixture.folder.path("link"), withDestinationPath: "r")
    let linked = try Registry(opening: fixture.folder.path("link"))
    for path in ["link", "r"] {
      #expect(throws: FileError.self) { try linked.backup(to: fixture.folder.path(path), replacing: true) }
    }
  }

  @Test("an import that is stopped leaves whole runs only, and goes on when it is called again")
  func stopped() throws {
    struct Stop: Error {}
    let (from, to) = (try source(), try Fixture())
    #expect(throws: Stop.self) {
      try to.registry.importBundle(from.folder.path("r")) { done, _ in if done > 1000 { throw Stop() } }
    }
    #expect(try to.registry.checkIntegrity(full: true).isSound)
    #expect(try to.registry.importBundle(from.folder.path("r")).runs.count == 3)
    #expect(try to.registry.runCount() == 3)
  }

  @Test(
    "a captured checkpoint has its bytes, an id, no recipe and no seed, and is got, verified and compared")
  func capture() throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    let bytes = (0..<24).map { UInt8($0) }
    try writeSafetensors(
      fixture.folder.path("a.safetensors"),
      [("x", [2, 2], Array(bytes[..<16])), ("y", [2], Array(bytes[16...]))])
    let run = try registry.capture(fixture.folder.path("a.safetensors"), as: "theirs").run
    #expect(run.isImported && run.isStored && run.reference == "theirs:v1")
    #expect(try registry.bytes(of: "y", in: run) == Array(bytes[16...]))
    #expect(try registry.verify(run).matches)
    #expect(try registry.verify(run, against: fixture.folder.path("a.safetensors")).matches)
    var query = RunQuery()
    query.seed = 0
    #expect(try registry.runCount(query) == 0)
    query = RunQuery()
    query.schemes = ["literal"]
    #expect(try registry.runCount(query) == 1)
    try writeSafetensors(fixture.folder.path("f8"), [("x", [2], [1, 2])], dtype: "F8_E4M3")
    let error = #expect(throws: FormatError.self) {
      try registry.capture(fixture.folder.path("f8"), as: "f8")
    }
    #expect(error?.description.contains("tensor `x` has dtype F8_E4M3") == true)
    // The weights' digest says that they are the same as a run's with a recipe.
    let own = try fixture.create("own", "tensors: {w: [3, 5]}\nrules: [{match: w, init: normal}]")
    _ = try registry.export(own, to: fixture.folder.path("own.safetensors"))
    let taken = try registry.capture(fixture.folder.path("own.safetensors"), as: "own").run
    #expect(taken.weights == own.weights && taken.id != own.id)
    #expect(try registry.difference(between: own, and: taken).sameWeights)
  }

  @Test("a backup is the registry, while others write; leases stay behind")
  func backup() throws {
    let fixture = try source()
    let spec = "tensors: {w: [300, 1024]}\nrules: [{match: w, init: normal}]"
    _ = try fixture.create("gone", spec, seed: 100)
    var created = 0
    let size = try fixture.registry.backup(to: fixture.folder.path("copy")) { _, _ in
      // Somebody writes and deletes in the middle of it.
      if created < 3 {
        created += 1
        // The rows of its chunks are given to others.
        if created == 1 {
          _ = try fixture.registry.delete(fixture.registry.run("gone"))
          _ = try fixture.registry.collect(grace: .zero)
        }
        _ = try fixture.create(
          "other", "tensors: {w: [300, 1024]}\nrules: [{match: w, init: normal}]", seed: UInt64(created))
        _ = try fixture.registry.collect(grace: .zero)
      }
    }
    #expect(created > 0)
    #expect(try fixture.folder.bytes("copy").count == size)
    let copy = try Registry(opening: fixture.folder.path("copy"))
    #expect(try copy.checkIntegrity(full: true).isSound)
    let (here, there) = (try fixture.registry.runs(), try copy.runs())
    #expect(here.map(\.uid) == there.map(\.uid) && here.map(\.aliases) == there.map(\.aliases))
    #expect(try copy.history().map(\.action) == fixture.registry.history().map(\.action))
    for run in there { #expect(try copy.verify(run).matches) }
    #expect(throws: FileError.self) { try fixture.registry.backup(to: fixture.folder.path("copy")) }
    #expect(throws: FileError.self) {
      try fixture.registry.backup(to: fixture.folder.path("r"), replacing: true)
    }
  }
}
