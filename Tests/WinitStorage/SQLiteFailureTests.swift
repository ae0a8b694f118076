// The texts of SQLite's result codes.

import Foundation
import GRDB
import Testing
import WinitStorage
import WinitTestSupport

@Suite struct SQLiteFailureTests {
  /// The extended result codes that https://www.sqlite.org/rescode.html lists for a database on a disk, by their numbers,
  /// with a word that the text must have, and SQLite's own text.
  @Test(
    arguments: [
      (8, "read-only", "attempt to write a readonly database"), (264, "WAL", "attempt to write a readonly database"),
      (520, "WAL", "attempt to write a readonly database"),
      (776, "rolled back", "attempt to write a readonly database"),
      (1288, "WAL", "attempt to write a readonly database"), (1544, "journal", "attempt to write a readonly database"),
      (3, "denied", "access permission denied"), (23, "denied", "authorization denied"), (7, "memory", "out of memory"),
      (14, "moved", "unable to open database file"), (270, "TMPDIR", "unable to open database file"),
      (526, "folder", "unable to open database file"), (782, "path", "unable to open database file"),
      (1038, "path", "unable to open database file"), (1294, "WAL", "unable to open database file"),
      (1550, "link", "unable to open database file"), (10, "read or write", "disk I/O error"),
      (266, "read", "disk I/O error"), (522, "shorter", "disk I/O error"), (778, "write", "disk I/O error"),
      (1034, "flush", "disk I/O error"), (1290, "flush", "disk I/O error"), (1546, "size", "disk I/O error"),
      (1802, "examine", "disk I/O error"), (2058, "lock", "disk I/O error"), (2314, "lock", "disk I/O error"),
      (2570, "journal", "disk I/O error"), (2826, "lock", "disk I/O error"), (3082, "memory", "disk I/O error"),
      (3338, "examine", "disk I/O error"), (3594, "lock", "disk I/O error"), (3850, "lock", "disk I/O error"),
      (4106, "examine", "disk I/O error"), (4362, "examine", "disk I/O error"), (5642, "examine", "disk I/O error"),
      (5898, "journal", "disk I/O error"), (6410, "TMPDIR", "disk I/O error"), (6666, "path", "disk I/O error"),
      (6922, "moved", "disk I/O error"), (7178, "refused", "disk I/O error"), (8202, "damaged", "disk I/O error"),
      (8458, "damaged", "disk I/O error"), (22, "size", "large file support is disabled"),
      (15, "WAL", "locking protocol"), (261, "WAL", "database is locked"), (4, "again", "query aborted"),
      (6, "again", "database table is locked"), (17, "again", "database schema has changed"),
      (1811, "schema", "versions are never reused"), (1032, "moved", "attempt to write a readonly database"),
    ] as [(Int32, String, String)])
  func `the text of a result code says what happened in words of its own`(code: Int32, word: String, message: String)
    throws
  {
    let path = try TemporaryFolder().path("none")
    let text = SQLiteFailure(code: ResultCode(rawValue: code), path: path, message: message).text
    #expect(text.contains(word), "\(code): \(text)")
    #expect(text != message && !text.hasSuffix(".") && text.first?.isUppercase == false, "\(code): \(text)")
    // Only the classes whose text SQLite knows better quote it.
    if code > 255, code != 1811 { #expect(!text.contains(message), "\(code): \(text)") }
  }

  @Test
  func `only a code of a file that is gone says that the registry was moved, and tells a file in its place from none`()
    throws
  {
    let folder = try TemporaryFolder()
    let path = folder.path("r")
    func text() -> String { SQLiteFailure(code: .SQLITE_READONLY_DBMOVED, path: path, message: nil).text }
    #expect(text().contains("moved, renamed or deleted"))
    try folder.write("r", "another file")
    #expect(SQLiteFailure(code: .SQLITE_CANTOPEN, path: path, message: nil).text.contains("cannot be opened"))
    #expect(text().contains("another file took the place"))
    for code in [8, 520, 776, 1288, 1544] as [Int32] {
      #expect(!SQLiteFailure(code: ResultCode(rawValue: code), path: path, message: nil).text.contains("moved"))
    }
  }
}
