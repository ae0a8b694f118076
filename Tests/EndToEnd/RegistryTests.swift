// Names, metadata, history, garbage collection and bundles: the commands for a registry with many runs.

import Foundation
import Testing
import WinitJSON
import WinitTestSupport

@Suite struct RegistryTests {
  private func place() throws -> Workplace {
    let place = try Workplace()
    try place.folder.write("t.yaml", tinySpec)
    return place
  }

  private func references(_ place: Workplace, _ list: String) throws -> [String] {
    try place.json(list)["runs"]?.arrayValue?.compactMap { $0["reference"]?.stringValue } ?? []
  }

  @Test func `alias, rename, rm, restore, tag and note change a run, and log shows each change`() throws {
    let place = try place()
    for seed in 1...3 {
      try place.succeed("create gpt2 --spec t.yaml --seed \(seed) --experiment e\(seed % 2)")
    }
    func alias(_ words: String) throws -> [String?] {
      let report = try place.json("alias " + words)
      return ["alias", "reference", "moved_from"].map { report[$0]?.stringValue }
    }
    #expect(try alias("gpt2:v1 baseline") == ["gpt2:baseline", "gpt2:v1", nil])
    #expect(try alias("gpt2:v3 baseline") == ["gpt2:baseline", "gpt2:v3", "gpt2:v1"])
    #expect(try place.json("show gpt2:baseline")["version"]?.integerValue == 3)
    let versionLike = try place.run("alias gpt2:v1 v9")
    #expect(versionLike.status == 64 && versionLike.errors.contains("`v9`"))
    let aliased = try place.run("rm gpt2:baseline")
    #expect(aliased.status == 64 && aliased.errors.contains("`baseline`"))
    #expect(try alias("--remove gpt2:baseline") == ["gpt2:baseline", nil, "gpt2:v3"])
    #expect(try place.run("show gpt2:baseline").status == 66)
    try place.succeed("rm gpt2:v1 gpt2:v2")
    #expect(try references(place, "list") == ["gpt2:v3"])
    #expect(try references(place, "list --deleted") == ["gpt2:v2", "gpt2:v1"])
    let gone = try place.run("get gpt2:v1 -o x.safetensors")
    #expect(gone.status == 66 && gone.errors.contains("restore gpt2:v1"))
    try place.succeed("restore gpt2:v1")
    try place.succeed("tag gpt2:v1 opt=adamw lr=3e-4 --experiment sweep --parent gpt2:v3")
    try place.succeed("note gpt2:v1", ["diverged at step 100"])
    try place.succeed("rename gpt2 small")
    let run = try place.json("show small:v1")
    #expect(run["tags"]?.canonical == #"{"lr":"3e-4","opt":"adamw"}"#)
    #expect(run["experiment"]?.stringValue == "sweep" && run["note"]?.stringValue == "diverged at step 100")
    #expect(try run["parent"]?.stringValue == place.json("show small:v3")["uid"]?.stringValue)
    #expect(
      try references(place, "list --tag opt=adamw --experiment sweep --seed 1 --scheme normal --dtype f32")
        == ["small:v1"])
    #expect(try place.succeed("list --count --tag opt").output == "1\n")
    let log = try place.json("log small:v1")["entries"]?.arrayValue ?? []
    #expect(
      log.compactMap { $0["action"]?.stringValue } == [
        "facts", "facts", "restore", "delete", "alias", "create",
      ])
    #expect(log.allSatisfy { $0["actor"]?["user"]?.stringValue != nil && $0["at"]?.stringValue?.count == 20 })
    for bad in [
      "tag small:v1 novalue", "tag small:v1", "alias small:v1", "list --since tomorrow", "list --dtype int3",
    ] {
      #expect(try place.run(bad).status == 64, "\(bad)")
    }
  }

  @Test(arguments: [
    ("list --limit 9223372036854775807", Int32(0)), ("verify --all --sample 9223372036854775807", 0),
    ("list --since 2026-99-99", 64), ("list --since 2026-02-30", 64), ("list --since 2026-02-28T24:30", 64),
    ("list --until 2026-02-28T10:30Z --since 2026-02-28", 0), ("gc --grace 1000000w", 0),
    ("gc --grace -1d", 64),
    ("get t -o t.pt", 64), ("get t -o t.PT --format safetensors", 0),
    ("create t --spec t.yaml --seed 1 --parent nosuch --registry new.sqlite", 66), ("log --limit -1", 64),
  ])
  func `extreme numbers and times, and extensions of other formats, are accepted or refused at once`(
    command: String, status: Int32
  ) throws {
    let place = try place()
    try place.succeed("create t --spec t.yaml --seed 1")
    let outcome = try place.run(command)
    #expect(outcome.status == status, "\(outcome)")
    #expect(!place.folder.exists("new.sqlite"))
  }

  @Test func `create works in a folder that has been deleted`() throws {
    let place = try place()
    let script =
      #"mkdir g && cd g && rmdir ../g && exec "$0" create t --spec "$1/t.yaml" --seed 1 --registry "$1/r""#
    let outcome = try ChildProcess(
      "/bin/sh", ["-c", script, Command.path, place.folder.url.path], in: place.folder.url.path
    ).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  @Test func `list returns every run exactly once over all pages`() throws {
    let place = try place()
    for seed in 1...5 { try place.succeed("create t --recipe-only --spec t.yaml --seed \(seed)") }
    var (seen, after): ([String], String?) = ([], nil)
    repeat {
      let page = try place.json("list --limit 2" + (after.map { " --after \($0)" } ?? ""))
      seen += page["runs"]?.arrayValue?.compactMap { $0["reference"]?.stringValue } ?? []
      #expect(page["total"]?.integerValue == 5)
      after = page["next"]?.stringValue
    } while after != nil && seen.count < 10
    #expect(seen == ["t:v5", "t:v4", "t:v3", "t:v2", "t:v1"])
    #expect(try place.run("list --limit 2").errors.contains("--after t:v4"))
  }

  @Test func `stats, gc, strip, materialize, export, import, backup, doctor and diff work on one registry`() throws {
    let place = try place()
    try place.folder.write("m.yaml", smallSpec)
    try place.succeed("create m --spec m.yaml --seed 1")
    try place.succeed("create m --spec m.yaml --seed 2")
    try place.succeed("get m:v1 -o v1.safetensors")
    try place.succeed("import v1.safetensors --as theirs --note found --no-capture")
    let captured = try place.json("show theirs")
    #expect(captured["origin"]?.stringValue == "captured" && captured["seed"]?.canonical == "null")
    #expect(captured["host"]?.canonical == "{}")
    let same = try place.json("diff m:v1 theirs")
    #expect(same["same_weights"]?.canonical == "true")
    let other = try place.run("diff m:v1 m:v2 --json")
    #expect(other.status == 1)
    let changed = try JSONValue(parsing: other.output)["changed"]?.arrayValue ?? []
    #expect(
      Set(changed.compactMap { $0["name"]?.stringValue }) == ["h.0.w", "emb", "wide", "\u{E9}", "empty"])
    try place.succeed("export m:v1 theirs -o bundle.winit")
    try place.succeed("import bundle.winit --registry other.sqlite")
    #expect(try place.json("import bundle.winit --registry other.sqlite")["stored_bytes"]?.integerValue == 0)
    #expect(try place.json("diff m:v1 m:v1 --other other.sqlite")["same_weights"]?.canonical == "true")
    try place.succeed("verify --all --registry other.sqlite")
    try place.succeed("backup copy.sqlite")
    #expect(try place.run("backup copy.sqlite").errors.contains("--force"))
    try place.succeed("doctor --full --registry copy.sqlite")
    let before = try place.json("stats")
    try place.succeed("strip m:v2")
    try place.succeed("rm m:v1")
    #expect(try place.json("gc")["done"]?.canonical == "false")
    #expect(try place.json("gc --grace 0d --yes")["runs"]?.arrayValue?.compactMap(\.stringValue) == ["m:v1"])
    let after = try place.json("stats")
    #expect((after["stored_bytes"]?.integerValue ?? 0) < (before["stored_bytes"]?.integerValue ?? 0))
    #expect(after["reclaimable_bytes"]?.integerValue == 0)
    try place.succeed("materialize m:v2")
    try place.succeed("verify m:v2 theirs --stored")
    try place.succeed("doctor --full")
    let collected = try place.run("show m:v1")
    #expect(collected.status == 66 && collected.errors.contains("m:v1"))
  }

  @Test func `verify prints its level, samples chunks, and records its result in the history`() throws {
    let place = try place()
    for seed in 1...3 { try place.succeed("create t --spec t.yaml --seed \(seed)") }
    for (options, level) in [("", "everything"), ("--regenerate", "regenerate"), ("--stored", "stored")] {
      #expect(try place.json("verify t \(options)")["runs"]?.arrayValue?.first?["level"]?.stringValue == level)
    }
    let samples = try place.json("verify --all --sample 2")["runs"]?.arrayValue ?? []
    #expect(!samples.isEmpty && samples.allSatisfy { $0["sampled_from"]?.integerValue == 2 })
    #expect(try place.json("verify --since 1h")["runs"]?.arrayValue?.count == 3)
    #expect(try place.json("verify --since 2999-01-01")["runs"]?.arrayValue?.count == 0)
    // No verification was interrupted, so --resume skips no run.
    #expect(try place.json("verify --all --resume")["runs"]?.arrayValue?.count == 3)
    let log = try place.json("log --limit 1")["entries"]?.arrayValue?.first
    #expect(log?["action"]?.stringValue == "verify" && log?["detail"]?["matches"]?.canonical == "true")
  }

  @Test func `verify --resume skips the runs that an interrupted verification has verified`() throws {
    let place = try place()
    // One thread takes some seconds to verify 1.7 G elements.
    try place.folder.write(
      "big.yaml", "tensors: {w: {shape: [1600, 1048576], dtype: bfloat16, init: truncated_normal}}")
    // The newest run is verified first.
    try place.succeed("create big --recipe-only --spec big.yaml --seed 1")
    for seed in 1...3 { try place.succeed("create t --spec t.yaml --seed \(seed)") }
    let child = try Command.start(["verify", "--all", "--threads", "1"], in: place.folder)
    let start = ContinuousClock.now
    while try place.json("log --limit 0")["entries"]?.arrayValue?.count ?? 0 < 7 {
      try #require(ContinuousClock.now - start < .seconds(60))
      usleep(10000)
    }
    child.send(SIGINT)
    #expect(child.wait().status == 130)
    let rest = try place.json("verify --all --resume --threads 2")
    #expect(rest["resumed_after"]?.integerValue == 3)
    #expect(rest["runs"]?.arrayValue?.compactMap { $0["reference"]?.stringValue } == ["big:v1"])
  }
}
