// --software and --model-class: what made the model.

import Foundation
import Testing
import WinitJSON
import WinitTestSupport

@Suite struct ProducerTests {
  private let producer = ["--software", "torch=2.9.0+cu128", "--software", "a.b_c-d=1", "--model-class", "pkg.Net"]

  private func place() throws -> Workplace {
    let place = try Workplace()
    try place.folder.write("t.yaml", tinySpec)
    return place
  }

  @Test
  func `the software and the class of a model are recorded by create, import and graft, and are no part of the id`()
    throws
  {
    let place = try place()
    try place.succeed("create plain --spec t.yaml --seed 1")
    try place.succeed("create t --spec t.yaml --seed 1", producer)
    try place.succeed("export t --manifest -o t.json")
    try place.succeed("import t.json --as u", producer)
    try place.succeed("get t -o t.safetensors")
    try place.succeed("import t.safetensors --as c", producer)
    try place.succeed("graft t plain --take * --as g", producer)
    for name in ["t", "u", "c", "g"] {
      let host = try place.json("show \(name)")["host"]
      #expect(host?["software"]?.canonical == #"{"a.b_c-d":"1","torch":"2.9.0+cu128"}"#)
      #expect(host?["model_class"]?.stringValue == "pkg.Net" && host?["hostname"] != nil)
      let text = try place.succeed("show \(name)").output
      #expect(text.contains("a.b_c-d 1, torch 2.9.0+cu128") && text.contains("pkg.Net"))
    }
    #expect(try place.json("show t")["id"]?.stringValue == place.json("show plain")["id"]?.stringValue)
    let plain = try place.json("show plain")["host"]
    #expect(plain?["software"] == nil && plain?["model_class"] == nil)
  }

  @Test func `a bundle has the software and the class only with --with-host`() throws {
    let place = try place()
    try place.succeed("create t --spec t.yaml --seed 1", producer)
    for (option, isThere) in [("", false), (" --with-host", true)] {
      try place.succeed("export t -o b\(isThere).winit\(option)")
      #expect(try place.folder.bytes("b\(isThere).winit").contains(Array("pkg.Net".utf8)) == isThere)
      try place.succeed("import b\(isThere).winit --registry \(isThere).sqlite")
      let host = try place.json("show t --registry \(isThere).sqlite")["host"]
      #expect((host?["software"]?["torch"]?.stringValue == "2.9.0+cu128") == isThere)
    }
  }

  @Test(arguments: [
    ["--software", "torch"], ["--software", "=1"], ["--software", "torch="], ["--software", "a b=1"],
    ["--software", "t\u{e9}=1"], ["--software", "torch=1\n2"], ["--software", "torch=\u{1b}[2J"],
    ["--software", "torch=" + String(repeating: "1", count: 256)],
    ["--software", String(repeating: "n", count: 101) + "=1"],
    ["--model-class", ""], ["--model-class", "a\tb"], ["--model-class", "a\u{202e}b"],
    ["--model-class", String(repeating: "c", count: 256)], ["--model-class", "C", "--no-capture"],
    ["--software", "torch=1", "--no-capture"],
    (0..<65).flatMap { ["--software", "n\($0)=1"] },
  ])
  func `a name, a version or a class that is not one line of bounded text is refused, and nothing is written`(
    options: [String]
  ) throws {
    let place = try place()
    let before = try place.folder.contents()
    for command in ["create t --spec t.yaml --seed 1", "create t --spec t.yaml --seed 1 --dry-run"] {
      let outcome = try place.run(command, options)
      #expect(outcome.status == 64 && outcome.errors.hasPrefix("error: "), "\(outcome)")
      #expect(!outcome.errors.contains("\u{1b}") && outcome.errors.utf8.count < 1000)
    }
    #expect(try place.folder.contents() == before)
  }

  @Test func `the software of a registry from elsewhere is shown without harm, whatever is in its place`() throws {
    let place = try place()
    try place.succeed("create t --spec t.yaml --seed 1", producer)
    for software in [#"[]"#, #""x""#, #"{"a":{"b":1},"c":null}"#, #"{"a":"\\u001b[2J"}"#, "7"] {
      try place.change("UPDATE runs SET host = ?", #"{"software":\#(software),"model_class":\#(software)}"#)
      let outcome = try place.succeed("show t")
      #expect(!outcome.output.contains("\u{1b}"))
      #expect(try place.json("show t")["host"]?["software"] != nil)
    }
  }
}
