// Waits for locks, and the command in a terminal: progress, Ctrl-C, Ctrl-Z, and a terminal that is closed.

import Foundation
import Testing
import WinitJSON
import WinitTestSupport

@Suite struct WaitingTests {
  private func place() throws -> Workplace {
    let place = try Workplace()
    try place.folder.write("t.yaml", tinySpec)
    return place
  }

  /// Locks a registry with the sqlite3 module of Python until `release` is called.
  private final class Holder {
    private let child: ChildProcess
    private let folder: TemporaryFolder
    var pid: Int { Int(child.pid) }

    init(_ kind: String, _ folder: TemporaryFolder) throws {
      self.folder = folder
      try? FileManager.default.removeItem(atPath: folder.path("held"))
      let script = """
        import sqlite3, time, pathlib
        connection = sqlite3.connect("winit.sqlite", isolation_level=None)
        connection.execute("BEGIN \(kind)")
        connection.execute("SELECT * FROM sqlite_schema").fetchone()
        pathlib.Path("held").touch()
        while pathlib.Path("held").exists(): time.sleep(0.01)
        connection.execute("ROLLBACK")
        """
      child = try ChildProcess(Python.path, ["-c", script], in: folder.url.path)
      let start = ContinuousClock.now
      while !FileManager.default.fileExists(atPath: folder.path("held")) {
        try #require(ContinuousClock.now - start < .seconds(60))
        usleep(5000)
      }
    }

    func release() {
      try? FileManager.default.removeItem(atPath: folder.path("held"))
      _ = child.wait()
    }
  }

  @Test(.enabled(if: Python.isAvailable, "needs Python"))
  func `a command names the process that keeps the registry locked, and waits for as long as --lock-timeout says`()
    throws
  {
    let place = try place()
    try place.succeed("create t --spec t.yaml --seed 1")
    let holder = try Holder("EXCLUSIVE", place.folder)
    for (seconds, words) in [("0", "list"), ("0.3", "tag t a=b"), ("1.5", "create t --spec t.yaml --seed 2")] {
      let start = ContinuousClock.now
      let outcome = try place.run("\(words) --lock-timeout \(seconds)")
      let took = ContinuousClock.now - start
      #expect(outcome.status == 74)
      #expect(outcome.errors.contains("process \(holder.pid) (`"), "\(outcome.errors)")
      #expect(outcome.errors.contains("--lock-timeout"))
      // The notice comes after a second, in a line of its own before the error.
      #expect(outcome.errors.hasPrefix("waiting for ") == (seconds == "1.5"), "\(outcome.errors)")
      #expect(took >= .seconds(Double(seconds) ?? 0))
      #expect(took < .seconds((Double(seconds) ?? 0) + 20))
    }
    // A program that reads JSON gets no notice.
    let start = try Command.start(["show", "t", "--json"], in: place.folder)
    usleep(1_800_000)
    holder.release()
    let shown = start.wait()
    #expect(shown.status == 0 && shown.errors.isEmpty)
    #expect(try place.json("list")["runs"]?.arrayValue?.count == 1)
    #expect(try place.json("show t")["tags"]?.objectValue?.isEmpty ?? true)
  }

  @Test(.enabled(if: Python.isAvailable, "needs Python"))
  func `a repair of a damaged file waits for the processes that use it, names them, and changes nothing meanwhile`()
    throws
  {
    let place = try place()
    try place.succeed("create t --spec t.yaml --seed 1")
    let holder = try Holder("DEFERRED", place.folder)
    let path = place.folder.path("winit.sqlite")
    let size = try place.folder.bytes("winit.sqlite").count
    try #require(truncate(path, off_t(size / 2)) == 0)
    let cut = try place.folder.bytes("winit.sqlite")
    for seconds in ["0", "1.5"] {
      let start = ContinuousClock.now
      let outcome = try place.run("doctor --repair --lock-timeout \(seconds)")
      #expect(outcome.status == 74)
      #expect(outcome.errors.contains("process \(holder.pid) (`"), "\(outcome.errors)")
      #expect(outcome.errors.hasPrefix("waiting for ") == (seconds == "1.5"), "\(outcome.errors)")
      #expect(ContinuousClock.now - start < .seconds(20))
      #expect(try place.folder.bytes("winit.sqlite") == cut && !place.folder.exists("winit.sqlite.damaged-1"))
    }
    // Ctrl-C ends the wait at once.
    let repair = try Command.start(["doctor", "--repair"], in: place.folder)
    usleep(1_500_000)
    repair.send(SIGINT)
    #expect(repair.wait().status == 130)
    #expect(try place.folder.bytes("winit.sqlite") == cut)
    holder.release()
    #expect(try [0, 1].contains(place.run("doctor --repair").status))
    #expect(place.folder.exists("winit.sqlite.damaged-1"))
  }

  @Test(.enabled(if: Python.isAvailable, "needs Python"))
  func `a stopped process that keeps the registry locked is named as stopped`() throws {
    let place = try place()
    try place.succeed("create t --spec t.yaml --seed 1")
    let holder = try Holder("IMMEDIATE", place.folder)
    kill(pid_t(holder.pid), SIGSTOP)
    let outcome = try place.run("note t text --lock-timeout 1.2")
    kill(pid_t(holder.pid), SIGCONT)
    holder.release()
    #expect(outcome.status == 74)
    #expect(outcome.errors.contains("kill -CONT \(holder.pid)"), "\(outcome.errors)")
    #expect(try place.run("note t text").status == 0)
  }

  @Test(arguments: ["-1", "x", "inf", "nan", "1e3", "", "99999999999"])
  func `a lock timeout that is no number of seconds is a usage error`(seconds: String) throws {
    let outcome = try place().run("list --lock-timeout", [seconds])
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains("--lock-timeout"))
  }

  @Test(.enabled(if: Python.isAvailable, "needs Python"))
  func `a lock ends a verification of all runs, and is not recorded as the failure of a run`() throws {
    let place = try place()
    for seed in 1...3 { try place.succeed("create t --spec t.yaml --seed \(seed)") }
    // A lock of the file before the command reads the first run.
    let holder = try Holder("EXCLUSIVE", place.folder)
    let outcome = try place.run("verify --all --lock-timeout 0.2")
    holder.release()
    #expect(outcome.status == 74 && outcome.output.isEmpty)
    #expect(try place.run("verify --all").output == "3 ok\n")
  }

  @Test func `verify --all prints a line for each run that does not match, and a summary as its last line`() throws {
    let place = try place()
    for seed in 1...4 { try place.succeed("create t --spec t.yaml --seed \(seed)") }
    #expect(try place.run("verify --all").output == "4 ok\n")
    try place.change(
      """
      UPDATE chunks SET bytes = zeroblob(size) WHERE id IN (
        SELECT chunk FROM tensor_chunks JOIN tensors ON tensors.id = tensor JOIN runs ON runs.id = tensors.run
        WHERE tensors.name = 'w' AND runs.version IN (2, 3))
      """)
    let outcome = try place.run("verify --all")
    let lines = outcome.output.split(separator: "\n").map(String.init)
    #expect(outcome.status == 1)
    #expect(lines.count == 3)
    #expect(lines.first?.hasPrefix("t:v3  MISMATCH  stored: `w`: ") == true)
    #expect(lines.last == "2 ok, 2 mismatches: t:v3, t:v2")
    let verbose = try place.run("verify --all --verbose").output.split(separator: "\n")
    #expect(verbose.count(where: { $0.hasPrefix("t:v") }) == 4)
    #expect(verbose.last == "2 ok, 2 mismatches: t:v3, t:v2")
    #expect(try place.run("verify t:v1").output.hasPrefix("t:v1  ok  ("))
    try place.succeed("create r --spec t.yaml --seed 9 --recipe-only")
    #expect(
      try place.run("verify --since 1h --stored").output.split(separator: "\n").last
        == "2 ok, 1 skipped (recipe-only), 2 mismatches: t:v3, t:v2")
  }

  @Test(
    .enabled(if: Python.isAvailable, "needs Python"),
    arguments: [
      // The bar fits every window, and shows the rate and the time left.
      "widths",
      // The bar fits a window that becomes narrower.
      "resize",
      // A terminal that cannot draw gets no bar.
      "dumb",
      // The bar moves during one tensor that is computed whole, and Ctrl-C ends it within a second.
      "whole",
      // Ctrl-C ends a wait for a lock within a second.
      "interrupt_wait",
      // Ctrl-Z stops between transactions, and `fg` continues.
      "stop",
      // Ctrl-Z stops a wait for a lock, and the time of the stop does not count.
      "stop_wait",
      // A hang-up rolls a create back, and a verification can be resumed.
      "hangup",
      // With SIGHUP ignored, a create and a verification end well without their terminal.
      "nohup",
    ])
  func `in a terminal the command does what its help says`(scenario: String) throws {
    let outcome = try Python.run("terminal", [Command.path, scenario], in: try TemporaryFolder())
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
  }
}
