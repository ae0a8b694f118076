// Registries from elsewhere whose pages lead back to the same rows, so that these never end.

import Foundation
import GRDB
import Testing
import WinitRegistry
import WinitTestSupport

@Suite struct RepeatedPageTests {
  private static let pageSize = 16384

  private func bytes(_ number: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * (count - 1 - $0))) }
  }

  /// Returns an inner page of an index, all of whose children are one page.
  private func innerPage(child: Int, record: [UInt8]) -> [UInt8] {
    let (count, cell) = (200, bytes(child, 4) + record)
    var page = [UInt8](repeating: 0, count: Self.pageSize)
    page.replaceSubrange(
      0..<12, with: [2, 0, 0] + bytes(count, 2) + bytes(Self.pageSize - count * cell.count, 2) + [0] + bytes(child, 4))
    for index in 0..<count {
      let start = Self.pageSize - (index + 1) * cell.count
      page.replaceSubrange(start..<start + cell.count, with: cell)
      page.replaceSubrange(12 + 2 * index..<14 + 2 * index, with: bytes(start, 2))
    }
    return page
  }

  /// Makes an index lead to each of its rows 200 times in each of some levels of inner pages.
  private func repeatRows(of index: String, levels: Int = 2, in folder: TemporaryFolder) throws {
    let root: Int = try DatabaseQueue(path: folder.path("r")).read { db in
      try #require(
        try Int.fetchOne(db, sql: "SELECT rootpage FROM sqlite_schema WHERE name = ?", arguments: [index]))
    }
    var file = try folder.bytes("r")
    let place = (root - 1) * Self.pageSize..<root * Self.pageSize
    let leaf = Array(file[place])
    #expect(leaf[0] == 10)
    let cell = Int(leaf[8]) << 8 | Int(leaf[9])
    let record = Array(leaf[cell...cell + Int(leaf[cell])])
    file += leaf
    for _ in 1..<levels { file += innerPage(child: file.count / Self.pageSize, record: record) }
    file.replaceSubrange(place, with: innerPage(child: file.count / Self.pageSize, record: record))
    file.replaceSubrange(28..<32, with: bytes(file.count / Self.pageSize, 4))
    try folder.write("r", file)
  }

  @Test(arguments: ["sqlite_autoindex_tensors_1", "tags", "aliases_by_run"])
  func `pages that lead to the same rows again and again are an error, before the rows fill the memory`(index: String)
    throws
  {
    let fixture = try Fixture()
    let run = try fixture.create("m", smallSpec) { $0.tags = [Run.Tag(key: "a", value: "b")] }
    _ = try fixture.registry.setAlias("good", of: run)
    try repeatRows(of: index, in: fixture.folder)
    let registry = try Registry(opening: fixture.folder.path("r"))
    let error = expectError(.damagedRegistry) {
      _ = try registry.runs()
      _ = try registry.tensors(of: registry.run("m"))
    }
    let isNamed = error?.message.contains("again and again") == true
    let isRefused = error?.message.contains("the record of m:v1 cannot be read") == true
    #expect(index == "sqlite_autoindex_tensors_1" ? isNamed : isRefused, "\(error?.message ?? "")")
  }

  @Test func `a search that never ends is an error`() throws {
    let fixture = try Fixture()
    _ = try fixture.create("m", smallSpec)
    try repeatRows(of: "runs_by_name", levels: 6, in: fixture.folder)
    let registry = try Registry(opening: fixture.folder.path("r"))
    var query = RunQuery()
    query.name = "*none*"
    let error = expectError(.damagedRegistry) { try registry.runCount(query) }
    #expect(error?.message.contains("does not end") == true)
    // The connection can be used afterward.
    #expect(try registry.run("m:v1").version == 1)
  }
}
