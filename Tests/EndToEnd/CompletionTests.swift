// The words that a shell gets for a completion. tools/check-install completes command lines in the shells themselves.

import Foundation
import Testing
import WinitJSON
import WinitTestSupport

@Suite struct CompletionTests {
  /// A folder with the runs `small:v1`, `small:v2` (`small:base`) and the deleted `gone:v1`.
  private func place() throws -> Workplace {
    let place = try Workplace()
    try place.folder.write(
      "t.yaml", "tensors: {\"a $(touch executed)\": [4], b: [8]}\nrules: [{match: \"*\", init: zeros}]")
    for (name, seed) in [("small", 1), ("small", 2), ("gone", 3)] {
      try place.succeed("create \(name) --spec t.yaml --seed \(seed) --experiment sweep --tag lr=1 --recipe-only")
    }
    try place.succeed("alias small:v2 base")
    try place.succeed("rm gone:v1")
    return place
  }

  /// Asks as ArgumentParser's scripts do, for the last word of a command line.
  private func words(
    _ argument: String, _ line: [String], in place: Workplace, shell: String = "bash",
    environment: [String: String] = [:]
  ) throws -> [String] {
    let request = argument.split(separator: " ").map(String.init)
    let cursor = [String(line.count - 1), String(line.last?.count ?? 0)]
    let outcome = try Command.run(
      ["---completion"] + request + cursor + line, in: place.folder,
      environment: ["SAP_SHELL": shell].merging(environment) { $1 })
    #expect(outcome.status == 0)
    #expect(outcome.errors == "")
    return outcome.output.split(separator: "\n").map(String.init).filter { $0 != " " }
  }

  @Test func `a completion offers the runs, tensors and metadata of the registry`() throws {
    let place = try place()
    let get = ["winit-registry", "get"]
    #expect(
      try words("get -- positional@0", get + ["sm"], in: place) == ["small", "small:v2", "small:v1", "small:base"])
    #expect(try words("get -- positional@0", get + ["small:"], in: place) == ["small:v2", "small:v1", "small:base"])
    #expect(try words("get -- --tensor", get + ["small", "--tensor", ""], in: place) == ["a $(touch executed)", "b"])
    #expect(try words("get -- --tensor", get + ["nothing", "--tensor", ""], in: place) == [])
    #expect(try words("restore -- positional@0", ["winit-registry", "restore", ""], in: place) == ["gone:v1"])
    #expect(try words("list -- --experiment", ["winit-registry", "list", "--experiment", ""], in: place) == ["sweep"])
    #expect(try words("list -- --tag", ["winit-registry", "list", "--tag", ""], in: place) == ["lr"])
    let ids = try words("get -- positional@0", get + ["sha256:"], in: place)
    let id = try place.json("show small:v1")["id"]?.stringValue ?? ""
    #expect(ids.contains(id))
    // The script of zsh takes the text after a colon as a description.
    #expect(
      try words("get -- positional@0", get + ["small:"], in: place, shell: "zsh")
        == ["small\\:v2", "small\\:v1", "small\\:base"])
  }

  @Test func `a completion reads the registry of --registry, or else of $WINIT_REGISTRY`() throws {
    let place = try place()
    try FileManager.default.moveItem(atPath: place.folder.path("winit.sqlite"), toPath: place.folder.path("a b.sqlite"))
    let line = ["winit-registry", "rename", ""]
    #expect(try words("rename -- positional@0", line, in: place) == [])
    for given in [["--registry", "'a b.sqlite'"], ["--registry", #"a\ b.sqlite"#], ["--registry=a\\ b.sqlite"]] {
      #expect(
        try words("rename -- positional@0", ["winit-registry", "rename"] + given + [""], in: place) == ["small"],
        "\(given)")
    }
    #expect(
      try words("rename -- positional@0", line, in: place, environment: ["WINIT_REGISTRY": "a b.sqlite"]) == ["small"])
  }

  @Test func `a completion changes no file and prints no error`() throws {
    let place = try Workplace()
    try place.folder.write("text", "no registry")
    let old = VectorFile.repository.appending(path: "Tests/Vectors/registry-v1.sql").path
    let made = try place.shell("sqlite3 old.sqlite < '\(old)'")
    let before = try contents(place)
    // Without sqlite3 there is no old registry, and the name stands for a file that is not there.
    #expect(made.status == 0 || made.status == 127)
    for registry in ["none", "none/none", "text", "old.sqlite", "."] {
      let line = ["winit-registry", "get", "--registry", registry, ""]
      #expect(try words("get -- positional@0", line, in: place) == [], "\(registry)")
    }
    #expect(try contents(place) == before)
  }

  private func contents(_ place: Workplace) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: place.folder.url.path) {
      files[name] = try Data(contentsOf: place.folder.url.appending(path: name))
    }
    return files
  }

  @Test func `the script of bash offers a name that is a command without running it`() throws {
    let place = try place()
    let outcome = try place.shell(
      """
      winit-registry --generate-completion-script bash > script
      bash -c '
        . ./script
        COMP_LINE="winit-registry get small --tensor a" COMP_POINT=35 COMP_CWORD=4
        COMP_WORDS=(winit-registry get small --tensor a)
        __winit-registry_complete winit-registry a --tensor 2> /dev/null
        eval "printf %s\\\\\\\\n ${COMPREPLY[0]}"'
      """)
    #expect(outcome.output == "a $(touch executed)\n", "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: place.folder.path("executed")))
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func `the completion script of each shell names every command`(shell: String) throws {
    let place = try Workplace()
    let script = try place.succeed("--generate-completion-script \(shell)").output
    for command in ["create", "get", "verify", "doctor", "schemes"] { #expect(script.contains(command)) }
  }
}
