// Compares docs/commands.md and docs/json.md with what the command prints.

import Foundation
import Testing
import WinitJSON
import WinitTestSupport

@Suite struct DocumentationTests {
  /// Returns the help of every command, in the form of docs/commands.md. WINIT_RECORD=1 rewrites that file.
  private func reference() throws -> String {
    let place = try Workplace()
    var text = """
      # Commands

      What `winit-registry --help` says, and the help of each subcommand.

      """
    let commands = [
      "", "create", "get", "verify", "graft", "diagnose", "report", "list", "show", "diff", "identify", "log", "alias",
      "rename", "tag",
      "note", "rm",
      "restore", "export", "import", "backup", "stats", "gc", "strip", "materialize", "doctor", "schemes",
      "schemes list", "schemes show", "preset",
      "preset list", "preset show", "preset options", "version",
    ]
    for command in commands {
      let words = (command + " --help").trimmingCharacters(in: .whitespaces)
      let help = try Command.run(
        words.split(separator: " ").map(String.init), in: place.folder, environment: ["COLUMNS": "100"])
      #expect(help.status == 0)
      text +=
        "\n## winit-registry\(command.isEmpty ? "" : " " + command)\n\n```\n\(help.output.trimmingCharacters(in: .newlines))\n```\n"
    }
    return text
  }

  @Test func `docs/commands.md holds the help of every command`() throws {
    let file = VectorFile.repository.appending(path: "docs/commands.md")
    let reference = try reference()
    if isRecording {
      try reference.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == reference)
  }

  @Test func `no line of a list or an example in a help is broken in 80 columns`() throws {
    let folder = try TemporaryFolder()
    for command in [""] + (try ListedCommand.all().map(\.words)) {
      let words = (command + " --help").split(separator: " ").map(String.init)
      let help = try Command.run(words, in: folder, environment: ["COLUMNS": "400"])
      let overview = help.output.components(separatedBy: "\nUSAGE:")[0].split(separator: "\n")
      for line in overview where line.hasPrefix(" ") { #expect(line.count <= 80, "\(command): \(line)") }
    }
  }

  @Test func `docs/json.md names every member that --json prints`() throws {
    let place = try Workplace()
    try place.folder.write(
      "t.yaml", "tensors: {w: [4, 8]}\nrules: [{match: w, init: {scheme: auto, activation: relu}}]")
    let page = try String(contentsOf: VectorFile.repository.appending(path: "docs/json.md"), encoding: .utf8)
    func check(_ value: JSONValue, _ command: String) {
      for member in value.objectValue ?? [] {
        // Other pages name the parameters of schemes and laws; a person chooses the keys of tags.
        if !["init", "law", "tags"].contains(member.key) { check(member.value, command) }
        #expect(page.contains("`\(member.key)`"), "\(command) prints \(member.key)")
      }
      for element in value.arrayValue ?? [] { check(element, command) }
    }
    check(try place.json("create t --spec t.yaml --seed 1"), "create")
    check(try place.json("create u --spec t.yaml --seed 2"), "create")
    for command in [
      "list", "show t", "get t -o t.safetensors", "verify t", "version", "alias t:v1 a", "alias --remove t:a",
      "tag t k=v --experiment e", "note t n", "diff t t", "verify --all --sample 2", "log", "stats",
      "strip t",
      "materialize t", "export t -o b", "import b", "export t --manifest -o t.json", "import t.json --as m",
      "get t --max-shard-size 5GB -o folder/", "identify t.safetensors", "import t.safetensors --as c", "backup copy",
      "diagnose t --keep --spectrum", "diagnose t.safetensors", "report t -o page.html", "show t",
      "rename c d", "graft t u --take * --as g",
      "rm d", "list --deleted", "restore d", "rm d", "gc", "gc --yes --grace 0d", "list --count",
      "doctor --full",
    ] { check(try place.json(command), command) }
    let different = try place.run("diff t u --json")
    #expect(different.status == 1)
    check(try JSONValue(parsing: different.output), "diff")
    try overwrite(place.folder.path("copy"), at: try place.folder.bytes("copy").count / 2, with: [1, 2, 3])
    check(try JSONValue(parsing: place.run("doctor --full --registry copy --json").output), "doctor")
    let against = try place.run("verify u --against t.safetensors --json")
    #expect(against.status == 1)
    check(try JSONValue(parsing: against.output), "verify")
  }
}
