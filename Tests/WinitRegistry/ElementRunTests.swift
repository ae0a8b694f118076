// Runs of expressions: the vectors of docs/law.md, and records that verify.

import Testing
import WinitCore
import WinitJSON
import WinitRegistry
import WinitTestSupport

@Suite struct ElementRunTests {
  // docs/law.md, "Expressions". An implementation of that text that is not this one computed these.
  @Test func `the manifest of A_log, dt and pe has the id and the weights of docs/law.md`() throws {
    let fixture = try Fixture()
    let run = try fixture.create(
      "m",
      """
      tensors:
        A_log: {shape: [4096], init: {scheme: A_log, low: 0, high: 16}}
        dt: {shape: [4096], init: {scheme: log_uniform, low: 0.001, high: 0.1}}
        pe: {shape: [512, 64], init: {scheme: expression, value: "sin(index[0] / pow(10000, index[1] * 2 / 128))"}}
      """, seed: 7)
    #expect(run.id.description == "sha256:96ef76935f56dd97b5bea250fc233052963cf3f77b9a6c7410570461725804aa")
    #expect(run.weights.description == "sha256:a239694875a90cbb86a6d00f2eafbf5307d93fc46130e9a2ec73d60e7b4be970")
  }

  @Test(arguments: [
    ("dt", "[4096]", "{scheme: log_uniform, low: 0.1, high: 0.1000001}", "e115a6eeee01c1f2"),
    ("dt", "[4096]", "dt_bias", "0938a1be6d6d8e37"),
    ("dt", "[4096]", "{scheme: dt_bias, floor: 0.01}", "4ee53bbad5e75467"),
    ("u", "[257]", "orthogonal", "be3e1b8ea43a1bda"),
    ("u", "[257]", "{scheme: orthogonal, gain: sqrt(2)}", "6a4e155362dcf30b"),
    ("g", "[6]", "{scheme: norm_of, of: v, axes: [1, 2]}", "f9e5ad944f0419f7"),
    ("g", "[6, 1, 1]", "{scheme: norm_of, of: v, axes: [-1, 1]}", "f9e5ad944f0419f7"),
  ])
  func `a tensor of docs/law.md has its digest`(name: String, shape: String, scheme: String, digest: String) throws {
    let fixture = try Fixture()
    let run = try fixture.create(
      "m",
      """
      tensors:
        v: {shape: [6, 3, 5], init: {scheme: normal, std: 0.5}}
        \(name): {shape: \(shape), init: \(scheme)}
      """, seed: 7)
    let tensor = try #require(try fixture.registry.tensors(of: run).first { $0.name == name })
    #expect(tensor.digest.description.hasPrefix("sha256:\(digest)"))
  }

  @Test func `an expression of the largest depth, in a part, is recorded, and comes back from its manifest`() throws {
    let fixture = try Fixture()
    func spec(_ operations: Int) -> String {
      let minus = String(repeating: "-", count: operations)
      return
        "tensors: {w: {shape: [3], init: {scheme: parts, base: zeros, parts: [{box: [[0, 2]], init: {scheme: expression, value: \"\(minus)index[0]\"}}]}}}"
    }
    let run = try fixture.create("m", spec(49))
    #expect(try fixture.registry.verify(run).matches)
    #expect(try fixture.registry.floats(of: "w", in: run) == [0, -1, 0])
    let path = fixture.folder.path("m.json")
    try fixture.registry.exportManifest(run, to: path)
    let file = try #require(try ManifestFile(ifAt: path))
    #expect(try fixture.registry.importManifest(file, as: "copy").run.id == run.id)
    // One operation more would be a record that cannot be read.
    expectError(.invalidSpec) { try fixture.create("m", spec(50)) }
  }

  private static let records = """
    values: {top: 4 * 4}
    tensors:
      h.3.a: {shape: [4], init: {scheme: expression, value: "uniform(0, top) + index[0]"}, seed: 9}
      w: {shape: [6, 4], fans: {batch: [0]}, init: {scheme: parts, base: zeros, parts: [{box: [[0, 2]], init: {scheme: expression, value: "fan_in * normal(0, 1)"}, fans: {in: [1], out: [0]}, repeat: {axis: 0, stream: "w.{n}"}}]}}
      one: {shape: [1, 4, 4], init: {scheme: parts, base: zeros, parts: [{box: [[0, 1]], init: orthogonal}]}}
      v: {shape: [6, 4], init: {scheme: normal, std: -2}}
      g: {shape: [6], init: {scheme: norm_of, of: v, axes: [1]}}
      e: {shape: [2, 4, 4], fans: {batch: [0]}, init: orthogonal}
      s: {shape: [6, 4], init: {scheme: sinusoidal, order: halves}}
    """

  @Test func `every new scheme resolves again from its record`() throws {
    let fixture = try Fixture()
    let result = try fixture.registry.verify(fixture.create("m", Self.records))
    #expect(result.findings.isEmpty && result.notes.isEmpty)
  }

  @Test(arguments: [
    ("h.3.a", #""top":16"#, #""top":8"#), ("w", #""count":3"#, #""count":2"#), ("w", #""out":[0]"#, #""out":[1]"#),
    ("w", #"[[0,2]]"#, #"[[0,9]]"#), ("one", #"[[0,1]]"#, #"[]"#), ("g", #""axes":[1]"#, #""axes":[0]"#),
    ("g", #""of":"v""#, #""of":"w""#), ("e", #","batch":[0]"#, ""), ("s", "halves", "interleaved"),
    ("v", #""std":-2"#, #""std":2"#),
  ])
  func `a record that gives another law is a finding`(name: String, recorded: String, other: String) throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", Self.records)
    try fixture.tamper("UPDATE tensors SET scheme = replace(scheme, '\(recorded)', '\(other)') WHERE name = '\(name)'")
    let findings = try fixture.registry.verify(run).findings
    #expect(findings.map(\.kind) == [.scheme] && findings.map(\.tensor) == [name])
  }

  @Test func `an element without a value is an error that names it, also beside given values that are not finite`()
    throws
  {
    let fixture = try Fixture()
    func spec(_ value: String) -> String {
      """
      like: \(fixture.folder.path("given.safetensors"))
      tensors: {w: [4, 2]}
      rules:
        - match: w
          init:
            scheme: parts
            base: {scheme: expression, value: "\(value)"}
            parts: [{box: [[0, 2]], init: {scheme: literal, from: like, of: given}}]
        - {match: given, init: {scheme: literal, from: like}}
      """
    }
    // NaN and infinity, which are given, and log(0) at [3, 0].
    try writeSafetensors(
      fixture.folder.path("given.safetensors"),
      [("given", [2, 2], [0, 0, 0xC0, 0x7F, 0, 0, 0x80, 0x7F, 0, 0, 0, 0, 0, 0, 0, 0])])
    let error = expectError(.invalidSpec) { try fixture.create("m", spec("log(abs(index[0] - 3) + index[1])")) }
    #expect(error?.message.contains("tensor `w`: element [3, 0]: log(0)") == true, "\(error?.message ?? "")")
    let run = try fixture.create("m", spec("log(1 + index[0])"))
    #expect(try fixture.registry.bytes(of: "w", in: run).prefix(8) == [0, 0, 0xC0, 0x7F, 0, 0, 0x80, 0x7F])
    #expect(try fixture.registry.verify(run).matches)
  }

  @Test func `a tensor of forty thousand boxes takes no more time than its bytes`() throws {
    let fixture = try Fixture()
    let start = ContinuousClock.now
    _ = try fixture.create(
      "m",
      "tensors: {w: {shape: [40000, 8, 16], init: {scheme: parts, base: zeros, parts: [{box: [[0, 1]], init: xavier_uniform, repeat: {axis: 0, stream: \"{n}\"}}]}}}",
      recipeOnly: true)
    // 20 chunks. Looking at each box for each chunk with an allocation took 15 s, and without takes less than 1 s.
    #expect(start.duration(to: .now) < .seconds(8))
  }

  @Test func `a create that fails at an element makes no registry file`() throws {
    let folder = try TemporaryFolder()
    let rule = "{match: w, init: {scheme: expression, value: 'log(index[0])'}}"
    try folder.write("w.yaml", "tensors: {w: [4]}\nrules: [\(rule)]")
    let registry = try Registry(openingOrCreating: folder.path("r.sqlite"))
    #expect(throws: RegistryError.self) {
      try registry.create("m", spec: ModelSpec(contentsOf: folder.path("w.yaml")), seed: 1)
    }
    #expect(try folder.contents() == ["w.yaml"])
  }
}
