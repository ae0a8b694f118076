// Bundles, imported checkpoints and backups.

import Foundation
import GRDB
import Testing
import WinitFiles
import WinitJSON
import WinitRegistry
import WinitStorage
import WinitTestSupport

@Suite struct BundleTests {
  #if os(Linux)
    @Test func `importing a registry that this process writes keeps the locks of the process on the file`() throws {
      let (from, to) = (try source(), try Fixture())
      let path = from.folder.path("r")
      let queue = try DatabaseQueue(path: path)
      try queue.inTransaction(.immediate) { _ in
        _ = try to.registry.importBundle(path)
        // SQLite's file format, section on locking: a writer locks the byte after the pending byte at 1 GiB. A lock of
        // an open file description (F_OFD_GETLK) conflicts with the locks of the process that asks.
        let descriptor = open(path, O_RDWR)
        defer { close(descriptor) }
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = 0x4000_0001
        lock.l_len = 1
        #expect(fcntl(descriptor, 36, &lock) == 0 && lock.l_type == Int16(F_WRLCK))
        return .rollback
      }
    }
  #endif

  /// Returns a registry with a stored run with metadata, a recipe-only run and an imported run.
  private func source() throws -> Fixture {
    let fixture = try Fixture()
    let first = try fixture.create(seed: 1) {
      $0.experiment = "e"
      $0.tags = [Run.Tag(key: "k", value: "v")]
      $0.note = "n"
    }
    _ = try fixture.registry.setAlias("best", of: first)
    _ = try fixture.create(seed: 2, recipeOnly: true) {
      $0.experiment = "e"
      $0.tags = [Run.Tag(key: "k", value: "v")]
      $0.note = "n"
      $0.parent = first
    }
    _ = try fixture.importRun("c", [("w", [2, 1], Array(0..<8))])
    return fixture
  }

  @Test func `a bundle of schema 5, which has the tables of the current schema, is imported and not changed`() throws {
    let to = try Fixture()
    let db = try DatabaseQueue(path: to.folder.path("b.winit"))
    try db.writeWithoutTransaction { try $0.execute(sql: VectorFile.text("registry-v5.sql")) }
    try db.close()
    let before = try to.folder.bytes("b.winit")
    let imported = try to.registry.importBundle(to.folder.path("b.winit"))
    // `kept:v1` is deleted.
    #expect(imported.importedRuns.map(\.outcome) == [.added, .added, .added])
    #expect(
      try to.registry.run("m:best").id.description.hasSuffix(
        "605f9a19dea7011517a07a0bb73823e20c74e879822c6aeaa7c597069eede386"))
    for run in try to.registry.runs() { #expect(try to.registry.verify(run).matches) }
    #expect(try to.folder.bytes("b.winit") == before)
  }

  @Test
  func `a bundle moves runs with ids, versions and metadata, without the environment; a second import changes nothing`()
    throws
  {
    let (from, to) = (try source(), try Fixture())
    let path = from.folder.path("b.winit")
    let runs = try from.registry.runs()
    let size = try from.registry.exportBundle(runs, to: path)
    #expect(try size == from.folder.bytes("b.winit").count)
    #expect(try from.folder.contents().allSatisfy { !$0.hasSuffix(".tmp") && $0 != "b.winit-journal" })
    let imported = try to.registry.importBundle(path)
    #expect(imported.importedRuns.map(\.outcome) == [.added, .added, .added])
    for run in runs {
      let there = try to.registry.run(run.reference)
      #expect(there.uid == run.uid && there.id == run.id && there.createdAt == run.createdAt)
      #expect(there.experiment == run.experiment && there.tags == run.tags && there.note == run.note)
      #expect(there.aliases == run.aliases && there.parentUID == run.parentUID && there.isStored == run.isStored)
      #expect(there.origin == run.origin && there.record.host.canonical == "{}")
      #expect(try to.registry.verify(there).matches)
    }
    let before = try (to.count("runs"), to.count("history"), to.count("chunks"))
    #expect(try to.registry.importBundle(path).importedRuns.map(\.outcome) == [.present, .present, .present])
    #expect(try (to.count("runs"), to.count("history"), to.count("chunks")) == before)
    #expect(try to.count("leases") == 0 && to.count("lease_chunks") == 0)
    // A bundle is a registry.
    #expect(try Registry(opening: path).checkIntegrity(full: true).isSound)
  }

  @Test func `a bundle does not name the machine, the user or a folder, unless it includes the environment`() throws {
    let from = try source()
    let run = try from.registry.run("m:v1")
    let words = [
      run.hostname, run.user, run.processor, FileManager.default.currentDirectoryPath, from.folder.url.path,
      "c.checkpoint",
    ].compactMap(\.self).filter { $0.count > 3 }
    #expect(words.count >= 3)
    _ = try from.registry.exportBundle(from.registry.runs(), to: from.folder.path("bare"))
    _ = try from.registry.exportBundle(
      from.registry.runs(), to: from.folder.path("full"), includingEnvironment: true)
    let (bare, full) = (Data(try from.folder.bytes("bare")), Data(try from.folder.bytes("full")))
    for word in words { #expect(bare.range(of: Data(word.utf8)) == nil, "\(word)") }
    #expect(full.range(of: Data((run.processor ?? "").utf8)) != nil)
  }

  @Test
  func `a run whose version is taken gets the next version, and a run that is here deleted stays deleted`() throws {
    let (from, to) = (try source(), try Fixture())
    _ = try to.create("m", tinySpec, seed: 9)
    let path = from.folder.path("b")
    _ = try from.registry.exportBundle([from.registry.run("m:v1")], to: path)
    let imported = try to.registry.importBundle(path)
    #expect(imported.importedRuns.map(\.bundleReference) == ["m:v1"] && imported.runs.map(\.reference) == ["m:v2"])
    // The run came with its alias, and a run with an alias cannot be deleted.
    _ = try to.registry.removeAlias("best", of: "m")
    try to.registry.delete([to.registry.run("m:v2")])
    #expect(try to.registry.importBundle(path).importedRuns.map(\.outcome) == [.deleted])
    #expect(try to.registry.run("m").reference == "m:v1")
  }

  @Test
  func `damaged chunks of a bundle are regenerated or refused, and records that contradict themselves are refused`()
    throws
  {
    for (sql, works) in [
      ("UPDATE chunks SET bytes = zeroblob(size) WHERE size > 100", true),
      ("UPDATE chunks SET bytes = zeroblob(size) WHERE size = 8", false),  // The imported run's, and `steps`.
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
        expectError(.mismatch, "\(sql)") { try to.registry.importBundle(from.folder.path("r")) }
        #expect(!to.folder.exists("r"))
      }
    }
  }

  @Test func `a bundle whose scheme contradicts a law is refused, and a tie that is recorded as another`() throws {
    let spec =
      "tensors: {a: [2], b: [2], c: [2]}\nrules: [{match: b, init: {scheme: same_as, of: a}}, {match: \"*\", init: normal}]"
    for (scheme, tensor) in [
      (#"{"scheme":"zeros","layout":"torch"}"#, "a"), (#"{"scheme":"same_as","of":"c"}"#, "b"),
      (#"{"scheme":"normal","layout":"torch"}"#, "b"), ("[]", "a"),
    ] {
      let (from, to) = (try Fixture(), try Fixture())
      _ = try from.create("m", spec)
      try from.tamper("UPDATE tensors SET scheme = '\(scheme)' WHERE name = '\(tensor)'")
      let error = expectError(.mismatch, "\(scheme)") { try to.registry.importBundle(from.folder.path("r")) }
      #expect(error?.message.contains("`\(tensor)`") == true && !to.folder.exists("r"))
    }
  }

  @Test func `damage that is repaired on the way is reported, by an import and by an export`() throws {
    let (from, to) = (try Fixture(), try Fixture())
    let run = try from.create()
    try from.damage("emb")
    let imported = try to.registry.importBundle(from.folder.path("r")).importedRuns
    #expect(imported.map(\.repaired) == [["emb"]])
    let receipt = try from.registry.writeBundle(
      [run], to: from.folder.path("b"), includingEnvironment: false, replacing: false, threads: nil, progress: nil)
    #expect(receipt.damaged.map(\.tensor) == ["emb"] && receipt.damaged.map(\.reference) == ["m:v1"])
    #expect(try Registry(opening: from.folder.path("b")).checkIntegrity(full: true).isSound)
  }

  @Test func `a bundle that is refused creates no registry, and leaves a registry that exists as it is`() throws {
    let (from, to) = (try Fixture(), try Fixture())
    _ = try from.importRun("c", [("w", [2, 1], Array(0..<8))])
    try from.damage("w")
    expectError(.mismatch) { try to.registry.importBundle(from.folder.path("r")) }
    #expect(!to.folder.exists("r"))
    _ = try to.create("m", tinySpec)
    expectError(.mismatch) { try to.registry.importBundle(from.folder.path("r")) }
    #expect(try to.registry.runCount() == 1 && to.registry.checkIntegrity(full: true).isSound)
  }

  @Test func `a checkpoint with a name that create refuses is refused, and no registry is created`() throws {
    let fixture = try Fixture()
    for name in ["a\\u0000b", ""] {
      let path = fixture.folder.path("c.safetensors")
      try writeSafetensors(path, [(name, [1], [0, 0, 0, 0])])
      expectError(.invalidFile, "\(name)") { try fixture.registry.importCheckpoint(path, as: "c") }
    }
    #expect(!fixture.folder.exists("r"))
  }

  @Test func `an imported run keeps a version that is later than any here`() throws {
    let (from, to) = (try source(), try Fixture())
    _ = try from.registry.exportBundle([from.registry.run("m:v2")], to: from.folder.path("b"))
    #expect(try to.registry.importBundle(from.folder.path("b")).runs.map(\.reference) == ["m:v2"])
    #expect(try to.create("m", tinySpec).reference == "m:v3")
  }

  @Test(arguments: [
    (
      "UPDATE runs SET name = 'ev:il' || char(27) WHERE name = 'c'; UPDATE names SET name = 'ev:il' || char(27) WHERE name = 'c'",
      "name"
    ),
    ("UPDATE runs SET version = 9007199254740991 WHERE name = 'c'", "version"),
    ("UPDATE runs SET created_at = 'now' WHERE name = 'c'", "time of creation"),
    ("UPDATE runs SET created_at = '2026-02-30T10:00:00Z' WHERE name = 'c'", "time of creation"),
    ("UPDATE runs SET uid = 'x' WHERE name = 'c'", "uid"),
    ("UPDATE runs SET parent = 'x' WHERE name = 'c'", "parent"),
    ("UPDATE runs SET host = '[]' WHERE name = 'c'", "environment"),
    ("UPDATE runs SET tool_version = char(27) WHERE name = 'c'", "version of winit-registry"),
    ("UPDATE runs SET git = '{' WHERE name = 'c'", "git checkout"),
    ("UPDATE runs SET note = 'a' || char(0) WHERE name = 'c'", "text: it contains the character U+0000"),
    (
      "UPDATE tensors SET name = 'emb' || char(0) WHERE name = 'emb'",
      "name of a tensor: the name of a tensor cannot contain the character U+0000"
    ),
    (
      "UPDATE runs SET stored = 0 WHERE version = 1 AND name = 'm'",
      "storage: it is recipe-only, and has references to stored bytes of recipes"
    ),
    (
      "UPDATE runs SET origin = 'captured' WHERE version = 2",
      "record of tensor `h.0.w`: its run was imported from a checkpoint, and it has a recipe"
    ),
    (
      "UPDATE tensors SET scheme = '{\"scheme\":\"literal\"}' WHERE name = 'h.0.w'",
      "record of tensor `h.0.w`: its scheme is literal, and its law is not"
    ),
    (
      "UPDATE tensors SET scheme = '{\"scheme\":\"manifest\"}' WHERE name = 'w'",
      "record of tensor `w`: its scheme is manifest, and it is a literal"
    ),
    ("INSERT INTO aliases SELECT 'c', 'latest', id FROM runs WHERE name = 'c'", "alias"),
    ("INSERT INTO tags SELECT id, 'a b', '' FROM runs WHERE name = 'c'", "tag"),
  ])
  func `a bundle with a run that no registry would record is refused with the reason, and nothing is imported`(
    sql: String, what: String
  ) throws {
    let (from, to) = (try source(), try Fixture())
    try from.tamper(sql)
    let error = expectError(.mismatch) { try to.registry.importBundle(from.folder.path("r")) }
    #expect(error?.message.hasSuffix("invalid \(what)") == true, "\(error?.message ?? "")")
    // The other two runs of the bundle are valid.
    #expect(!to.folder.exists("r"))
  }

  @Test(arguments: [
    ("parameter_count", "parameters is 3, and the tensors have 2"),
    ("byte_count", "bytes is 3, and the tensors have 8"),
  ])
  func `a bundle with a run of another size than its tensors is refused, and nothing is imported`(
    column: String, what: String
  ) throws {
    let (from, to) = (try source(), try Fixture())
    try from.tamper("UPDATE runs SET \(column) = 3 WHERE name = 'c'")
    let error = expectError(.mismatch) { try to.registry.importBundle(from.folder.path("r")) }
    #expect(error?.message.contains("the recorded number of \(what)") == true, "\(error?.message ?? "")")
    #expect(!to.folder.exists("r"))
  }

  @Test func `a run with the uid of another run of this registry is refused`() throws {
    let (from, to) = (try source(), try Fixture())
    _ = try to.registry.importBundle(from.folder.path("r"))
    let uid = try from.registry.run("m:v1").uid
    try from.tamper("UPDATE runs SET uid = '\(String(repeating: "0", count: 32))' WHERE uid = '\(uid)'")
    try from.tamper("UPDATE runs SET uid = '\(uid)' WHERE name = 'c'")
    expectError(.mismatch) { try to.registry.importBundle(from.folder.path("r")) }
  }

  @Test(arguments: ["-journal", "-wal"])
  func
    `no file is written where another file's journal would become its journal, and no file of the registry is replaced`(
      ending: String
    ) throws
  {
    let fixture = try source()
    let registry = fixture.registry
    let journal = try fixture.folder.write("b\(ending)", "the journal of a crash")
    let error = expectError(.invalidFile) { try registry.backup(to: fixture.folder.path("b")) }
    #expect(error?.subject == journal && error?.underlying is FormatError)
    expectError(.invalidFile) {
      try registry.exportBundle(registry.runs(), to: fixture.folder.path("b"), replacing: true)
    }
    #expect(try fixture.folder.bytes("b\(ending)") == Array("the journal of a crash".utf8))
    #expect(!fixture.folder.exists("b"))
    let own = fixture.folder.path("r\(ending)")
    expectError(.io) { try registry.backup(to: own, replacing: true) }
    expectError(.io) { try registry.export(registry.run("m"), to: own, replacing: true) }
    try FileManager.default.createSymbolicLink(atPath: fixture.folder.path("link"), withDestinationPath: "r")
    let linked = try Registry(opening: fixture.folder.path("link"))
    for path in ["link", "r"] {
      expectError(.io) { try linked.backup(to: fixture.folder.path(path), replacing: true) }
    }
  }

  @Test func `an import that is stopped keeps complete runs only, and a second import adds the others`() throws {
    let (from, to) = (try source(), try Fixture())
    #expect(throws: Stop.self) {
      try to.registry.importBundle(from.folder.path("r")) { done, _ in if done > 1000 { throw Stop() } }
    }
    #expect(try to.registry.checkIntegrity(full: true).isSound)
    let outcomes = try to.registry.importBundle(from.folder.path("r")).importedRuns.map(\.outcome)
    #expect(outcomes == [.present, .added, .added])
    #expect(try to.registry.runCount() == 3)
  }

  @Test
  func
    `an imported checkpoint has its bytes and an id, has no recipe and no seed, and is exported, verified and compared`()
    throws
  {
    let fixture = try Fixture()
    let registry = fixture.registry
    let bytes = (0..<24).map { UInt8($0) }
    let run = try fixture.importRun("theirs", [("x", [2, 2], Array(bytes[..<16])), ("y", [2], Array(bytes[16...]))])
    #expect(run.origin == .imported && run.isStored && run.reference == "theirs:v1")
    #expect(try registry.bytes(of: "y", in: run) == Array(bytes[16...]))
    #expect(try registry.verify(run).matches)
    #expect(try registry.verify(run, against: fixture.folder.path("theirs.checkpoint")).matches)
    var query = RunQuery()
    query.seed = 0
    #expect(try registry.runCount(query) == 0)
    query = RunQuery()
    query.schemes = ["literal"]
    #expect(try registry.runCount(query) == 1)
    // The digest of the weights equals that of a created run with the same weights.
    let own = try fixture.create("own", "tensors: {w: [3, 5]}\nrules: [{match: w, init: normal}]")
    try registry.export(own, to: fixture.folder.path("own.safetensors"))
    let imported = try registry.importCheckpoint(fixture.folder.path("own.safetensors"), as: "own").run
    #expect(imported.weights == own.weights && imported.id != own.id)
    #expect(try registry.difference(between: own, and: imported).sameWeights)
  }

  @Test func `a backup equals the registry at one moment while other processes write, and has no leases`() throws {
    let fixture = try source()
    _ = try fixture.create("gone", twoChunkSpec, seed: 100)
    try fixture.tamper(
      """
      INSERT INTO leases VALUES (5, '{}', CAST(strftime('%s', 'now') AS INTEGER));
      INSERT INTO lease_chunks VALUES (5, 1)
      """)
    var created = 0
    let size = try fixture.registry.backup(to: fixture.folder.path("copy")) { _, _ in
      // Runs are created and deleted during the backup.
      if created < 3 {
        created += 1
        // Other chunks get the rows of its chunks.
        if created == 1 {
          try fixture.registry.delete([fixture.registry.run("gone")])
          _ = try fixture.registry.collectGarbage(grace: .zero)
        }
        _ = try fixture.create("other", twoChunkSpec, seed: UInt64(created))
        _ = try fixture.registry.collectGarbage(grace: .zero)
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
    let leases = try DatabaseQueue(path: fixture.folder.path("copy")).read {
      try Int.fetchOne($0, sql: "SELECT (SELECT count(*) FROM leases) + (SELECT count(*) FROM lease_chunks)")
    }
    #expect(try leases == 0 && fixture.count("lease_chunks") == 1)
    expectError(.fileExists) { try fixture.registry.backup(to: fixture.folder.path("copy")) }
    let error = expectError(.io) { try fixture.registry.backup(to: fixture.folder.path("r"), replacing: true) }
    #expect((error?.underlying as? FileError)?.code == EPERM)
  }
}
