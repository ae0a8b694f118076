import Foundation
import Testing
import WinitRegistry
import WinitTestSupport

private let spec = "tensors: {w: [2]}\nrules: [{match: w, init: normal}]"

@Suite struct FactsTests {
  @Test("facts given at create and later are there, change, and come off; none is part of the id")
  func facts() throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    let parent = try fixture.create("p", spec)
    var options = CreateOptions()
    options.experiment = "e"
    options.tags = [Tag(key: "a", value: "1"), Tag(key: "b", value: "x=y"), Tag(key: "a", value: "2")]
    options.note = "first\nsecond"
    options.parent = parent
    let run = try registry.create("m", spec: ModelSpec(parsing: spec, file: "s"), seed: 42, options: options)
      .run
    #expect(run.id == parent.id)
    #expect(run.experiment == "e" && run.note == "first\nsecond" && run.parent == parent.uid)
    #expect(run.tags == [Tag(key: "a", value: "2"), Tag(key: "b", value: "x=y")])
    #expect(try registry.parent(of: run)?.reference == "p:v1")
    var facts = RunMetadataUpdate()
    facts.experiment = ""
    facts.tags = [Tag(key: "c", value: "é")]
    facts.tagsToRemove = ["a"]
    let changed = try registry.change(run, facts)
    #expect(changed.experiment == nil && changed.note == "first\nsecond" && changed.parent == parent.uid)
    #expect(changed.tags == [Tag(key: "b", value: "x=y"), Tag(key: "c", value: "é")])
    // A parent that has been collected is not there, and still known.
    _ = try registry.delete(parent)
    _ = try registry.collect(grace: .zero)
    #expect(try registry.parent(of: registry.run("m")) == nil)
    #expect(try registry.run("m").parent == parent.uid)
  }

  @Test("tags that cannot be written are refused", arguments: ["", "=x", "a b=c", "novalue"])
  func badTags(text: String) {
    #expect(throws: RegistryError.self) { try RunMetadataUpdate.tag(parsing: text) }
  }

  @Test("machine, user and software are captured, and with no capture nothing is, in the history neither")
  func capture() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", spec)
    for key in ["hostname", "user", "os", "os_kernel", "architecture", "processor", "processors", "kernel"] {
      #expect(run.host[key] != nil, "\(key)")
    }
    #expect(run.host["kernel"]?.stringValue == SIMDKernel.current.rawValue)
    var options = CreateOptions()
    options.captures = false
    let bare = try fixture.registry.create(
      "n", spec: ModelSpec(parsing: spec, file: "s"), seed: 1, options: options
    ).run
    #expect(bare.host.canonical == "{}" && bare.git == nil)
    #expect(try fixture.registry.history(of: bare).map(\.actor.canonical) == ["{}"])
  }
}
