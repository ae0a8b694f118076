// create: the id, the record, interruptions, refusals and references.

import Testing
import WinitCore
import WinitJSON
import WinitRegistry
import WinitStorage
import WinitTestSupport

@Suite struct CreateTests {
  @Test func `the id does not depend on threads, stored bytes, the registry or the name of the run`() throws {
    let (a, b) = (try Fixture(), try Fixture())
    let ids = [
      try a.create { $0.threads = 1 }.id, try a.create("other", recipeOnly: true) { $0.threads = 7 }.id,
      try b.create { $0.threads = 2 }.id,
    ]
    #expect(Set(ids).count == 1)
    #expect(try b.create(seed: 43).id != ids[0])
  }

  @Test func `the record has the scheme as written and the law as resolved`() throws {
    let fixture = try Fixture()
    let run = try fixture.create(
      "m",
      """
      tensors:
        a: [4, 8]
        b: {shape: [4, 8], init: {scheme: auto, activation: tanh}, layout: keras}
      rules: [{match: a, init: {scheme: kaiming_normal, mode: fan_out}}]
      """)
    let tensors = try fixture.registry.tensors(of: run)
    #expect(
      tensors[0].record.scheme.compact
        == #"{"scheme":"he_normal","alias":"kaiming_normal","mode":"fan_out","layout":"torch"}"#)
    #expect(tensors[0].record.recipe.law == .normal(mean: 0, std: Float((2.0).squareRoot() / 2)))
    #expect(
      tensors[1].record.scheme.compact
        == #"{"scheme":"auto","activation":"tanh","picked":"xavier_uniform","because":"the activation saturates on both sides","layout":"keras"}"#
    )
    #expect(try fixture.registry.verify(run).matches)
  }

  @Test func `a create that is stopped rolls back what it added`() throws {
    let fixture = try Fixture()
    let spec = try ModelSpec(parsing: "tensors: {w: [40, 262144]}\nrules: [{match: w, init: normal}]")
    #expect(throws: Stop.self) {
      try fixture.registry.create("m", spec: spec, seed: 1) { done, total in
        if done > total / 3 { throw Stop() }
      }
    }
    // The create has made the file, so it removes it again.
    #expect(!fixture.folder.exists("r") && !fixture.folder.exists("r-journal"))
    _ = try fixture.create("a", "tensors: {w: [4]}\nrules: [{match: w, init: normal}]", seed: 1)
    #expect(throws: Stop.self) {
      try fixture.registry.create("m", spec: spec, seed: 1) { done, total in
        if done > total / 3 { throw Stop() }
      }
    }
    for table in ["runs", "tensors", "chunks", "manifests"] { #expect(try fixture.count(table) == 1) }
    #expect(try fixture.folder.bytes("r").count < 1 << 20)
  }

  @Test func `a create that is stopped keeps the chunks that another run refers to`() throws {
    let fixture = try Fixture()
    let first = try fixture.create(
      "m", "tensors: {a: [300, 1024]}\nrules: [{match: a, init: normal}]", seed: 1)
    let spec = try ModelSpec(
      parsing: "tensors: {a: [300, 1024], b: [300, 1024]}\nrules: [{match: '*', init: normal}]")
    #expect(throws: Stop.self) {
      try fixture.registry.create("n", spec: spec, seed: 1) { _, _ in throw Stop() }
    }
    #expect(try fixture.count("chunks") == 2)
    #expect(try fixture.registry.verify(first).matches)
  }

  @Test func `chunks that vanish during a create are added again before the run becomes visible`() throws {
    let fixture = try Fixture()
    let spec = try ModelSpec(parsing: smallSpec)
    var removed = false
    let run = try fixture.registry.create("m", spec: spec, seed: 1) { done, total in
      // As another create does that had added the chunks and is rolled back.
      if done == total, !removed {
        removed = true
        try fixture.tamper("DELETE FROM chunks")
      }
    }.run
    #expect(removed)
    #expect(try fixture.registry.verify(run).matches)
  }

  @Test(arguments: ["", "a b", "a:v1", "a@b", "é", "a\n", String(repeating: "a", count: 256)])
  func `a text that cannot be the name of a run is refused, and nothing is recorded`(name: String) throws {
    let fixture = try Fixture()
    _ = try fixture.create("m", tinySpec)
    let error = expectError(.invalidName) { try fixture.create(name) }
    #expect(error?.subject == name)
    #expect(try fixture.count("runs") == 1 && fixture.count("chunks") == 1)
  }

  @Test func `tensors that are larger than 16 TiB together are refused before any work begins`() throws {
    let fixture = try Fixture()
    let spec = { (size: Int) in
      "tensors: {a: [\(size), 1000], b: [\(size), 1000], c: [\(size), 1000]}\nrules: [{match: '*', init: zeros}]"
    }
    // Three times 4·10¹⁸ bytes are more than an Int holds; three times a third of 16 TiB are 16 TiB, and a little more.
    for size in [1_000_000_000_000_000, (1 << 44) / 3 / 4000 + 1] {
      expectError(.tooLarge) { try fixture.create("m", spec(size)) }
    }
    #expect(!fixture.folder.exists("r"))
  }

  @Test func `a reference finds a run by its name, version or id`() throws {
    let fixture = try Fixture()
    let first = try fixture.create("m/x", tinySpec, seed: 1)
    let second = try fixture.create("m/x", tinySpec, seed: 2)
    let other = try fixture.create("y", tinySpec, seed: 1)
    let registry = fixture.registry
    #expect(try registry.run("m/x").reference == second.reference)
    #expect(try registry.run("m/x:v1").id == first.id)
    #expect(try registry.run("\(first.id)").reference == other.reference)  // The latest with this id.
    #expect(try registry.run("m/x@\(first.id)").reference == first.reference)
    #expect(try registry.run("sha256:" + first.id.hex.prefix(12).uppercased()).id == first.id)
    for bad in [
      "", "m:1", "m:v0", "m:v01", "m:", "sha256:", "sha256:xyz", "m sha256:ab", "a:sha256:ab", "m@v1", ":v1",
    ] {
      let error = expectError(.invalidReference) { try registry.run(bad) }
      #expect(error?.subject == bad)
    }
    for (reference, suggestion) in [("m/z", "m/x"), ("m/x:v3", "m/x:v2")] {
      let error = expectError(.runNotFound) { try registry.run(reference) }
      #expect(error?.subject == nil && error?.message.contains("`\(suggestion)`") == true)
    }
    // If no name is similar, the message suggests none, and the command prints a remedy for the subject.
    #expect(expectError(.runNotFound) { try registry.run("unrelated") }?.subject == "unrelated")
  }

  @Test func `the first digits of an id are refused where several ids begin with them`() throws {
    let fixture = try Fixture()
    var firstDigits: Set<Character> = []
    // Of seventeen ids two begin with the same digit.
    for seed in 0..<17 {
      let run = try fixture.create("m", tinySpec, seed: UInt64(seed), recipeOnly: true)
      guard let digit = run.id.hex.first, firstDigits.insert(digit).inserted else {
        let prefix = "sha256:\(run.id.hex.prefix(1))"
        let error = expectError(.ambiguousID) { try fixture.registry.run(prefix) }
        #expect(error?.subject == prefix && error?.message.contains("\(run.id.hex.prefix(16))") == true)
        return
      }
    }
    Issue.record("seventeen ids begin with different digits")
  }
}
