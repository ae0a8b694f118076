// The history is append-only, and versions never change.

import GRDB
import Testing
import WinitJSON
import WinitStorage
import WinitTestSupport

@Suite struct HistoryTests {
  @Test func `no SQL statement changes, deletes or replaces an entry of the history`() throws {
    let folder = try TemporaryFolder()
    let store = try Store.openOrCreate(folder.path("r"))
    for action in ["a", "b"] { try store.record(Event(action, by: ["user": "me"]), nil) }
    let db = try DatabaseQueue(path: folder.path("r"))
    for sql in [
      "UPDATE history SET action = 'c'", "DELETE FROM history WHERE id = 1",
      "INSERT OR REPLACE INTO history (id, at, action, detail, actor) VALUES (2, '', 'c', '{}', '{}')",
      "REPLACE INTO history (id, at, action, detail, actor) VALUES (1, '', 'c', '{}', '{}')",
      "UPDATE OR REPLACE history SET id = 1 WHERE id = 2",
    ] {
      let error = #expect(throws: DatabaseError.self) { try db.write { try $0.execute(sql: sql) } }
      #expect(error?.message == "the history is append-only", "\(sql)")
    }
    let entries = try store.history(of: nil, limit: nil)
    #expect(entries.map(\.action) == ["b", "a"])
    #expect(entries.map(\.number) == [2, 1])
    #expect(entries[0].actor["user"]?.stringValue == "me")
  }

  @Test func `no SQL statement changes the version, the seed, the id or the uid of a run`() throws {
    let folder = try TemporaryFolder()
    let path = try earlierRegistry(1, in: folder)
    try Store.open(path).close()
    let db = try DatabaseQueue(path: path)
    for sql in [
      "UPDATE runs SET version = 9 WHERE id = 1", "UPDATE runs SET seed = '5'",
      "UPDATE runs SET manifest = 1",
      "UPDATE runs SET uid = 'x' WHERE id = 1", "UPDATE runs SET created_at = ''",
    ] {
      let error = #expect(throws: DatabaseError.self) { try db.write { try $0.execute(sql: sql) } }
      #expect(error?.message == "a version is never changed", "\(sql)")
    }
    for alias in ["v3", "V12", "7", ""] {
      #expect(throws: DatabaseError.self) {
        try db.write { try $0.execute(sql: "INSERT INTO aliases VALUES ('other', ?, 4)", arguments: [alias]) }
      }
    }
  }
}
