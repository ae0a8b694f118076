// doctor --repair: registries that are cut short, or whose pages are lost.

import Foundation
import GRDB
import Testing
import WinitRegistry
import WinitTestSupport

/// A registry with runs of every kind: stored, recipe-only, imported, with literals, tied tensors and several chunks.
private struct Registries {
  let fixture: Fixture
  let bytes: [UInt8]
  /// The ids of the runs, read without the library.
  let ids: [String: String]

  /// - Parameter isLarge: whether the tables of tensors and of manifests have inner pages, and pages of the file are free.
  init(large isLarge: Bool = false) throws {
    fixture = try Fixture()
    _ = try fixture.create("m", smallSpec)
    _ = try fixture.create("m", smallSpec, seed: 2) {
      ($0.note, $0.experiment) = ("words", "e")
      $0.tags = [Run.Tag(key: "a", value: "b")]
    }
    _ = try fixture.create("r", twoChunkSpec, recipeOnly: true)
    _ = try fixture.create(
      "l",
      """
      tensors: {w: [3, 4], l: {shape: [3], init: {scheme: literal, values: [1, 2, 3]}}, t: {shape: [3, 4], init: {scheme: same_as, of: w}}}
      rules: [{match: "*", init: normal}]
      """)
    _ = try fixture.importRun("c", [("x", [2], Array(0..<8)), ("y", [1], [1, 2, 3, 4])])
    _ = try fixture.registry.setAlias("good", of: fixture.registry.run("m:v1"))
    if isLarge {
      let tensors = (0..<150).map { "t\($0): [2, 3]" }.joined(separator: ", ")
      for seed in 1...3 {
        _ = try fixture.create(
          "many", "tensors: {\(tensors)}\nrules: [{match: '*', init: normal}]", seed: UInt64(seed), recipeOnly: true)
      }
      try fixture.tamper("CREATE TABLE x (y); INSERT INTO x VALUES (zeroblob(200000)); DROP TABLE x")
    }
    bytes = try fixture.folder.bytes("r")
    ids = try Registries.ids(fixture.folder.path("r"))
  }

  /// Returns the id of each run of a file, after SQLite's own checks of it.
  static func ids(_ path: String) throws -> [String: String] {
    let db = try DatabaseQueue(path: path)
    defer { try? db.close() }
    return try db.read { db in
      #expect(try String.fetchAll(db, sql: "PRAGMA integrity_check") == ["ok"])
      #expect(try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").isEmpty)
      let rows = try Row.fetchAll(
        db,
        sql:
          "SELECT name || ':v' || version AS r, lower(hex(digest)) AS id FROM runs JOIN manifests ON manifests.id = manifest"
      )
      return Dictionary(uniqueKeysWithValues: rows.map { ($0["r"], $0["id"]) })
    }
  }

  /// Returns the root pages of tables and indices.
  var roots: [String: Int] {
    get throws {
      try DatabaseQueue(path: fixture.folder.path("r")).read { db in
        let rows = try Row.fetchAll(db, sql: "SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0")
        return Dictionary(uniqueKeysWithValues: rows.map { ($0["name"], $0["rootpage"]) })
      }
    }
  }

  /// The pages that the list of free pages has.
  var freePages: [Int] {
    func number(_ offset: Int) -> Int { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
    let trunk = number(32)
    guard trunk > 0 else { return [] }
    let start = (trunk - 1) * 16384
    return (0..<number(start + 4)).map { number(start + 8 + 4 * $0) }
  }

  /// Returns a folder with a copy of the file in which two pages have changed places.
  func swapped(_ one: Int, _ other: Int) throws -> TemporaryFolder {
    func range(_ page: Int) -> Range<Int> { (page - 1) * 16384..<page * 16384 }
    var changed = bytes
    changed.replaceSubrange(range(one), with: bytes[range(other)])
    changed.replaceSubrange(range(other), with: bytes[range(one)])
    let folder = try TemporaryFolder()
    try folder.write("r", changed)
    return folder
  }

  /// Returns a folder with a copy of the file whose pages are overwritten.
  func damaged(pages: [Int], with byte: UInt8 = 0) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write("r", bytes)
    for page in pages {
      try overwrite(folder.path("r"), at: (page - 1) * 16384, with: [UInt8](repeating: byte, count: 16384))
    }
    return folder
  }
}

@discardableResult
private func repair(_ folder: TemporaryFolder) throws -> IntegrityReport {
  try Registry.checkIntegrity(at: folder.path("r"), full: false, repair: true)
}

/// What a user sees of a registry, read without the library.
private struct VisibleRows: Equatable {
  let runs: [String]
  let names: [String]
  let aliases: [String]
  let tags: [String]
  let history: [String]

  init(_ path: String) throws {
    let db = try DatabaseQueue(path: path)
    defer { try? db.close() }
    (runs, names, aliases, tags, history) = try db.read { db in
      (
        try String.fetchAll(
          db,
          sql: """
            SELECT json_array(name, version, hex(digest), uid, seed, stored, parameter_count, byte_count, note,
                              experiment, deleted_at, created_at)
            FROM runs JOIN manifests ON manifests.id = manifest ORDER BY name, version
            """),
        try String.fetchAll(db, sql: "SELECT json_array(name, last_version, renamed_to) FROM names ORDER BY name"),
        try String.fetchAll(db, sql: "SELECT json_array(name, alias, run) FROM aliases ORDER BY name, alias"),
        try String.fetchAll(db, sql: "SELECT json_array(run, key, value) FROM tags ORDER BY run, key"),
        try String.fetchAll(
          db, sql: "SELECT json_array(id, action, run) FROM history WHERE action <> 'repair' ORDER BY id")
      )
    }
  }
}

private func expectVerified(
  _ path: String, except incomplete: Set<String> = [], _ location: SourceLocation = #_sourceLocation
) throws {
  let registry = try Registry(opening: path)
  for run in try registry.runs() where !incomplete.contains(run.reference) {
    #expect(try registry.verify(run).matches, "\(run.reference)", sourceLocation: location)
  }
}

@Suite struct SalvageTests {
  @Test(arguments: [0.1, 0.35, 0.5, 0.75, 0.9, 0.99])
  func `a file that is cut short is refused with its sizes, and a repair brings back all runs that are in it`(
    share: Double
  ) throws {
    let original = try Registries()
    let folder = try TemporaryFolder()
    let cut = Array(original.bytes.prefix(Int(Double(original.bytes.count) * share)))
    try folder.write("r", cut)
    let error = expectError(.damagedRegistry) { try Registry(opening: folder.path("r")) }
    #expect(error?.message.contains("\(cut.count) bytes") == true && error?.isSalvageable == true)
    // Without --repair nothing changes.
    let preview = try Registry.checkIntegrity(at: folder.path("r"), full: false, repair: false)
    #expect(try !preview.isSound && folder.bytes("r") == cut && folder.contents() == ["r"])
    let report = try repair(folder)
    #expect(report.isRebuilt && report.salvage?.damagedFile?.hasSuffix("/r.damaged-1") == true)
    #expect(report.salvage?.runCount == preview.salvage?.runCount)
    #expect(try folder.bytes("r.damaged-1") == cut)
    #expect(try folder.contents().filter { $0.contains("tmp") } == [])
    let ids = try Registries.ids(folder.path("r"))
    let lost = Set((report.salvage?.lostRuns ?? []).compactMap(\.reference))
    // The rows are at the beginning of the file, and what recipes give is regenerated. The other chunks are at the end.
    #expect(ids.allSatisfy { original.ids[$0] == $1 } && Set(original.ids.keys).subtracting(ids.keys) == lost)
    let incomplete = Set((report.salvage?.incompleteRuns ?? []).map(\.reference))
    if share >= 0.5 { #expect(ids == original.ids && incomplete.isSubset(of: ["l:v1", "c:v1"])) }
    try expectVerified(folder.path("r"), except: incomplete)
    let after = try Registry.checkIntegrity(at: folder.path("r"), full: true, repair: false)
    #expect(after.structure.isEmpty && Set(after.affectedRuns) == incomplete)
  }

  @Test func `a salvage counts the size of each run from its tensors, whatever the row of the run says`() throws {
    let original = try Registries()
    let rows = try VisibleRows(original.fixture.folder.path("r"))
    try original.fixture.tamper("UPDATE runs SET parameter_count = -1, byte_count = 5")
    try overwrite(original.fixture.folder.path("r"), at: 0, with: [UInt8](repeating: 0, count: 16384))
    let report = try repair(original.fixture.folder)
    #expect(report.isSound && report.salvage?.lostRuns.isEmpty == true, "\(report)")
    #expect(try VisibleRows(original.fixture.folder.path("r")).runs == rows.runs)
  }

  @Test(arguments: [
    "sqlite_schema", "manifests", "runs", "tensors", "names", "history", "tags", "aliases", "migrations", "run_terms",
    "tensor_chunks", "leases", "runs_by_uid", "sqlite_autoindex_runs_1",
  ])
  func `a file that has lost the page of any one table gives back all runs with their ids`(table: String) throws {
    let original = try Registries()
    let page = table == "sqlite_schema" ? 1 : try #require(try original.roots[table])
    for byte: UInt8 in [0, 0xA5] {
      let folder = try original.damaged(pages: [page], with: byte)
      let report = try repair(folder)
      #expect(report.isSound && report.salvage?.lostRuns.isEmpty == true, "\(table): \(report)")
      #expect(try Registries.ids(folder.path("r")) == original.ids)
      try expectVerified(folder.path("r"))
      let registry = try Registry(opening: folder.path("r"))
      let run = try registry.run("m:v2")
      if table == "runs" {
        // The indices of the table have the rest of the row.
        #expect(report.salvage?.incompleteRuns.map(\.reference).contains("m:v2") == true)
      } else {
        #expect(run.note == "words" && run.experiment == "e" && report.salvage?.incompleteRuns.isEmpty == true)
      }
      #expect(run.uid == (try original.fixture.registry.run("m:v2").uid))
      if table != "tags" { #expect(run.tags.map(\.value) == ["b"]) }
      if table != "aliases" { #expect(try registry.run("m:good").version == 1) }
      if table != "history" { #expect(try registry.history().contains { $0.action == "capture" }) }
      // No version is used again.
      #expect(try registry.create("m", spec: ModelSpec(parsing: tinySpec), seed: 1).run.version == 3)
    }
  }

  /// Roots whose pages change places: tables whose records have the same types, the pages that show what a file is, and
  /// pages of different kinds.
  private static let swaps = [
    ("sqlite_schema", "migrations"), ("sqlite_schema", "runs"), ("sqlite_schema", "sqlite_autoindex_runs_1"),
    ("migrations", "runs"), ("migrations", "manifests"), ("migrations", "history"), ("migrations", "tags"),
    ("sqlite_autoindex_migrations_1", "runs"), ("runs", "tensors"), ("runs", "runs_by_time"), ("runs", "names"),
    ("manifests", "tensor_chunks"), ("manifests", "sqlite_autoindex_manifests_1"), ("tags", "words_by_run"),
    ("tags", "aliases_by_run"), ("tags", "aliases"), ("tags", "runs_by_time"), ("tags", "leases"),
    ("aliases", "run_terms"), ("aliases", "tags_by_value"), ("aliases", "runs_by_time"), ("names", "aliases"),
    ("names", "history"), ("history", "verification_passes"), ("history_by_run", "runs_by_uid"),
    ("runs_by_manifest", "chunks_by_size"), ("tensors", "history"), ("chunks", "tensors"),
  ]

  @Test(arguments: swaps)
  func `a file in which the pages of two tables have changed places gives everything back`(
    first: String, second: String
  )
    throws
  {
    let original = try Registries()
    let roots = try original.roots.merging(["sqlite_schema": 1]) { first, _ in first }
    let folder = try original.swapped(try #require(roots[first]), try #require(roots[second]))
    let report = try repair(folder)
    #expect(report.isSound && report.salvage?.lostRuns.isEmpty == true, "\(first), \(second): \(report)")
    #expect(try VisibleRows(folder.path("r")) == VisibleRows(original.fixture.folder.path("r")))
    try expectVerified(folder.path("r"))
  }

  @Test func `pages that have changed places with a leaf, an inner page, a free page or the map give everything back`()
    throws
  {
    let original = try Registries(large: true)
    let roots = try original.roots
    func pages(_ kind: UInt8) -> [Int] {
      (2..<original.bytes.count / 16384 + 1).filter { original.bytes[($0 - 1) * 16384] == kind }
    }
    let inner = try #require(pages(5).first { !roots.values.contains($0) || $0 == roots["tensors"] })
    let leaves = pages(13).filter { !roots.values.contains($0) }
    let leaf = try #require(leaves.first)
    let free = try #require(original.freePages.first)
    let (runs, tensors) = (try #require(roots["runs"]), try #require(roots["tensors"]))
    #expect(original.bytes[(tensors - 1) * 16384] == 5)
    for (one, other) in [
      (runs, leaf), (tensors, leaf), (inner, runs), (leaf, try #require(leaves.last)), (runs, free), (leaf, free),
      (try #require(roots["names"]), free), (try #require(roots["history"]), free), (2, runs), (2, tensors), (1, free),
      (try #require(roots["migrations"]), leaf), (1, leaf), (1, 2),
    ] {
      let folder = try original.swapped(one, other)
      let report = try repair(folder)
      #expect(report.isSound && report.salvage?.lostRuns.isEmpty == true, "\(one), \(other): \(report)")
      #expect(
        try VisibleRows(folder.path("r")) == VisibleRows(original.fixture.folder.path("r")), "\(one), \(other)")
      try expectVerified(folder.path("r"))
    }
  }

  @Test func `the order and the values of the tensors that only the manifest gives are those of the spec`() throws {
    let original = try Registries()
    let page = try #require(try original.roots["tensors"])
    let folder = try original.damaged(pages: [page])
    try repair(folder)
    let (before, after) = (original.fixture.registry, try Registry(opening: folder.path("r")))
    for reference in ["m:v1", "r", "l", "c"] {
      let names = try Set(before.tensors(of: before.run(reference)).map(\.name))
      #expect(try Set(after.tensors(of: after.run(reference)).map(\.name)) == names)
      for name in names {
        #expect(
          try after.bytes(of: name, in: after.run(reference)) == before.bytes(of: name, in: before.run(reference)))
      }
    }
  }

  @Test func `a run that cannot be salvaged is listed with what is known of it, and its version is not used again`()
    throws
  {
    let original = try Registries()
    let roots = try original.roots
    let pages = roots.filter { $0.key == "runs" || $0.key.hasPrefix("runs_") || $0.key.contains("autoindex_runs") }
    let folder = try original.damaged(pages: Array(pages.values) + [try #require(roots["names"])])
    let report = try repair(folder)
    let salvage = try #require(report.salvage)
    #expect(!report.isSound && salvage.runCount == 0)
    #expect(Set(salvage.lostRuns.compactMap(\.reference)) == Set(original.ids.keys))
    #expect(Set(salvage.lostRuns.compactMap(\.id)) == Set(original.ids.values.map { "sha256:" + $0 }))
    #expect(Set(report.affectedRuns) == Set(original.ids.keys))
    let registry = try Registry(opening: folder.path("r"))
    #expect(try registry.checkIntegrity(full: true).isSound)
    #expect(try registry.create("m", spec: ModelSpec(parsing: tinySpec), seed: 1).run.version == 3)
    #expect(try folder.bytes("r.damaged-1").count == original.bytes.count)
  }

  @Test func `where only the chunks of an imported run are lost, the run stays, and is reported as incomplete`() throws
  {
    let fixture = try Fixture()
    let bytes = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 >> 8) }
    let run = try fixture.importRun("c", [("a", [1 << 18], bytes), ("b", [2], Array(0..<8))])
    let count = try fixture.folder.bytes("r").count
    try overwrite(
      fixture.folder.path("r"), at: (count / 16384 - 20) * 16384, with: [UInt8](repeating: 0, count: 16384))
    let report = try repair(fixture.folder)
    #expect(!report.isSound && report.salvage?.incompleteRuns.map(\.reference) == ["c:v1"])
    let registry = try Registry(opening: fixture.folder.path("r"))
    #expect(try registry.bytes(of: "b", in: registry.run("c")) == Array(0..<8))
    #expect(try registry.run("c").uid == run.uid)
  }

  @Test func `a run that was collected does not come back`() throws {
    let original = try Registries()
    let registry = original.fixture.registry
    _ = try registry.delete([registry.run("r")])
    _ = try registry.collectGarbage(grace: .zero)
    for page in [1, try #require(try original.roots["runs"])] {
      let folder = try TemporaryFolder()
      try folder.write("r", original.fixture.folder.bytes("r"))
      try overwrite(folder.path("r"), at: (page - 1) * 16384, with: [UInt8](repeating: 0, count: 16384))
      let report = try repair(folder)
      #expect(report.salvage?.lostRuns.isEmpty == true)
      #expect(try Set(Registries.ids(folder.path("r")).keys) == Set(original.ids.keys.filter { $0 != "r:v1" }))
    }
  }

  @Test func `a file of an earlier schema is salvaged into the current one`() throws {
    for schema in 1...3 {
      let folder = try TemporaryFolder()
      let db = try DatabaseQueue(path: folder.path("r"))
      try db.writeWithoutTransaction { try $0.execute(sql: VectorFile.text("registry-v\(schema).sql")) }
      try db.close()
      let ids = try Registries.ids(folder.path("r"))
      // The end of the file is missing, as SQLite's default page size cuts it.
      let bytes = try folder.bytes("r")
      try folder.write("r", Array(bytes.dropLast(4096)))
      let report = try repair(folder)
      let lost = Set((report.salvage?.lostRuns ?? []).compactMap(\.reference))
      let found = try Registries.ids(folder.path("r"))
      #expect(found.allSatisfy { ids[$0] == $1 } && lost == Set(ids.keys).subtracting(found.keys) && !found.isEmpty)
    }
  }

  @Test func `the new file has the permissions of the damaged one, and a link to the registry stays a link`() throws {
    let original = try Registries()
    let folder = try original.damaged(pages: [5])
    try FileManager.default.createDirectory(atPath: folder.path("real"), withIntermediateDirectories: false)
    try FileManager.default.moveItem(atPath: folder.path("r"), toPath: folder.path("real/registry"))
    try FileManager.default.createSymbolicLink(atPath: folder.path("r"), withDestinationPath: "real/registry")
    chmod(folder.path("real/registry"), 0o664)
    try repair(folder)
    let type = try FileManager.default.attributesOfItem(atPath: folder.path("r"))[.type] as? FileAttributeType
    #expect(type == .typeSymbolicLink)
    let mode = try FileManager.default.attributesOfItem(atPath: folder.path("real/registry"))[.posixPermissions]
    #expect(mode as? Int == 0o664)
    #expect(folder.exists("real/registry.damaged-1") && !folder.exists("r.damaged-1"))
    #expect(try Registries.ids(folder.path("r")) == original.ids)
  }

  @Test func `a log beside a damaged file stays beside it`() throws {
    let original = try Registries()
    let folder = try original.damaged(pages: [1])
    try folder.write("r-wal", "a log")
    try repair(folder)
    #expect(try folder.bytes("r.damaged-1-wal") == Array("a log".utf8) && !folder.exists("r-wal"))
    #expect(try Registries.ids(folder.path("r")) == original.ids)
  }

  @Test func `what a killed repair left is removed or used, and nothing that exists is replaced`() throws {
    let original = try Registries()
    let folder = try original.damaged(pages: [5])
    let damaged = try folder.bytes("r")
    try folder.write("r.damaged-1", "another file")
    let leftover = ".r.12345678.winit.tmp"
    try FileManager.default.createDirectory(atPath: folder.path(leftover), withIntermediateDirectories: false)
    try folder.write(leftover + "/database", "unfinished")
    // The repair was killed after it had given the damaged file its second name.
    try FileManager.default.linkItem(atPath: folder.path("r"), toPath: folder.path("r.damaged-2"))
    try folder.write("r-journal", "not a journal")
    let report = try repair(folder)
    #expect(report.salvage?.damagedFile?.hasSuffix("/r.damaged-2") == true)
    #expect(try folder.bytes("r.damaged-2") == damaged && folder.bytes("r.damaged-1") == Array("another file".utf8))
    #expect(try Set(folder.contents()).isSubset(of: ["r", "r.damaged-1", "r.damaged-2", "r.damaged-2-journal"]))
    #expect(try Registries.ids(folder.path("r")) == original.ids)
  }

  @Test(arguments: [0, 3, 99, 0xFF] as [UInt8])
  func `a damaged number of the schema is no newer version, and is repaired`(version: UInt8) throws {
    let original = try Registries()
    let folder = try TemporaryFolder()
    try folder.write("r", original.bytes)
    try overwrite(folder.path("r"), at: 60, with: [0, 0, 0, version])
    let error = #expect(throws: RegistryError.self) { try Registry(opening: folder.path("r")) }
    #expect(error?.isSalvageable == true)
    #expect(try repair(folder).isSound)
    #expect(try Registries.ids(folder.path("r")) == original.ids)
    try expectVerified(folder.path("r"))
  }

  @Test func `a file without its first page and its migrations is a registry by its manifests, and is repaired`()
    throws
  {
    let original = try Registries()
    let names = ["migrations", "sqlite_autoindex_migrations_1"]
    let folder = try original.damaged(pages: [1] + names.compactMap { try? original.roots[$0] })
    #expect(try !String(decoding: folder.bytes("r"), as: UTF8.self).contains("v0001_runs"))
    #expect(try repair(folder).isSound)
    #expect(try Registries.ids(folder.path("r")) == original.ids)
    try expectVerified(folder.path("r"))
  }

  @Test(arguments: [
    "UPDATE manifests SET json = replace(json, 'normal', 'Normal')", "UPDATE tensors SET stream = '5'",
    "UPDATE tensors SET dtype = 'float8' WHERE run = 1", "DELETE FROM tensors WHERE name = 'emb' AND run = 1",
  ])
  func `records that contradict themselves are restored from other records of a sound file`(sql: String) throws {
    let original = try Registries()
    try original.fixture.tamper(sql)
    let folder = try TemporaryFolder()
    try folder.write("r", original.fixture.folder.bytes("r"))
    #expect(try !Registry.checkIntegrity(at: folder.path("r"), full: false, repair: false).isSound)
    let report = try repair(folder)
    #expect(report.isSound && report.salvage?.lostRuns.isEmpty == true, "\(report)")
    #expect(try Registries.ids(folder.path("r")) == original.ids)
    try expectVerified(folder.path("r"))
  }

  @Test func `a record that no other record restores stays, and no second file appears`() throws {
    let original = try Registries()
    try original.fixture.tamper("UPDATE tensors SET digest = zeroblob(32); UPDATE manifests SET json = json || ' '")
    let folder = try TemporaryFolder()
    try folder.write("r", original.fixture.folder.bytes("r"))
    for _ in 0..<2 { #expect(try !repair(folder).isSound) }
    #expect(try Set(folder.contents()).isSubset(of: ["r", "r-journal"]))
    #expect(try Registry(opening: folder.path("r")).runs().count == original.ids.count)
  }

  @Test func `a connection that was open before a repair cannot write into the damaged file afterward`() throws {
    let original = try Registries()
    let folder = try original.damaged(pages: [try #require(try original.roots["runs_by_seed"])])
    let other = try Registry(opening: folder.path("r"))
    #expect(try other.runs().count == 5)
    let registry = try Registry(opening: folder.path("r"))
    #expect(try registry.checkIntegrity(repair: true).isSound)
    let kept = try folder.bytes("r.damaged-1")
    expectError(.io) { try other.create("late", spec: ModelSpec(parsing: tinySpec), seed: 1) }
    #expect(try folder.bytes("r.damaged-1") == kept)
    // The registry that was repaired goes on in the new file.
    #expect(try registry.create("m", spec: ModelSpec(parsing: tinySpec), seed: 1).run.version == 3)
    #expect(try Registries.ids(folder.path("r")).count == 6)
  }

  @Test func `a file that was never a registry is refused, and nothing is written beside it`() throws {
    let folder = try TemporaryFolder()
    let database = try DatabaseQueue(path: folder.path("r"))
    try database.write { try $0.execute(sql: "CREATE TABLE runs (id); INSERT INTO runs VALUES (1)") }
    try database.close()
    let bytes = try folder.bytes("r")
    expectError(.invalidRegistry) { try repair(folder) }
    try folder.write("t", "a text")
    expectError(.invalidRegistry) { try Registry.checkIntegrity(at: folder.path("t"), full: true, repair: true) }
    #expect(try folder.bytes("r") == bytes && folder.contents() == ["r", "t"])
  }
}
