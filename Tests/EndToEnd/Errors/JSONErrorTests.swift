// With --json, an error is one JSON object on standard error, and nothing else is printed there.

import Foundation
import Testing
import WinitJSON
import WinitTestSupport

/// Expects that standard error is one line: a JSON object of an error text and the exit status. Returns the text.
@discardableResult
private func expectJSONError(
  _ outcome: Outcome, _ status: Int32, _ comment: Comment? = nil, _ location: SourceLocation = #_sourceLocation
) throws -> String {
  #expect(outcome.status == status, comment, sourceLocation: location)
  #expect(
    outcome.errors.hasSuffix("}\n") && outcome.errors.count { $0 == "\n" } == 1,
    "\(comment?.rawValue ?? ""): \(outcome.errors)", sourceLocation: location)
  let object = try #require(
    try? JSONValue(parsing: outcome.errors), "\(comment?.rawValue ?? ""): \(outcome.errors)", sourceLocation: location)
  #expect(object.objectValue?.map(\.key).sorted() == ["code", "error"], comment, sourceLocation: location)
  #expect(object["code"]?.integerValue == Int(status), comment, sourceLocation: location)
  let text = object["error"]?.stringValue ?? ""
  #expect(!text.isEmpty && !text.hasPrefix("error"), "\(comment?.rawValue ?? ""): \(text)", sourceLocation: location)
  return text
}

@Suite struct JSONErrorTests {
  @Test func `with --json, a usage error of every command is one JSON object on standard error`() throws {
    let place = try Workplace()
    let commands = try ListedCommand.all()
    #expect(commands.count > 25)
    for command in commands {
      for words in ["\(command.words) --json --nonsense", "\(command.words) --json --nonsense=3"] {
        let outcome = try place.run(words)
        let text = try expectJSONError(outcome, 64, "\(words)")
        #expect(text.contains(command.hasJSON ? "--nonsense" : "--json") && outcome.output.isEmpty, "\(words)")
      }
    }
    for words in [
      "frobnicate --json", "--json", "--json list", "help nope --json", "preset nope --json", "preset --json nope",
      "list --json --limit x", "create --json", "create t --seed 1 --json", "show --manifest t --json",
      "get t --json -o -", "verify t --all --json", "preset show gpt2 --json",
    ] {
      let outcome = try place.run(words)
      try expectJSONError(outcome, 64, "\(words)")
      #expect(outcome.output.isEmpty)
    }
    try expectJSONError(place.run("version --json", environment: ["WINIT_KERNEL": "mmx"]), 64)
    #expect(try place.folder.contents().isEmpty)
  }

  @Test func `with --json, an error of every command is one JSON object on standard error`() throws {
    // Each needs a registry, a file or a name that does not exist.
    let failing = [
      "create": "t --spec none.yaml --seed 1", "get": "x", "verify": "x", "graft": "a b --take w --as c", "list": "",
      "show": "x", "diff": "a b", "identify": "none", "log": "", "alias": "x y", "rename": "a b", "tag": "x k=v",
      "note": "x y", "rm": "x", "restore": "x", "export": "x -o out", "import": "none.winit", "backup": "copy",
      "stats": "", "gc": "", "strip": "x", "materialize": "x", "doctor": "", "schemes show": "nope",
      "preset options": "nope", "diagnose": "x", "report": "x -o page.html",
    ]
    // These can only fail to print.
    let printing = ["schemes list", "preset list", "version"]
    let commands = try ListedCommand.all().filter(\.hasJSON).map(\.words)
    #expect(commands.filter { failing[$0] == nil && !printing.contains($0) } == [])
    let place = try Workplace()
    for command in commands {
      if let words = failing[command] {
        let outcome = try place.run("\(command) \(words) --json")
        try expectJSONError(outcome, 66, "\(command)")
        #expect(outcome.output.isEmpty, "\(command)")
      } else {
        #if os(Linux)
          let outcome = try place.shell("winit-registry \(command) --json > /dev/full")
          try expectJSONError(outcome, 74, "\(command)")
        #endif
      }
    }
    #expect(try place.folder.contents().isEmpty)
  }

  @Test func `with --json, all problems of a spec are the lines of one error`() throws {
    let place = try Workplace()
    try place.folder.write("bad.yaml", "tensors: {w: [2], v: [2, x], u: {shape: [2], init: unifrom}}")
    let text = try expectJSONError(place.run("create t --spec bad.yaml --seed 1 --json"), 65)
    let lines = text.split(separator: "\n")
    #expect(lines.count == 3 && lines.allSatisfy { $0.hasPrefix("bad.yaml:1: tensor `") }, "\(text)")
  }

  @Test func `with --json, warnings and notes are part of the output and not on standard error`() throws {
    let place = try Workplace()
    try place.folder.write("t.yaml", tinySpec.replacing("rules: [", with: "rules: [{match: zz, init: ones}, "))
    let created = try place.run("create t --spec t.yaml --seed 1 --json")
    #expect(created.status == 0 && created.errors.isEmpty)
    #expect(try JSONValue(parsing: created.output)["warnings"]?.arrayValue?.count == 1)
    try place.folder.write("q.yaml", "tensors: {q: [40, 30]}\nrules: [{match: q, init: orthogonal}]")
    try place.succeed("create q --spec q.yaml --seed 1 --recipe-only")
    #expect(try place.succeed("get q --tensor q --slice 0 -o q.bin").errors.hasPrefix("note: "))
    #expect(try place.succeed("get q --tensor q --slice 0 -o q2.bin --json").errors.isEmpty)
    // One bit of the stored bytes of `w`.
    try place.succeed("get t --tensor w -o w.raw")
    let bytes = try place.folder.bytes("w.raw"), file = try place.folder.bytes("winit.sqlite")
    let start = try #require(Data(file).firstRange(of: Data(bytes))?.lowerBound)
    try overwrite(place.folder.path("winit.sqlite"), at: start, with: [bytes[0] ^ 1])
    let got = try place.succeed("get t -o t.safetensors --json")
    #expect(got.errors.isEmpty)
    #expect(try JSONValue(parsing: got.output)["damaged"]?.canonical == #"["w"]"#)
    #expect(try place.succeed("export t -o t.winit --json").errors.isEmpty)
    #expect(try place.succeed("list --limit 1 --json").errors.isEmpty)
    // A mismatch is no error: its report is on standard output.
    let verified = try place.run("verify t --json")
    #expect(verified.status == 1 && verified.errors.isEmpty)
  }

  @Test func `with --json, a verification reports what it can, and the runs that cannot be read are one error`() throws
  {
    let place = try Workplace()
    try place.folder.write("t.yaml", tinySpec)
    for name in ["a", "b", "c"] { try place.succeed("create \(name) --spec t.yaml --seed 1") }
    let shapes = Data(try place.folder.bytes("winit.sqlite")).ranges(of: Data("[4,8]{".utf8)).map(\.lowerBound).sorted()
    #expect(shapes.count == 3)
    for shape in shapes.prefix(2) {
      try overwrite(place.folder.path("winit.sqlite"), at: shape, with: [UInt8(ascii: "x")])
    }
    let outcome = try place.run("verify --all --json")
    let text = try expectJSONError(outcome, 65)
    let report = try JSONValue(parsing: outcome.output)
    #expect(report["runs"]?.arrayValue?.count == 1)
    let unreadable = (report["errors"]?.arrayValue ?? []).compactMap { $0["reference"]?.stringValue }
    #expect(unreadable.count == 2)
    #expect(text.split(separator: "\n").map { $0.prefix(6) } == unreadable.map { "\($0): " })
  }

  @Test func `--json as the value of an option does not ask for JSON`() throws {
    let place = try Workplace()
    for words in [
      "create t --spec none.yaml --seed x --note --json", "create t --spec none.yaml --seed 1 --note --json",
      "show x --registry --json",
    ] {
      #expect(try place.run(words).errors.hasPrefix("error: "), "\(words)")
    }
    #expect(try place.shell("winit-registry show -- --json").errors.hasPrefix("error: "))
  }

  @Test func `with --json, an interrupted command prints one JSON object with the exit status 130`() throws {
    let place = try Workplace()
    // 2 TB, which no machine fills before the signal comes.
    try place.folder.write("big.yaml", "tensors: {w: {shape: [500000, 1048576], init: normal}}")
    let child = try Command.start(
      ["create", "t", "--spec", "big.yaml", "--seed", "1", "--recipe-only", "--json"], in: place.folder)
    // The handler of signals is in place before the file appears.
    let deadline = ContinuousClock.now + .seconds(60)
    while !place.folder.exists("winit.sqlite"), !child.hasEnded, ContinuousClock.now < deadline { usleep(1000) }
    child.send(SIGINT)
    let outcome = child.wait()
    try expectJSONError(outcome, 130)
    #expect(outcome.output.isEmpty)
  }
}
