// Registries from elsewhere, and the files beside them: the commands do nothing but read.

import Foundation
import Testing
import WinitTestSupport

@Suite struct ForeignFileTests {
  private func registry() throws -> Workplace {
    let place = try Workplace()
    try place.folder.write("t.yaml", "tensors: {w: [4]}\nrules: [{match: w, init: normal}]")
    try place.succeed("create t --spec t.yaml --seed 1")
    return place
  }

  @Test(arguments: [
    "list", "show t", "verify t", "doctor", "doctor --repair", "stats", "log", "gc --yes", "identify t.yaml",
    "get t -o -", "backup copy", "export t -o copy", "rm t", "create t --spec t.yaml --seed 2",
    "diff t t --other winit.sqlite --registry good", "import winit.sqlite --registry good",
  ])
  func `a journal beside a registry that names a file of the user deletes nothing`(command: String) throws {
    let place = try registry()
    try place.succeed("backup good")
    let before = try place.folder.bytes("winit.sqlite")
    try place.folder.write("precious", "precious")
    let journal = emptyJournal(pages: before.count / 16384) + superJournal(place.folder.path("precious"))
    try place.folder.write("winit.sqlite-journal", journal)
    #expect(try place.run(command).status == 65)
    #expect(try place.folder.bytes("precious") == Array("precious".utf8))
    #expect(try place.folder.bytes("winit.sqlite") == before)
    #expect(try place.folder.bytes("winit.sqlite-journal") == journal)
    #expect(!place.folder.exists("copy"))
  }

  @Test func `a registry with another program's write-ahead log is refused, and doctor --repair folds the log in`()
    throws
  {
    let place = try registry()
    let python = """
      import os, sqlite3
      db = sqlite3.connect("winit.sqlite", isolation_level=None)
      db.execute("PRAGMA journal_mode = WAL")
      db.execute("UPDATE runs SET note = 'written by another program'")
      os._exit(0)
      """
    guard try ChildProcess("/usr/bin/env", ["python3", "-c", python], in: place.folder.url.path).wait().status == 0
    else {
      print("➜ python3 is missing or has no sqlite3: a write-ahead log is not tested")
      return
    }
    #expect(place.folder.exists("winit.sqlite-wal"))
    let refused = try place.run("list")
    #expect(refused.status == 65 && refused.errors.contains("doctor --repair"), "\(refused.errors)")
    #expect(try place.run("create t --spec t.yaml --seed 2").status == 65)
    try place.succeed("doctor --repair")
    #expect(try place.succeed("show t").output.contains("written by another program"))
    #expect(!place.folder.exists("winit.sqlite-wal") && !place.folder.exists("winit.sqlite-shm"))
  }

  @Test(arguments: ["winit.sqlite", "link"], ["", "-journal", "-wal", "-shm"])
  func `get --force and backup --force never replace the registry or a file beside it`(
    name: String, ending: String
  ) throws {
    let place = try registry()
    #expect(mkdir(place.folder.path("sub"), 0o700) == 0)
    #expect(symlink("winit.sqlite", place.folder.path("link")) == 0)
    #expect(symlink("winit.sqlite-journal", place.folder.path("link-to-journal")) == 0)
    let before = try place.folder.contents()
    let outputs = [
      "winit.sqlite\(ending)", "./winit.sqlite\(ending)", "sub/../winit.sqlite\(ending)", "link-to-journal",
    ]
    for output in outputs {
      for command in ["get t --format raw --force -o", "export t --force -o", "backup --force"] {
        #expect(try place.run("\(command) \(output) --registry \(name)").status == 74, "\(command) \(output)")
      }
      #expect(try place.run("get t --format npy -o \(output)/ --registry \(name)").status == 74)
    }
    #expect(try place.folder.contents() == before)
    try place.succeed("verify t")
  }
}
