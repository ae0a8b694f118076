// Diagnoses that are kept with runs: through deletion, bundles, backups, damage and salvage.

import Foundation
import GRDB
import Testing
import WinitDiagnosis
import WinitJSON
import WinitRegistry
import WinitTestSupport

@Suite struct KeptDiagnosisTests {
  /// A diagnosis of a model, as `winit.torch.diagnose` writes one.
  private func model(_ name: String = "net.MLP") -> Diagnosis {
    var diagnosis = Diagnosis(subject: DiagnosisSubject(.model, name: name, toolVersion: "0.3.0"))
    diagnosis.tensors = [TensorDiagnosis(name: "w", shape: [2], dtype: "float32", count: 2)]
    diagnosis.findings = [Finding(.saturating, .warning, layer: "net.0", message: "m", fix: nil)]
    return diagnosis
  }

  @Test func `a run keeps one diagnosis of its weights and one of a model, and the newest replaces the one before`()
    throws
  {
    let fixture = try Fixture()
    let registry = fixture.registry
    let run = try fixture.create("m", tinySpec)
    let weights = try registry.diagnose(run)
    try registry.keep(model("old"), with: run)
    try registry.keep(weights, with: run)
    try registry.keep(model("new"), with: run)
    let kept = try registry.keptDiagnoses(of: run)
    #expect(kept.map(\.subject.kind) == [.run, .model])
    #expect(kept.map(\.subject.name) == ["m:v1", "new"])
    #expect(kept.allSatisfy { $0.subject.id == run.id.description })
    #expect(kept[1].findings == model().findings)
    #expect(try registry.keptDiagnosisTimes(of: run).map(\.kind) == ["weights", "model"])
    #expect(try registry.history().map(\.action) == ["diagnose", "diagnose", "diagnose", "create"])
    #expect(try fixture.count("diagnoses") == 2)
    // The id is that of before, and the registry is sound.
    #expect(try registry.run("m").id == run.id)
    #expect(try registry.checkIntegrity().isSound)
  }

  @Test func `a diagnosis of another run, of a file or of a spec is refused, and nothing is kept`() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", tinySpec)
    let other = try fixture.create("other", tinySpec, seed: 7)
    for subject in [
      DiagnosisSubject(.file, name: "f", toolVersion: "1"), DiagnosisSubject(.spec, name: "s", toolVersion: "1"),
    ] {
      expectError(.invalidArgument) { try fixture.registry.keep(Diagnosis(subject: subject), with: run) }
    }
    expectError(.invalidArgument) { try fixture.registry.keep(fixture.registry.diagnose(other), with: run) }
    #expect(try fixture.count("diagnoses") == 0)
    #expect(try fixture.registry.history().map(\.action) == ["create", "create"])
  }

  @Test func `rename, rm and restore leave the diagnosis, and gc deletes it with its run`() throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    let (run, other) = (try fixture.create("m", tinySpec), try fixture.create("other", tinySpec))
    try registry.keep(model(), with: run)
    try registry.keep(model(), with: other)
    try registry.delete([run])
    #expect(try fixture.count("diagnoses") == 2)
    try registry.restore([run])
    #expect(try registry.keptDiagnoses(of: run).count == 1)
    try registry.delete([run])
    _ = try registry.collectGarbage(grace: .zero)
    #expect(try fixture.count("diagnoses") == 1)
    #expect(try registry.keptDiagnoses(of: other).count == 1)
    #expect(try registry.checkIntegrity().isSound)
  }

  @Test func `a bundle and a backup carry the diagnoses`() throws {
    let (from, to) = (try Fixture(), try Fixture())
    let run = try from.create("m", tinySpec)
    try from.registry.keep(model(), with: run)
    try from.registry.keep(from.registry.diagnose(run), with: run)
    let bundle = from.folder.path("b.winit")
    try from.registry.exportBundle([run], to: bundle)
    _ = try to.registry.importBundle(bundle)
    let copy = try to.registry.run("m")
    #expect(try to.registry.keptDiagnoses(of: copy).map(\.subject.kind) == [.run, .model])
    let backup = from.folder.path("backup")
    _ = try from.registry.backup(to: backup)
    let restored = try Registry(opening: backup)
    #expect(try restored.keptDiagnoses(of: restored.run("m")).map(\.subject.name) == ["m:v1", "net.MLP"])
  }

  /// What a foreign program may have written as a diagnosis of the run `m`.
  private static let foreign = [
    "'no JSON'", "'{}'", #"'{"schema":"other/1"}'"#, #"json_set(json, '$.subject.id', 'sha256:00')"#,
    #"json_remove(json, '$.subject.id')"#,
  ]

  @Test(arguments: foreign)
  func `doctor finds a diagnosis that is not one of its run, and its repair deletes it alone`(json: String) throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    let (run, other) = (try fixture.create("m", tinySpec), try fixture.create("other", tinySpec, seed: 5))
    try registry.keep(model(), with: run)
    try registry.keep(model(), with: other)
    try fixture.tamper("UPDATE diagnoses SET json = \(json) WHERE run = 1")
    #expect(try registry.checkIntegrity().references.count == 1)
    #expect(try registry.checkIntegrity(repair: true).isSound)
    #expect(try registry.keptDiagnoses(of: run).isEmpty)
    #expect(try registry.keptDiagnoses(of: other).count == 1)
  }

  /// Changes of a kept diagnosis of the weights of the run, which has one tensor `w` of two binary32 numbers.
  private static let contradictions = [
    "json_set(json, '$.tensors', 7)", "json_set(json, '$.tensors[0].std', -1)",
    "json_set(json, '$.tensors[0].dtype', 'float16')",
    "json_set(json, '$.tensors[0].shape', json('[3]'), '$.tensors[0].count', 3)",
    "json_set(json, '$.tensors[0].name', 'v')", "json_set(json, '$.subject.kind', 'model')",
    "json_set(json, '$.findings', json('[{\"code\":\"zzz\",\"severity\":\"error\",\"message\":\"\"}]'))",
  ]

  @Test(arguments: contradictions)
  func `doctor finds a document that cannot be read or has other tensors than its run, and its repair deletes it`(
    json: String
  ) throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    let run = try fixture.create("m", tinySpec)
    try registry.keep(registry.diagnose(run), with: run)
    try registry.keep(model(), with: run)
    #expect(try registry.checkIntegrity().isSound)
    try fixture.tamper("UPDATE diagnoses SET json = \(json) WHERE kind = 'weights'")
    let report = try registry.checkIntegrity()
    #expect(report.affectedRuns == ["m:v1"] && report.records.count == 1)
    #expect(report.records.first?.finding.message.contains("kept diagnosis of the weights") == true)
    expectError(.damagedRegistry) { try registry.keptDiagnoses(of: run) }
    #expect(try registry.checkIntegrity(repair: true).isSound)
    #expect(try registry.keptDiagnoses(of: run).map(\.subject.kind) == [.model])
  }

  @Test func `a kept diagnosis of an unknown kind is damage, and none that a report shows`() throws {
    let fixture = try Fixture()
    let registry = fixture.registry
    let run = try fixture.create("m", tinySpec)
    try registry.keep(model(), with: run)
    try fixture.tamper(
      """
      PRAGMA ignore_check_constraints = ON;
      INSERT INTO diagnoses (run, kind, made_at, json) SELECT run, 'zzz', made_at, json FROM diagnoses
      """)
    #expect(try registry.checkIntegrity().references.count == 1)
    #expect(try registry.keptDiagnosisTimes(of: run).map(\.kind) == ["model"])
    #expect(try registry.keptDiagnoses(of: run).count == 1)
    let other = try Fixture()
    expectError(.mismatch) { try other.registry.importBundle(fixture.folder.path("r")) }
    #expect(try registry.checkIntegrity(repair: true).isSound)
    #expect(try fixture.count("diagnoses") == 1)
  }

  @Test func `a diagnosis of tensors of another shape, dtype or number of elements is not kept`() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", tinySpec)
    for (shape, dtype, count) in [([3], "float32", 3), ([2], "bfloat16", 2), ([2], "float32", 3)] {
      var other = model()
      other.tensors = [TensorDiagnosis(name: "w", shape: shape, dtype: dtype, count: count)]
      expectError(.invalidArgument) { try fixture.registry.keep(other, with: run) }
    }
    #expect(try fixture.count("diagnoses") == 0)
  }

  @Test func `doctor finds a diagnosis of a run that does not exist`() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", tinySpec)
    try fixture.registry.keep(model(), with: run)
    try fixture.tamper("UPDATE diagnoses SET run = 99")
    #expect(try !fixture.registry.checkIntegrity().isSound)
    #expect(try fixture.registry.checkIntegrity(repair: true).isSound)
    #expect(try fixture.count("diagnoses") == 0)
  }

  @Test(arguments: foreign)
  func `a bundle with a diagnosis that is not one of its run is refused`(json: String) throws {
    let (from, to) = (try Fixture(), try Fixture())
    let run = try from.create("m", tinySpec)
    try from.registry.keep(model(), with: run)
    try from.tamper("UPDATE diagnoses SET json = \(json)")
    expectError(.mismatch) { try to.registry.importBundle(from.folder.path("r")) }
  }

  @Test func `a salvage keeps the newest diagnosis of a run, and none that names another run`() throws {
    let fixture = try Fixture()
    let (run, other) = (try fixture.create("m", tinySpec), try fixture.create("other", tinySpec, seed: 7))
    try fixture.registry.keep(model("old"), with: run)
    try fixture.registry.keep(model("new"), with: run)
    try fixture.registry.keep(model("foreign"), with: other)
    // A diagnosis that names the id of another run proves nothing.
    try fixture.tamper("UPDATE diagnoses SET json = json_set(json, '$.subject.id', 'sha256:00') WHERE run = 2")
    let path = fixture.folder.path("r")
    let bytes = try fixture.folder.bytes("r")
    // The last page of the file: SQLite finds the file damaged.
    try fixture.folder.write("cut", Array(bytes.dropLast(16384)))
    let cut = fixture.folder.path("cut")
    let report = try Registry.checkIntegrity(at: cut, full: false, repair: true)
    #expect(report.isRebuilt && path != cut)
    let salvaged = try Registry(opening: cut)
    #expect(try salvaged.keptDiagnoses(of: salvaged.run("m")).map(\.subject.name) == ["new"])
    #expect(try salvaged.keptDiagnoses(of: salvaged.run("other")).isEmpty)
    #expect(try salvaged.checkIntegrity().isSound)
  }

  @Test func `a document with the right head that cannot be read is an error, and not a crash`() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", tinySpec)
    try fixture.registry.keep(model(), with: run)
    try fixture.tamper("UPDATE diagnoses SET json = json_set(json, '$.tensors', 7)")
    expectError(.damagedRegistry) { try fixture.registry.keptDiagnoses(of: run) }
  }
}
