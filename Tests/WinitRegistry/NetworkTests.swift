// The networks and the allowed findings of runs.

import Testing
import WinitDiagnosis
import WinitJSON
import WinitRegistry
import WinitTestSupport

@Suite struct RunNetworkTests {
  private static let tensors = "tensors: {a.weight: [4, 4], a.bias: [4]}\nrules: [{match: '*', init: normal}]\n"
  private static let lists = """
    network: [{weight: a.weight, activation: relu}]
    allow: [{finding: dead-units, match: "a.*", reason: tested}]
    """

  @Test func `a run records its network and its allowed findings, and has the id of a run without them`() throws {
    let fixture = try Fixture()
    let plain = try fixture.create("plain", Self.tensors)
    let run = try fixture.create("m", Self.tensors + Self.lists)
    #expect(run.id == plain.id)
    #expect(try fixture.registry.manifest(of: run) == fixture.registry.manifest(of: plain))
    let details = try fixture.registry.details(of: run)
    #expect(
      details.network
        == PlannedNetwork(
          Network([.weight(Network.Weight("a.weight", bias: "a.bias", activation: .relu))]), source: .spec))
    #expect(details.allowed.map(\.json.compact) == [#"{"finding":"dead-units","match":"a.*","reason":"tested"}"#])
    let without = try fixture.registry.details(of: plain)
    #expect(without.network == nil && without.allowed.isEmpty)
  }

  @Test func `a bundle carries the network and the allowed findings of a run`() throws {
    let (from, to) = (try Fixture(), try Fixture())
    let run = try from.create("m", Self.tensors + Self.lists)
    let path = from.folder.path("bundle")
    _ = try from.registry.exportBundle([run], to: path)
    _ = try to.registry.importBundle(path)
    let details = try to.registry.details(of: to.registry.run("m"))
    #expect(try details.network == from.registry.details(of: run).network && details.network != nil)
    #expect(details.allowed.map(\.reason) == ["tested"])
  }

  @Test func `a network that names no tensor of the spec creates no run and no registry`() throws {
    let fixture = try Fixture()
    let error = expectError(.invalidSpec, "") {
      try fixture.create("m", Self.tensors + "network: [{weight: a.wieght}]")
    }
    #expect(error?.message.contains("did you mean `a.weight`") == true && !fixture.folder.exists("r"))
  }

  @Test(arguments: [
    "1", "[]", "{\"network\":[]}", "{\"network\":{\"source\":\"spec\",\"entries\":[{\"weight\":1}]},\"allow\":{}}",
    "{\"network\":{\"source\":\"?\",\"entries\":[]},\"allow\":[1,{\"finding\":\"?\",\"match\":\"*\",\"reason\":\"\"}]}",
  ])
  func `a record that is no network and no list is read as none`(details: String) throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", Self.tensors + Self.lists)
    try fixture.tamper("UPDATE runs SET details = '\(details)'")
    let read = try fixture.registry.details(of: run)
    #expect(read.network == nil && read.allowed.isEmpty)
  }

  /// Records that this software never writes, and the part that each error names.
  private static let damaged = [
    ("1", "details"), ("no JSON", "details"), ("{\"network\":[]}", "`network`"), ("{\"allow\":{}}", "`allow`"),
    ("{\"network\":{\"source\":\"spec\",\"entries\":[{\"weight\":1}]}}", "`network`"),
    ("{\"allow\":[{\"finding\":\"zzz\",\"match\":\"*\",\"reason\":\"r\"}]}", "`allow`"),
    ("{\"skipped\":[1]}", "`skipped`"), ("{\"meant_constants\":\"w\"}", "`meant_constants`"),
    ("{\"metadata\":{\"a\":1}}", "`metadata`"),
  ]

  @Test(arguments: damaged)
  func `a damaged record is found by doctor, named by diagnose, and removed by a repair`(details: String, part: String)
    throws
  {
    let fixture = try Fixture()
    let registry = fixture.registry
    let run = try fixture.create("m", Self.tensors + Self.lists)
    let other = try fixture.create("other", Self.tensors + Self.lists)
    #expect(try registry.checkIntegrity().isSound)
    try fixture.tamper("UPDATE runs SET details = '\(details)' WHERE name = 'm'")
    let report = try registry.checkIntegrity()
    #expect(!report.isSound && report.affectedRuns == ["m:v1"])
    #expect(report.records.map(\.finding.message).contains { $0.contains(part) && $0.contains("cannot be read") })
    let notes = try registry.diagnose(run).notes
    let isOfFiles = ["`skipped`", "`metadata`"].contains(part)
    #expect(notes.contains { $0.contains(part) && $0.contains("doctor --repair") } != isOfFiles)
    #expect(try !registry.diagnose(other).notes.contains { $0.contains("cannot be read") })
    // The damage is not copied to another file.
    expectError(.mismatch) { try registry.exportBundle([run], to: fixture.folder.path("bundle")) }
    #expect(!fixture.folder.exists("bundle"))
    let into = try Fixture()
    expectError(.mismatch) { try into.registry.importBundle(fixture.folder.path("r")) }
    let repaired = try registry.checkIntegrity(repair: true)
    #expect(repaired.isSound && !repaired.isRebuilt)
    #expect(try registry.run("m").id == run.id && registry.verify(run).matches)
    #expect(try registry.details(of: other).network != nil)
  }

  @Test func `a network that is too large to be recorded is left out with a warning`() throws {
    let fixture = try Fixture()
    // Each entry has a name of 250 characters: 5000 of them are more than 1 MiB.
    let name = String(repeating: "n", count: 250)
    let entries = Array(repeating: "{weight: \(name)}", count: 5000).joined(separator: ", ")
    let receipt = try fixture.registry.create(
      "m",
      spec: ModelSpec(parsing: "tensors: {\(name): [2, 2]}\nrules: [{match: '*', init: ones}]\nnetwork: [\(entries)]"),
      seed: 1)
    #expect(receipt.warnings.contains { $0.contains("network") && $0.contains("1 MiB") })
    #expect(try fixture.registry.details(of: receipt.run).network == nil)
  }
}
