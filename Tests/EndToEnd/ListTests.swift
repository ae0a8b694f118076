// list: filters, CSV, experiments and tags.

import Foundation
import Testing
import WinitJSON
import WinitTestSupport

@Suite struct ListTests {
  /// Six runs of different experiments, tags and notes.
  private func place() throws -> Workplace {
    let place = try Workplace()
    try place.folder.write("t.yaml", tinySpec)
    let runs: [(String, [String])] = [
      ("sweep-a", ["--tag", "lr=1e-4", "--tag", "opt=adamw", "--note", "First try: Loss 3.2"]),
      ("sweep-b", ["--tag", "lr=3e-4", "--tag", "opt=adamw"]),
      ("sweep-b", ["--tag", "lr=3e-3", "--note", "100% of the data\nsecond line"]),
      ("base*line", ["--tag", "glob=*", "--tag", "path=\\\\server\\x"]),
      ("", ["--tag", "glob=a", "--note", "loss 2.9"]),
      ("", []),
    ]
    for (index, (experiment, options)) in runs.enumerated() {
      try place.succeed(
        "create t --spec t.yaml --recipe-only --seed \(index + 1)",
        (experiment.isEmpty ? [] : ["--experiment", experiment]) + options)
    }
    return place
  }

  private func versions(_ place: Workplace, _ arguments: [String]) throws -> [Int] {
    let outcome = try place.succeed("list --json", arguments)
    let runs = try JSONValue(parsing: outcome.output)["runs"]?.arrayValue ?? []
    let versions = runs.compactMap { $0["version"]?.integerValue }.sorted()
    let count = try place.succeed("list --count", arguments).output
    #expect(count == "\(versions.count)\n")
    return versions
  }

  @Test(
    arguments: [
      (["--experiment", "sweep-b"], [2, 3]),
      (["--experiment", "sweep-*"], [1, 2, 3]),
      (["--experiment", "sweep-?"], [1, 2, 3]),
      (["--experiment", "*b*", "--experiment", "!sweep-*"], [4]),
      (["--experiment", "!sweep-b"], [1, 4, 5, 6]),
      (["--experiment", "!*"], [5, 6]),
      (["--experiment", "base*line"], [4]),
      (["--experiment", "base\\*line"], [4]),
      (["--experiment", "base\\?line"], []),
      (["--experiment", "Sweep-*"], []),
      (["--tag", "lr"], [1, 2, 3]),
      (["--tag", "lr=3e-4"], [2]),
      (["--tag", "lr=3e-*"], [2, 3]),
      (["--tag", "lr=*e-4", "--tag", "opt=adamw"], [1, 2]),
      (["--tag", "l*=1e-4"], [1]),
      (["--tag", "!lr"], [4, 5, 6]),
      (["--tag", "!*"], [6]),
      (["--tag", "!lr=3e-*"], [1, 4, 5, 6]),
      (["--tag", "lr", "--tag", "!opt"], [3]),
      (["--tag", "glob=*"], [4, 5]),
      (["--tag", "glob=\\*"], [4]),
      (["--tag", "!glob=\\*", "--tag", "glob"], [5]),
      // Backslashes that escape nothing are themselves.
      (["--tag", "path=\\\\server\\x"], [4]),
      (["--tag", "path=\\\\server*"], [4]),
      (["--note", "loss"], [1, 5]),
      (["--note", "LOSS 2"], [5]),
      (["--note", "data*line"], [3]),
      (["--note", "100%"], [3]),
      (["--note", "10_%"], []),
      (["--note", "!loss"], [2, 3, 4, 6]),
      (["t*"], [1, 2, 3, 4, 5, 6]),
      (["!t*"], []),
      (["!u?", "--tag", "lr"], [1, 2, 3]),
      (["--since", "2020-01-01 10:00", "--until", "2999-01-01 10:00:59"], [1, 2, 3, 4, 5, 6]),
      (["--since", "yesterday"], [1, 2, 3, 4, 5, 6]),
      (["--until", "yesterday"], []),
      (["--since", "2w", "--until", "2999-01-01T00:00+14:00"], [1, 2, 3, 4, 5, 6]),
    ] as [([String], [Int])])
  func `filters select by pattern, and a leading exclamation mark selects the others`(
    arguments: [String], expected: [Int]
  ) throws {
    #expect(try versions(place(), arguments) == expected)
  }

  @Test(arguments: ["list", "list --tag", "list --experiment", "list --note", "list --id"])
  func `a pattern that SQLite would refuse is a usage error`(words: String) throws {
    let place = try place()
    // SQLite takes 50,000 bytes.
    let outcome = try place.run(words, [String(repeating: "a", count: 60_000) + "*"])
    #expect(outcome.status == 64 && outcome.errors.hasPrefix("error: ") && outcome.output == "")
    #expect(try place.run(words, [String(repeating: "[", count: 10_000)]).status == (words == "list --id" ? 64 : 0))
  }

  @Test(arguments: [["--tag", ""], ["--tag", "!"], ["--tag", "=x"], ["--experiment", ""], ["--experiment", "!"]])
  func `an empty pattern, such as that of an unset variable, is a usage error and not a filter that selects all`(
    arguments: [String]
  ) throws {
    let outcome = try place().run("list", arguments)
    #expect(outcome.status == 64 && outcome.output.isEmpty && outcome.errors.hasPrefix("error: "))
  }

  @Test func `list finds runs by the digits of their id, in every form`() throws {
    let place = try place()
    try place.succeed("create same --spec t.yaml --recipe-only --seed 2")
    let id = try #require(try place.json("show t:v2")["id"]?.stringValue)
    let digits = String(id.dropFirst(7))
    for (arguments, expected) in [
      ([id], ["same:v1", "t:v2"]), ([String(id.prefix(15))], ["same:v1", "t:v2"]),
      (["t@" + id.prefix(15)], ["t:v2"]), (["--id", String(digits.prefix(12)).uppercased()], ["same:v1", "t:v2"]),
      (["t", "--id", id], ["t:v2"]), (["--id", "sha256:" + digits, "--tag", "lr"], ["t:v2"]),
      ([id, "--id", digits.hasPrefix("0") ? "1" : "0"], []),
    ] {
      let runs = try JSONValue(parsing: place.succeed("list --json", arguments).output)["runs"]?.arrayValue ?? []
      #expect(runs.compactMap { $0["reference"]?.stringValue } == expected, "\(arguments)")
    }
    for wrong in ["--id", "sha256:"] { #expect(try place.run("list \(wrong)").status == 64) }
    #expect(try place.run("list --id xyz").status == 64)
    #expect(try place.run("list sha256:xyz").status == 64)
    // A long text is quoted once, and shortened.
    let long = try place.run("list --id", [String(repeating: "z", count: 300)]).errors
    #expect(long.hasPrefix("error: `zzz") && (long.split(separator: "\n").first?.count ?? 0) < 240, "\(long)")
  }

  @Test func `days by name begin at midnight UTC`() throws {
    let place = try place()
    let day = Date(timeIntervalSince1970: (Date.now.timeIntervalSince1970 / 86400).rounded(.down) * 86400)
    // One run a second before midnight of today, one at midnight of yesterday, one a second before.
    for (seed, offset) in [(1, -1.0), (2, -86400), (3, -86401)] {
      let time = day.addingTimeInterval(offset).formatted(.iso8601)
      try place.change("UPDATE runs SET created_at = '\(time)' WHERE seed = '\(seed)'")
    }
    #expect(try versions(place, ["--since", "today"]) == [4, 5, 6])
    #expect(try versions(place, ["--since", "Yesterday"]) == [1, 2, 4, 5, 6])
    #expect(try versions(place, ["--since", "yesterday", "--until", "today"]) == [1, 2])
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    let names = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
    #expect(try versions(place, ["--since", names[calendar.component(.weekday, from: day) - 1]]) == [4, 5, 6])
    let before = calendar.component(.weekday, from: day.addingTimeInterval(-86400))
    #expect(try versions(place, ["--since", names[before - 1]]) == [1, 2, 4, 5, 6])
    let noon = day.addingTimeInterval(-86400).formatted(.iso8601).prefix(10)
    #expect(try versions(place, ["--until", "\(noon)T02:00+02:00"]) == [3])
    #expect(try versions(place, ["--until", "\(noon)T02:00"]) == [2, 3])
  }

  @Test func `--csv is read by Python's csv module as the values that --json gives`() throws {
    let place = try place()
    try place.succeed("note t:v6", ["=1+1, \"quoted\",\r\nα"])
    try place.folder.write("list.csv", place.succeed("list --csv").output)
    try place.folder.write("list.json", place.succeed("list --json").output)
    let script = """
      import csv, json
      rows = list(csv.reader(open("list.csv", newline="", encoding="utf-8"), strict=True))
      runs = json.load(open("list.json"))["runs"]
      assert len(rows) == len(runs) + 1 == 7
      assert rows[0] == list(runs[0]), rows[0]
      for row, run in zip(rows[1:], runs):
          for cell, value in zip(row, run.values(), strict=True):
              if isinstance(value, str): assert cell == value, (cell, value)
              elif value is None: assert cell == ""
              else: assert json.loads(cell) == value, (cell, value)
      assert any(run["note"] == '=1+1, "quoted",\\r\\n\\u03b1' for run in runs)
      assert open("list.csv", "rb").read().count(b"\\r\\n") == 8
      """
    let outcome = try ChildProcess("/usr/bin/env", ["python3", "-c", script], in: place.folder.url.path).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try place.succeed("list --csv --no-header --limit 2").output.hasPrefix("t:v6,sha256:"))
    let empty = try place.succeed("list --csv nosuch").output
    #expect(empty.hasPrefix("reference,id,") && empty.split(separator: "\r\n").count == 1)
    for wrong in ["--csv --json", "--csv --count"] { #expect(try place.run("list \(wrong)").status == 64) }
  }

  @Test func `--csv lists all runs unless a limit is given`() throws {
    let place = try Workplace()
    try place.folder.write("t.yaml", tinySpec)
    // One more than the limit of a table.
    for seed in 0..<51 { try place.succeed("create t --spec t.yaml --recipe-only --no-capture --seed \(seed)") }
    #expect(try place.succeed("list --csv --no-header").output.split(separator: "\r\n").count == 51)
    #expect(try place.succeed("list --no-header").output.split(separator: "\n").count == 50)
    let page = try place.succeed("list --csv --no-header --limit 3")
    #expect(page.output.split(separator: "\r\n").count == 3 && page.errors.contains("--after t:v49"))
  }

  @Test func `a bracket in a pattern is the character itself`() throws {
    let place = try Workplace()
    try place.folder.write("t.yaml", "tensors: {w: [4]}\nrules: [{match: w, init: normal}]")
    try place.succeed("create bracket --spec t.yaml --seed 1 --tag x=[ab]c")
    try place.succeed("create letter --spec t.yaml --seed 1 --tag x=a")
    let runs = try place.json("list --tag x=[ab]*")["runs"]?.arrayValue ?? []
    #expect(runs.map { $0["name"]?.stringValue } == ["bracket"])
  }

  @Test func `--experiments and --tags count the runs that the filters select`() throws {
    let place = try place()
    let experiments = try place.json("list --experiments")["experiments"]?.arrayValue ?? []
    #expect(Set(experiments.compactMap { $0["experiment"]?.stringValue }) == ["sweep-a", "sweep-b", "base*line"])
    #expect(experiments.first { $0["experiment"]?.stringValue == "sweep-b" }?["runs"]?.integerValue == 2)
    let tags = try place.json("list --tags")["tags"]?.arrayValue ?? []
    let pairs = tags.map { "\($0["key"]?.stringValue ?? "")=\($0["value"]?.stringValue ?? "")" }
    #expect(pairs == ["glob=*", "glob=a", "lr=1e-4", "lr=3e-3", "lr=3e-4", "opt=adamw", "path=\\\\server\\x"])
    #expect(tags.map { $0["runs"]?.integerValue } == [1, 1, 1, 1, 1, 2, 1])
    let some = try place.succeed("list --tags --csv --experiment sweep-b").output
    let rows = some.split(separator: "\r\n").map { $0.split(separator: ",").prefix(3).joined(separator: " ") }
    #expect(rows == ["key value runs", "lr 3e-3 1", "lr 3e-4 1", "opt adamw 1"])
    let limited = try place.succeed("list --tags --limit 2 --no-header")
    #expect(limited.output.split(separator: "\n").count == 2 && limited.errors.contains("--limit 0"))
    try place.succeed("rm t:v1")
    #expect(try place.succeed("list --experiments --no-header --limit 0").output.contains("sweep-a") == false)
    for wrong in ["--tags --experiments", "--tags --count", "--tags --after t:v1", "--experiments --sort name"] {
      #expect(try place.run("list \(wrong)").status == 64)
    }
  }

  @Test func `a scheme or a dtype that does not exist is an error, and an absent value of the user selects no runs`()
    throws
  {
    let place = try place()
    for command in ["list", "list --count", "list --tags", "list --experiments", "list --deleted"] {
      let scheme = try place.run("\(command) --scheme he_norml")
      #expect(scheme.status == 66 && scheme.output.isEmpty && scheme.errors.contains("did you mean `he_normal`?"))
      let dtype = try place.run("\(command) --dtype bfloat61")
      #expect(dtype.status == 64 && dtype.output.isEmpty && dtype.errors.contains("did you mean `bfloat16`?"))
    }
    for filter in [
      "--scheme orthogonal", "--scheme kaiming_uniform", "--dtype float64", "--experiment none", "--tag none",
      "--tag opt=none", "--alias none", "--note none", "none", "--seed 77", "--id 0000",
    ] {
      let result = try place.run("list \(filter)")
      #expect(result.status == 0 && result.output == "no runs match\n", "\(filter): \(result)")
    }
  }
}
