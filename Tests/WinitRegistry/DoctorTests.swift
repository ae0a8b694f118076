import GRDB
import Testing
import WinitRegistry
import WinitTestSupport

@Suite struct DoctorTests {
  private let spec = "tensors: {w: [600, 1024], v: [300, 1024]}\nrules: [{match: '*', init: normal}]"

  @Test("a sound file is sound, and what a killed create left is no damage")
  func sound() throws {
    let fixture = try Fixture()
    _ = try fixture.create()
    try fixture.tamper(
      "INSERT INTO chunks (digest, size, bytes) VALUES (x'9f64a747e1b97f131fabb6b447296c9b6f0201e79fb3c5356e6c77e89b6a806a', 4, x'01020304')"
    )
    let report = try fixture.registry.checkIntegrity(full: true)
    #expect(
      report.isSound && report.orphanedBytes == 4 && report.hashedChunks == 9 && report.runCount == 1)
    #expect(try fixture.registry.checkIntegrity().hashedChunks == 0)
  }

  @Test(
    "damage is found, told by run, tensor and bytes, and made good from the recipe",
    arguments: [
      ("UPDATE chunks SET bytes = zeroblob(size) WHERE id = 2", "differs", true),
      ("UPDATE chunks SET bytes = x'00', size = 1 WHERE id = 2", "differs", true),
      ("DELETE FROM chunks WHERE id = 2", "missing", false),
      ("DELETE FROM tensor_chunks WHERE chunk = 2", "missing", false),
      ("UPDATE tensor_chunks SET chunk = 1 WHERE chunk = 2", "missing", false),
    ])
  func damage(sql: String, problem: String, needsFull: Bool) throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", spec)
    try fixture.tamper(sql)
    #expect(try fixture.registry.checkIntegrity().isSound == needsFull)
    let report = try fixture.registry.checkIntegrity(full: true)
    #expect(!report.isSound && report.affected == ["m:v1"])
    let chunk = try #require(report.chunks.first)
    #expect(report.chunks.count == 1 && chunk.problem.rawValue == problem)
    #expect(chunk.places.map(\.tensor) == ["w"] && chunk.places.map(\.bytes) == [1_048_576..<2_097_152])
    let repaired = try fixture.registry.checkIntegrity(repair: true)
    #expect(repaired.isSound && repaired.chunks.map(\.isRepaired) == [true] && !repaired.isRebuilt)
    #expect(try fixture.registry.checkIntegrity(full: true).chunks.isEmpty)
    #expect(try fixture.registry.verify(run).matches)
    #expect(try fixture.registry.history().first?.action == "repair")
  }

  @Test("a chunk is made again from any recipe that gives it, another run's too")
  func otherRecipe() throws {
    let fixture = try Fixture()
    let own = try fixture.create("m", "tensors: {w: [300, 1024]}\nrules: [{match: w, init: normal}]")
    _ = try fixture.registry.export(own, to: fixture.folder.path("c"))
    let captured = try fixture.registry.capture(fixture.folder.path("c"), as: "c").run
    _ = try fixture.registry.strip(own)
    try fixture.tamper("UPDATE chunks SET bytes = zeroblob(size)")
    let report = try fixture.registry.checkIntegrity(full: true)
    #expect(report.affected == ["c:v1"] && report.chunks.count == 2)
    #expect(try fixture.registry.checkIntegrity(repair: true).isSound)
    #expect(try fixture.registry.verify(captured).matches)
  }

  @Test("what no recipe gives stays damaged, and is told")
  func beyondRepair() throws {
    let fixture = try Fixture()
    try writeSafetensors(fixture.folder.path("c"), [("w", [2], Array(0..<8))])
    _ = try fixture.registry.capture(fixture.folder.path("c"), as: "c")
    try fixture.tamper("UPDATE chunks SET bytes = zeroblob(size)")
    let report = try fixture.registry.checkIntegrity(repair: true)
    #expect(!report.isSound && report.chunks.map(\.isRepaired) == [false])
    #expect(report.affected == ["c:v1"])
  }

  @Test(
    "a file whose structure is damaged is written anew, with everything in it", arguments: [0.2, 0.5, 0.8])
  func structure(place: Double) throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", spec)
    let page = 16384
    let middle = Int(Double(try fixture.folder.bytes("r").count / page) * place)
    try overwrite(fixture.folder.path("r"), at: middle * page, with: [UInt8](repeating: 0xA5, count: page))
    let registry = try Registry(opening: fixture.folder.path("r"))
    let report = try registry.checkIntegrity()
    #expect(!report.structure.isEmpty && report.affected == ["m:v1"])
    let repaired = try registry.checkIntegrity(repair: true)
    #expect(repaired.isSound && repaired.isRebuilt)
    #expect(try registry.verify(run).matches && registry.history().map(\.action) == ["repair", "create"])
    // Others find it as it is now.
    #expect(try Registry(opening: fixture.folder.path("r")).checkIntegrity(full: true).isSound)
    #expect(try fixture.folder.contents().allSatisfy { !$0.contains("rebuild") })
  }

  @Test("a damaged index, and a table that follows from others, cost nothing: what no recipe gives neither")
  func indices() throws {
    let original = try Fixture()
    _ = try original.create("m", spec)
    try writeSafetensors(original.folder.path("c"), [("w", [2], Array(0..<8))])
    let captured = try original.registry.capture(original.folder.path("c"), as: "c").run
    _ = try original.registry.setAlias("a", of: captured)
    let file = try original.folder.bytes("r")
    let roots = try DatabaseQueue(path: original.folder.path("r")).read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT name, rootpage FROM sqlite_schema
          WHERE type = 'index' AND rootpage > 0 OR name IN ('tensor_chunks', 'run_terms', 'chunks', 'verification_passes')
          """)
    }
    #expect(roots.count > 15)
    for root in roots {
      let name: String = root["name"]
      let folder = try TemporaryFolder()
      try folder.write("r", file)
      try overwrite(
        folder.path("r"), at: ((root["rootpage"] as Int) - 1) * 16384,
        with: [UInt8](repeating: 0xFF, count: 64))
      // Of the table of all chunks, only what recipes give comes back.
      if name == "chunks" { continue }
      let registry = try Registry(opening: folder.path("r"))
      #expect(try !registry.checkIntegrity().isSound, "\(name)")
      let repaired = try registry.checkIntegrity(repair: true)
      #expect(repaired.isSound && repaired.isRebuilt, "\(name)")
      #expect(
        try registry.run("c:a").uid == captured.uid && registry.bytes(of: "w", in: captured) == Array(0..<8))
      #expect(try registry.verify(registry.run("m")).matches, "\(name)")
    }
  }

  @Test("of what no recipe gives, a rebuild loses the one chunk that cannot be read, and none beside it")
  func neighbours() throws {
    let fixture = try Fixture()
    let bytes = (0..<3).map { tensor in
      (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 >> 8 &+ tensor * 17) }
    }
    try writeSafetensors(
      fixture.folder.path("c"), bytes.enumerated().map { ("t\($0)", [1 << 18], $1) })
    let captured = try fixture.registry.capture(fixture.folder.path("c"), as: "c").run
    // A page in the middle of one of the three.
    let page = 16384
    let middle = try fixture.folder.bytes("r").count / page / 2
    try overwrite(fixture.folder.path("r"), at: middle * page, with: [UInt8](repeating: 0xA5, count: page))
    let report = try Registry(opening: fixture.folder.path("r")).checkIntegrity(repair: true)
    #expect(!report.isSound && report.isRebuilt && report.affected == ["c:v1"])
    let registry = try Registry(opening: fixture.folder.path("r"))
    let whole = (0..<3).filter { (try? registry.bytes(of: TensorName("t\($0)"), in: captured)) == bytes[$0] }
    #expect(whole.count == 2)
  }

  @Test("a damaged structure and other bytes elsewhere are made good at once")
  func both() throws {
    let fixture = try Fixture()
    _ = try fixture.create("m", spec)
    try fixture.tamper("UPDATE chunks SET bytes = zeroblob(size) WHERE id = 1")
    let root = try DatabaseQueue(path: fixture.folder.path("r")).read {
      try Int.fetchOne($0, sql: "SELECT rootpage FROM sqlite_schema WHERE name = 'runs_by_seed'")
    }
    try overwrite(
      fixture.folder.path("r"), at: (try #require(root) - 1) * 16384,
      with: [UInt8](repeating: 0xFF, count: 64))
    #expect(try Registry(opening: fixture.folder.path("r")).checkIntegrity(repair: true).isSound)
  }

  @Test(
    "rows that contradict others are told and set right",
    arguments: [
      "INSERT INTO aliases VALUES ('m', 'x', 2)", "INSERT INTO aliases VALUES ('m', 'x', 77)",
      "UPDATE runs SET deleted_at = '2026-01-01T00:00:00Z' WHERE name = 'n'",
      "UPDATE names SET last_version = 0",
      "DELETE FROM names", "DELETE FROM run_terms", "INSERT INTO run_terms VALUES ('scheme', 'zeros', 1)",
      "INSERT INTO tags VALUES (99, 'a', 'b')", "INSERT INTO tensor_chunks VALUES (1, 99, 1)",
      "UPDATE runs SET stored = 0 WHERE name = 'm'", "INSERT INTO lease_chunks VALUES (5, 1)",
    ])
  func contradictions(sql: String) throws {
    let fixture = try Fixture()
    let runs = [try fixture.create("m", spec), try fixture.create("n", spec, seed: 2)]
    _ = try fixture.registry.setAlias("y", of: runs[1])
    try fixture.tamper(sql)
    let report = try fixture.registry.checkIntegrity()
    #expect(!report.isSound && report.references.count == 1, "\(report.references)")
    #expect(try fixture.registry.checkIntegrity(repair: true).isSound)
    #expect(try fixture.create("m", spec, seed: 3).version == 2)
    #expect(try fixture.registry.collect(grace: .zero).bytes >= 0)
    #expect(try fixture.registry.checkIntegrity(full: true).isSound)
  }

  @Test("a manifest that was damaged is set right by the next create that makes it")
  func manifest() throws {
    let fixture = try Fixture()
    _ = try fixture.create("m", spec)
    try fixture.tamper("UPDATE manifests SET json = json || ' '")
    #expect(try !fixture.registry.checkIntegrity().isSound)
    _ = try fixture.create("m", spec)
    #expect(try fixture.registry.checkIntegrity().isSound)
  }

  @Test(
    "records that contradict themselves and references that lead nowhere are told",
    arguments: [
      "UPDATE manifests SET json = replace(json, '42', '43')", "UPDATE tensors SET stream = '5'",
      "UPDATE tensors SET dtype = 'float8'", "DELETE FROM tensors WHERE name = 'v'",
    ])
  func records(sql: String) throws {
    let fixture = try Fixture()
    _ = try fixture.create("m", spec)
    try fixture.tamper(sql)
    let report = try fixture.registry.checkIntegrity()
    #expect(!report.isSound)
    #expect(
      !report.records.isEmpty || !report.unreadableRuns.isEmpty || !report.references.isEmpty, "\(sql)")
  }
}
