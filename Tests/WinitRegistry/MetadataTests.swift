// Metadata: experiment, tags, note and parent, and the recorded environment.

import Foundation
import Testing
import WinitCore
import WinitJSON
import WinitRegistry
import WinitStorage
import WinitTestSupport

@Suite struct MetadataTests {
  @Test func `metadata given at create and later is recorded, changed and removed, and is not part of the id`() throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    let parent = try fixture.create("p", tinySpec)
    let run = try fixture.create("m", tinySpec) {
      $0.experiment = "e"
      $0.tags = [Run.Tag(key: "a", value: "1"), Run.Tag(key: "b", value: "x=y"), Run.Tag(key: "a", value: "2")]
      $0.note = "first\nsecond"
      $0.parent = parent
    }
    #expect(run.id == parent.id)
    #expect(run.experiment == "e" && run.note == "first\nsecond" && run.parentUID == parent.uid)
    #expect(run.tags == [Run.Tag(key: "a", value: "2"), Run.Tag(key: "b", value: "x=y")])
    #expect(try registry.parent(of: run)?.reference == "p:v1")
    var update = RunMetadataUpdate()
    update.experiment = ""
    update.tags = [Run.Tag(key: "c", value: "é")]
    update.tagKeysToRemove = ["a"]
    let changed = try registry.update(run, update)
    #expect(changed.experiment == nil && changed.note == "first\nsecond" && changed.parentUID == parent.uid)
    #expect(changed.tags == [Run.Tag(key: "b", value: "x=y"), Run.Tag(key: "c", value: "é")])
    // The uid of a parent that was collected stays recorded.
    try registry.delete([parent])
    _ = try registry.collectGarbage(grace: .zero)
    #expect(try registry.parent(of: registry.run("m")) == nil)
    #expect(try registry.run("m").parentUID == parent.uid)
  }

  @Test func `an update that is refused changes nothing`() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", tinySpec)
    var update = RunMetadataUpdate()
    update.note = "n"
    update.tags = [Run.Tag(key: "a b", value: "")]
    expectError(.invalidName) { try fixture.registry.update(run, update) }
    update.tags = []
    update.tagKeysToRemove = ["none"]
    expectError(.unknownName) { try fixture.registry.update(run, update) }
    update.tagKeysToRemove = []
    update.parent = run
    expectError(.invalidArgument) { try fixture.registry.update(run, update) }
    let now = try fixture.registry.run("m")
    #expect(now.note.isEmpty && now.tags.isEmpty && now.parentUID == nil)
    #expect(try fixture.registry.history().map(\.action) == ["create"])
  }

  @Test(arguments: ["", "=x", "a b=c", "novalue"])
  func `a text that is not KEY=VALUE, or whose key is empty or has white space, is not a tag`(text: String) {
    let error = expectError(.invalidName) { try Run.Tag(parsing: text) }
    #expect(error?.subject == (text.contains("=") ? String(text.prefix { $0 != "=" }) : text))
  }

  @Test
  func `the machine and the user are recorded, or, where the options say so, neither in the run nor in the history`()
    throws
  {
    let fixture = try Fixture()
    let run = try fixture.create("m", tinySpec)
    let host = run.record.host
    for key in ["hostname", "user", "os", "os_kernel", "architecture", "processor", "processors", "kernel"] {
      #expect(host[key] != nil, "\(key)")
    }
    #expect(host["kernel"]?.stringValue == SIMDKernel.current.rawValue)
    #expect(run.user == host["user"]?.stringValue && run.hostname == host["hostname"]?.stringValue)
    let bare = try fixture.create("n", tinySpec) { $0.recordsEnvironment = false }
    #expect(bare.record.host.canonical == "{}" && bare.git == nil && bare.user == nil)
    #expect(try fixture.registry.history(of: bare).map(\.record.actor.canonical) == ["{}"])
  }

  @Test func `a tag to remove must be one of the run now, byte for byte, whatever the value of Run says`() throws {
    let fixture = try Fixture()
    let before = try fixture.create("m", tinySpec)
    var update = RunMetadataUpdate()
    update.tags = [Run.Tag(key: "\u{E9}", value: "1"), Run.Tag(key: "b", value: "2")]
    _ = try fixture.registry.update(before, update)
    update.tags = []
    // The same text for Swift, and another key.
    update.tagKeysToRemove = ["b", "e\u{301}"]
    expectError(.unknownName) { try fixture.registry.update(before, update) }
    #expect(try fixture.registry.run("m").tags.count == 2)
    update.tagKeysToRemove = ["\u{E9}", "b", "b"]
    #expect(try fixture.registry.update(before, update).tags.isEmpty)
    // A tag that is set in the same update does not count.
    update.tags = [Run.Tag(key: "b", value: "3")]
    update.tagKeysToRemove = ["b"]
    expectError(.unknownName) { try fixture.registry.update(before, update) }
    #expect(try fixture.registry.history().count == 3)
  }
}
