// Several processes on one registry, and processes that are stopped.

import Foundation
import Testing
import WinitJSON
import WinitTestSupport

@Suite struct ConcurrencyTests {
  private let big = "tensors: {w: [128, 1048576]}\nrules: [{match: w, init: normal}]"
  /// 17 GB, which take ten seconds or more: a test stops the create after 150 MB at most. Its first chunks are those of
  /// `big`.
  private let huge = "tensors: {w: [4096, 1048576]}\nrules: [{match: w, init: normal}]"

  private func runs(_ place: Workplace) throws -> [JSONValue] {
    try place.json("list")["runs"]?.arrayValue ?? []
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func `a create stopped by a signal rolls back what it added and says so`(signal: Int32) throws {
    let place = try Workplace()
    try place.folder.write("huge.yaml", huge)
    try place.folder.write("t.yaml", "tensors: {w: [4]}\nrules: [{match: w, init: normal}]")
    try place.succeed("create t --spec t.yaml --seed 1")
    let child = try Command.start(["create", "huge", "--spec", "huge.yaml", "--seed", "1"], in: place.folder)
    try waitForSize(place.folder.path("winit.sqlite"), 40_000_000)
    child.send(signal)
    let outcome = child.wait()
    #expect(outcome.status == 130)
    #expect(outcome.errors.hasPrefix("error: interrupted"))
    #expect(try runs(place).map { $0["reference"]?.stringValue } == ["t:v1"])
    #expect(try place.folder.bytes("winit.sqlite").count < 1_000_000)
    try place.succeed("verify --all")
  }

  @Test func `a killed create leaves a usable registry in which every reported run is complete`() throws {
    let place = try Workplace()
    try place.folder.write("big.yaml", big)
    try place.folder.write("huge.yaml", huge)
    try place.folder.write("t.yaml", "tensors: {w: [4]}\nrules: [{match: w, init: normal}]")
    try place.succeed("create t --spec t.yaml --seed 1")
    for size in [20_000_000, 60_000_000, 150_000_000] {
      let child = try Command.start(["create", "big", "--spec", "huge.yaml", "--seed", "1"], in: place.folder)
      try waitForSize(place.folder.path("winit.sqlite"), size)
      child.send(SIGKILL)
      #expect(child.wait().status == 137)
      #expect(try runs(place).map { $0["reference"]?.stringValue } == ["t:v1"])
    }
    // The next create uses the chunks that the killed processes left.
    let created = try place.json("create big --spec big.yaml --seed 1")
    #expect((created["shared_bytes"]?.integerValue ?? 0) > 0)
    try place.succeed("verify --all")
  }

  @Test func `a create whose file cannot grow rolls back what it added and says why it failed`() throws {
    let place = try Workplace()
    try place.folder.write("big.yaml", big)
    try place.folder.write("t.yaml", "tensors: {w: [4]}\nrules: [{match: w, init: normal}]")
    try place.succeed("create t --spec t.yaml --seed 1")
    // The unit is 512 bytes in POSIX and 1 KiB in bash.
    let outcome = try ChildProcess(
      "/bin/sh", ["-c", #"ulimit -f 100000; exec "$0" create big --spec big.yaml --seed 1"#, Command.path],
      in: place.folder.url.path, environment: ["WINIT_REGISTRY": ""]
    ).wait()
    #expect(outcome.status == 74)
    #expect(outcome.errors.contains("winit.sqlite: "))
    #expect(try runs(place).count == 1)
    #expect(try place.folder.bytes("winit.sqlite").count < 1_000_000)
    try place.succeed("verify --all")
  }

  @Test func `an interrupted get leaves no file`() throws {
    let place = try Workplace()
    // 4 GB, which one thread writes in more than a second.
    try place.folder.write("m.yaml", "tensors: {w: [1024, 1048576]}\nrules: [{match: w, init: normal}]")
    try place.succeed("create m --recipe-only --spec m.yaml --seed 1")
    let child = try Command.start(["get", "m", "-o", "out.safetensors", "--threads", "1"], in: place.folder)
    // Long enough to begin; the status says that it had not ended. The file has no name while it is written.
    usleep(100_000)
    child.send(SIGINT)
    #expect(child.wait().status == 130)
    #expect(try place.folder.contents() == ["m.yaml", "winit.sqlite", "winit.sqlite-journal"])
  }

  @Test func `eight processes that create runs of one name all succeed, and no version is skipped`() throws {
    let place = try Workplace()
    try place.folder.write("t.yaml", "tensors: {w: [300, 1024]}\nrules: [{match: w, init: normal}]")
    let children = try (0..<8).map { seed in
      try Command.start(["create", "t", "--spec", "t.yaml", "--seed", "\(seed % 3)"], in: place.folder)
    }
    for child in children {
      let outcome = child.wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
    #expect(try Set(runs(place).compactMap { $0["version"]?.integerValue }) == Set(1...8))
    try place.succeed("verify --all")
  }

  @Test func `eight processes that create one registry at the same time all succeed`() throws {
    for _ in 0..<10 {
      let place = try Workplace()
      try place.folder.write("t.yaml", "tensors: {w: [4]}\nrules: [{match: w, init: normal}]")
      let children = try (0..<8).map { seed in
        try Command.start(["create", "t", "--spec", "t.yaml", "--seed", "\(seed)"], in: place.folder)
      }
      for child in children {
        let outcome = child.wait()
        #expect(outcome.status == 0, "\(outcome.errors)")
      }
      #expect(try runs(place).count == 8)
    }
  }

  @Test func `other processes can verify runs during a large create`() throws {
    let place = try Workplace()
    try place.folder.write("huge.yaml", huge)
    try place.folder.write("t.yaml", "tensors: {w: [300, 1024]}\nrules: [{match: w, init: normal}]")
    try place.succeed("create t --spec t.yaml --seed 1")
    let child = try Command.start(["create", "huge", "--spec", "huge.yaml", "--seed", "1"], in: place.folder)
    try waitForSize(place.folder.path("winit.sqlite"), 30_000_000)
    for _ in 0..<5 { try place.succeed("verify t") }
    try #require(!child.hasEnded, "the create ended before the last reader")
    child.send(SIGINT)
    #expect(child.wait().status == 130)
    try place.succeed("verify --all")
  }

  @Test func `a large create succeeds while other processes verify runs`() throws {
    let place = try Workplace()
    try place.folder.write("big.yaml", big)
    try place.folder.write("t.yaml", "tensors: {w: [300, 1024]}\nrules: [{match: w, init: normal}]")
    try place.succeed("create t --spec t.yaml --seed 1")
    let child = try Command.start(["create", "big", "--spec", "big.yaml", "--seed", "1"], in: place.folder)
    while !child.hasEnded { try place.succeed("verify t") }
    #expect(child.wait().status == 0)
    #expect(try place.run("verify --all").output == "2 ok\n")
  }

  @Test func `a signal that the parent process ignores, as nohup does, does not stop a create`() throws {
    let place = try Workplace()
    try place.folder.write("big.yaml", big)
    let child = try ChildProcess(
      "/bin/sh", ["-c", #"trap "" HUP; exec "$0" create big --spec big.yaml --seed 1"#, Command.path],
      in: place.folder.url.path, environment: ["WINIT_REGISTRY": ""])
    try waitForSize(place.folder.path("winit.sqlite"), 30_000_000)
    child.send(SIGHUP)
    #expect(child.wait().status == 0)
  }

  /// Waits until a file has grown to a size, or fails after a minute.
  private func waitForSize(_ path: String, _ size: Int) throws {
    let start = ContinuousClock.now
    while true {
      let now = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
      if now ?? 0 >= size { return }
      try #require(ContinuousClock.now - start < .seconds(60), "\(path) did not grow to \(size)")
      usleep(500)
    }
  }
}
