// The exit status of what is not found, and of what contradicts itself.

import Foundation
import Testing
import WinitJSON
import WinitTestSupport

@Suite struct ExitStatusTests {
  private func place() throws -> Workplace {
    let place = try Workplace()
    try place.folder.write("t.yaml", tinySpec)
    try place.folder.write("like.yaml", "like: none.safetensors\nrules: [{match: '*', init: zeros}]")
    try place.folder.write(
      "l.yaml", "tensors: {l: {shape: [2], init: {scheme: literal, values: [1, 2]}}}\nrules: []")
    try place.succeed("create t --spec t.yaml --seed 1 --tag a=b")
    try place.succeed("create l --spec l.yaml --seed 1")
    try place.succeed("get t -o t.safetensors")
    try place.succeed("export l --manifest -o l.json")
    try FileManager.default.removeItem(atPath: place.folder.path("l.literals.safetensors"))
    return place
  }

  @Test(arguments: [
    // Runs, versions and aliases
    "show x", "show t:v9", "show t:none", "show x:v1", "show sha256:ffffffff", "show t@sha256:ffffffff", "rm t:v9",
    "restore x", "rename x y", "alias x y", "alias --remove t:none", "tag x a=b", "tag t --parent x", "note x y",
    "strip x", "materialize x", "verify x", "get x", "diff t x", "log x", "export x -o out", "list --after x",
    "graft t x --take w --as g", "create t --spec t.yaml --seed 1 --parent x",
    // Tensors, tags, presets and schemes
    "get t --tensor x -o out", "get t --tensor x -o out/", "verify t --against t.safetensors --tensor x",
    "tag t --remove x", "tag t c=d --remove a --remove x", "create t --preset x --like t.safetensors --seed 1",
    "preset show x", "preset options x", "schemes show x",
    // Files and folders
    "create t --spec none.yaml --seed 1", "create t --spec t.yaml --like none --seed 1",
    "create t --spec like.yaml --seed 1", "create t --preset gpt2 --like none --seed 1",
    "create t --preset llama --like t.safetensors --preset-option config=none.json --seed 1",
    "verify t --against none", "identify none", "import none.winit", "import none.json --as x",
    "import none.safetensors --as x", "import l.json --as x", "get t -o none/out", "export t -o none/out",
    "backup none/copy",
    // Registries
    "list --registry none", "list --registry none/none", "diff t t --other none", "doctor --registry none",
    "create t --spec t.yaml --seed 1 --registry none/r",
  ])
  func `what is not found has the exit status 66, and nothing changes`(words: String) throws {
    let place = try place()
    let before = try (place.folder.contents(), place.folder.bytes("winit.sqlite"))
    let outcome = try place.run(words)
    #expect(outcome.status == 66, "\(outcome.errors)")
    #expect(outcome.errors.hasPrefix("error: ") && outcome.output.isEmpty)
    #expect(try place.folder.contents() == before.0)
    #expect(try place.folder.bytes("winit.sqlite") == before.1)
  }

  @Test(arguments: [
    "verify t --all", "verify t --stored --regenerate", "verify --all --since 1d", "show t --manifest --json",
    "list --count --after t", "alias t:v1", "alias --remove t:a b", "tag t", "get t -o - --json",
    "import t.safetensors",
    "import x.winit --recipe-only", "import t.safetensors --as x --recipe-only", "export t l --manifest -o m.json",
    "export t --manifest --with-host -o m.json", "create t --seed 1", "create t --spec t.yaml --preset gpt2 --seed 1",
    "create t --preset gpt2 --seed 1", "rename t t", "rename t l", "tag t --parent t", "verify t --resume",
    "get t --max-shard-size 5GB -o out", "get t --format npy -o out", "create t --spec t.yaml --seed 1 --shared all",
  ])
  func `arguments that contradict each other have the exit status 64, and nothing changes`(words: String) throws {
    let place = try place()
    let before = try (place.folder.contents(), place.folder.bytes("winit.sqlite"))
    let outcome = try place.run(words)
    #expect(outcome.status == 64, "\(outcome.errors)")
    #expect(outcome.errors.hasPrefix(words.contains("--json") ? "{\"error\":" : "error: ") && outcome.output.isEmpty)
    #expect(try place.folder.contents() == before.0)
    #expect(try place.folder.bytes("winit.sqlite") == before.1)
  }

  @Test func `a checkpoint of like that is not found does not hide the other problems of a spec`() throws {
    let place = try place()
    try place.folder.write("bad.yaml", "dtype: f99\nlike: none.safetensors\nlayout: tf\nrules: []")
    let outcome = try place.run("create t --spec bad.yaml --seed 1")
    #expect(outcome.status == 65)
    let lines = outcome.errors.split(separator: "\n")
    #expect(
      lines.map { $0.split(separator: ":")[2] } == ["1", "2", "3"] && lines.count == 3
        && lines[1].contains("none.safetensors"), "\(outcome.errors)")
  }

  @Test
  func `a command that changes a run refuses an id of several runs with their list, and reading takes the newest`()
    throws
  {
    let place = try place()
    try place.succeed("create u --spec t.yaml --seed 1")
    let id = try #require(try place.json("show t")["id"]?.stringValue)
    #expect(try place.json("show u")["id"]?.stringValue == id)
    func refuse(_ commands: [String]) throws {
      let before = try place.folder.bytes("winit.sqlite")
      for words in commands {
        let outcome = try place.run(words)
        #expect(outcome.status == 64 && outcome.output.isEmpty, "\(words)")
        #expect(outcome.errors.contains("u:v1, t:v1"), "\(words): \(outcome.errors)")
      }
      #expect(try place.folder.bytes("winit.sqlite") == before)
    }
    try refuse(
      [
        "rm \(id)", "rm l \(id)", "alias \(id) best", "tag \(id) c=d", "tag l --parent \(id)", "note \(id) x",
        "strip \(id)", "materialize l \(id)", "create x --spec t.yaml --seed 2 --parent \(id)", "rm \(id.prefix(15))",
      ])
    for words in ["show \(id)", "get \(id) -o out", "verify \(id)", "export \(id) -o b", "diff \(id) t", "log \(id)"] {
      #expect(try place.succeed(words).output.contains("u:v1") || words.hasPrefix("log"), "\(words)")
    }
    try place.succeed("tag t@\(id) c=d")
    try place.succeed("rm t u")
    try refuse(["restore \(id)"])
    try place.succeed("restore u@\(id)")
    #expect(try place.succeed("restore \(id)").output == "restored t:v1\n")
  }
}
