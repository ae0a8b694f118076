import Testing
import WinitRegistry
import WinitTestSupport

private struct Stop: Error {}

@Suite struct CreateTests {
  @Test("the id does not depend on threads, on blobs, on the registry or on the run's name")
  func identity() throws {
    let (a, b) = (try Fixture(), try Fixture())
    let ids = [
      try a.create(threads: 1).id, try a.create("other", recipeOnly: true, threads: 7).id,
      try b.create(threads: 2).id,
    ]
    #expect(Set(ids).count == 1)
    #expect(try b.create(seed: 43).id != ids[0])
  }

  @Test("the record holds the scheme as written and the law as resolved")
  func record() throws {
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
      tensors[0].scheme.compact
        == #"{"scheme":"he_normal","alias":"kaiming_normal","mode":"fan_out","layout":"torch"}"#)
    #expect(tensors[0].recipe.law == .normal(mean: 0, std: Float((2.0).squareRoot() / 2)))
    #expect(
      tensors[1].scheme.compact
        == #"{"scheme":"auto","activation":"tanh","picked":"xavier_uniform","because":"the activation saturates on both sides","layout":"keras"}"#
    )
    #expect(try fixture.registry.verify(run).matches)
  }

  @Test("a create that is stopped takes back what it added")
  func stopped() throws {
    let fixture = try Fixture()
    let spec = try ModelSpec(
      parsing: "tensors: {w: [40, 262144]}\nrules: [{match: w, init: normal}]", file: "s")
    #expect(throws: Stop.self) {
      try fixture.registry.create("m", spec: spec, seed: 1) { done, total in
        if done > total / 3 { throw Stop() }
      }
    }
    for table in ["runs", "tensors", "chunks", "manifests"] { #expect(try fixture.count(table) == 0) }
    #expect(try fixture.folder.bytes("r").count < 1 << 20)
  }

  @Test("a stopped create leaves the chunks that another run shares with it")
  func stoppedShared() throws {
    let fixture = try Fixture()
    let first = try fixture.create(
      "m", "tensors: {a: [300, 1024]}\nrules: [{match: a, init: normal}]", seed: 1)
    let spec = try ModelSpec(
      parsing: "tensors: {a: [300, 1024], b: [300, 1024]}\nrules: [{match: '*', init: normal}]", file: "s")
    #expect(throws: Stop.self) {
      try fixture.registry.create("n", spec: spec, seed: 1) { _, _ in throw Stop() }
    }
    #expect(try fixture.count("chunks") == 2)
    #expect(try fixture.registry.verify(first).matches)
  }

  @Test("chunks that vanish while a create is under way are made again before the run becomes visible")
  func vanished() throws {
    let fixture = try Fixture()
    let spec = try ModelSpec(parsing: smallSpec, file: "s")
    var removed = false
    let run = try fixture.registry.create("m", spec: spec, seed: 1) { done, total in
      // As another create does that had added them, and failed.
      if done == total, !removed {
        removed = true
        try fixture.tamper("DELETE FROM chunks")
      }
    }.run
    #expect(removed)
    #expect(try fixture.registry.verify(run).matches)
  }

  @Test(
    "names that are no run names are refused, and the registry stays as it was",
    arguments: ["", "a b", "a:v1", "a@b", "é", "a\n"])
  func badName(name: String) throws {
    let fixture = try Fixture()
    #expect(throws: RegistryError.self) { try fixture.create(name) }
    #expect(try fixture.count("runs") == 0)
    #expect(try fixture.count("chunks") == 0)
  }

  @Test("tensors too large together are refused before anything is filled")
  func tooLarge() throws {
    let fixture = try Fixture()
    let spec =
      "tensors: {a: [1000000000000000, 1000], b: [1000000000000000, 1000], c: [1000000000000000, 1000]}\nrules: [{match: '*', init: zeros}]"
    #expect(throws: RegistryError.self) { try fixture.create("m", spec) }
  }

  @Test("references name runs by name, version and id")
  func references() throws {
    let fixture = try Fixture()
    let spec = "tensors: {w: [2]}\nrules: [{match: w, init: normal}]"
    let first = try fixture.create("m/x", spec, seed: 1)
    let second = try fixture.create("m/x", spec, seed: 2)
    let other = try fixture.create("y", spec, seed: 1)
    let registry = fixture.registry
    #expect(try registry.run("m/x").reference == second.reference)
    #expect(try registry.run("m/x:v1").id == first.id)
    #expect(try registry.run("\(first.id)").reference == other.reference)  // the latest with this id
    #expect(try registry.run("m/x@\(first.id)").reference == first.reference)
    #expect(try registry.run("sha256:" + first.id.hex.prefix(12).uppercased()).id == first.id)
    for bad in [
      "", "m:1", "m:v0", "m:v01", "m:", "sha256:", "sha256:xyz", "m sha256:ab", "a:sha256:ab", "m@v1", ":v1",
    ] {
      #expect(throws: RegistryError.self) { try Reference(parsing: bad) }
    }
    func text(_ reference: String) -> String {
      do { return try registry.run(reference).reference } catch { return "\(error)" }
    }
    #expect(text("m/z").contains("there is no run `m/z`") && text("m/z").contains("did you mean `m/x`?"))
    #expect(text("m/x:v3").contains("did you mean `m/x:v2`?"))
    let common = String(zip(first.id.hex, second.id.hex).prefix { $0 == $1 }.map(\.0))
    if !common.isEmpty { #expect(text("sha256:\(common)").contains("give more digits")) }
  }

  @Test("an id's digits that two ids share are refused")
  func ambiguous() throws {
    let fixture = try Fixture()
    var firstDigits: Set<Character> = []
    // Among seventeen ids two begin alike.
    for seed in 0..<17 {
      let run = try fixture.create(
        "m", "tensors: {w: [2]}\nrules: [{match: w, init: normal}]", seed: UInt64(seed), recipeOnly: true)
      guard let digit = run.id.hex.first, firstDigits.insert(digit).inserted else {
        let error = #expect(throws: RegistryError.self) {
          try fixture.registry.run("sha256:\(run.id.hex.prefix(1))")
        }
        #expect(error?.description.contains("begins the ids of 2 different runs") == true)
        return
      }
    }
    Issue.record("seventeen ids and no two that begin alike")
  }
}
