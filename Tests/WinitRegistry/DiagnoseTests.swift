// Diagnoses of runs, specs and checkpoints: which bytes they read, and what they say about the source.

import Foundation
import Testing
import WinitDiagnosis
import WinitJSON
import WinitRegistry
import WinitTestSupport

@Suite struct DiagnoseTests {
  private func checkpoint(_ path: String, _ spec: ModelSpec? = nil, keras: Bool? = nil) throws -> Diagnosis {
    try Diagnosis.ofCheckpoint(path, spec: spec, usesKerasLayout: keras)
  }

  /// A spec of tensors of a normal distribution.
  private func normal(_ tensors: String, std: Double = 0.02) -> String {
    "tensors: {\(tensors)}\nrules: [{match: '*', init: {scheme: normal, std: \(std)}}]"
  }

  @Test func `a diagnosis has the statistics of the recorded bytes, of every dtype and number of chunks`() throws {
    let fixture = try Fixture()
    let run = try fixture.create()
    let diagnosis = try fixture.registry.diagnose(run)
    #expect(diagnosis.tensors.map(\.name) == ["h.0.w", "h.0.b", "emb", "wide", "steps", "mask", "empty"])
    #expect(diagnosis.subject.id == run.id.description && diagnosis.subject.seed == "42")
    let weight = diagnosis.tensors[0]
    // The mean and the std of the elements, added up in another order and with another formula.
    let values = try fixture.registry.floats(of: "h.0.w", in: run).map(Double.init)
    let mean = values.reduce(0, +) / Double(values.count)
    let std = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
    #expect(abs((weight.mean ?? .nan) - mean) < 1e-6 * std && abs((weight.std ?? .nan) / std - 1) < 1e-6)
    #expect(weight.min == values.min() && weight.max == values.max())
    #expect(weight.fanIn == 1024 && weight.fanOut == 300)
    // The law has the std 0.02 as binary32, of which the distance is that in standard errors, std/√(2n).
    let expected = Double(Float(0.02))
    #expect(abs((weight.expectedStd ?? .nan) / expected - 1) < 1e-12)
    let error = expected / (2 * Double(values.count)).squareRoot()
    #expect(abs((weight.z ?? .nan) - (std - expected) / error) < 1e-3)
    let (steps, mask, empty) = (diagnosis.tensors[4], diagnosis.tensors[5], diagnosis.tensors[6])
    #expect(steps.mean == 7 && steps.std == 0 && mask.mean == 1 && mask.count == 9)
    #expect(empty.count == 0 && empty.mean == nil && empty.std == nil)
    #expect(diagnosis.findings.isEmpty)
  }

  @Test func `a damaged chunk is regenerated, with a note; the damaged bytes of a literal are an error`() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", twoChunkSpec)
    let before = try fixture.registry.diagnose(run)
    try fixture.damage("w", chunk: 1)
    let after = try fixture.registry.diagnose(run)
    #expect(after.tensors.map(\.json.compact) == before.tensors.map(\.json.compact))
    #expect(after.notes.contains { $0.contains("`w` are damaged") })
    let literal = try fixture.create("l", "tensors: {l: {shape: [2], init: {scheme: literal, values: [1, 2]}}}")
    try fixture.damage("l")
    expectError(.mismatch) { try fixture.registry.diagnose(literal) }
  }

  @Test func `a tied tensor is read once, is declared, and is no identical tensor`() throws {
    let fixture = try Fixture()
    let spec = """
      tensors: {a.weight: [64, 32], head.weight: {shape: [64, 32], init: {scheme: same_as, of: a.weight}}}
      rules: [{match: "*", init: {scheme: normal, std: 0.02}}]
      """
    let run = try fixture.create("m", spec)
    let diagnosis = try fixture.registry.diagnose(run)
    #expect(diagnosis.tensors[1].tiedTo == "a.weight" && diagnosis.tensors[1].std == diagnosis.tensors[0].std)
    #expect(diagnosis.declared == [DeclaredTensor(tensor: "head.weight", what: "tied to a.weight")])
    #expect(diagnosis.findings.isEmpty)
    // A file has both. With the spec it is tied, without it it is a copy.
    let path = fixture.folder.path("f.safetensors")
    try fixture.registry.export(run, to: path)
    let parsed = try ModelSpec(parsing: spec)
    #expect(try checkpoint(path, parsed).findings.isEmpty)
    #expect(try checkpoint(path).findings.map(\.code) == [.identicalTensors])
    // Where the bytes differ, the tensor is not tied, and its own bytes are diagnosed.
    let other = try fixture.create("other", normal("a.weight: [64, 32], head.weight: [64, 32]"))
    let otherPath = fixture.folder.path("g.safetensors")
    try fixture.registry.export(other, to: otherPath)
    let untied = try checkpoint(otherPath, parsed)
    #expect(untied.tensors[1].tiedTo == nil && untied.tensors[1].std != untied.tensors[0].std)
    #expect(untied.notes.contains { $0.contains("other bytes") })
  }

  @Test func `a checkpoint is compared with the promise of a spec, and a run is not`() throws {
    let fixture = try Fixture()
    let made = try fixture.create("m", normal("w.weight: [64, 64]", std: 0.04))
    let path = fixture.folder.path("f.safetensors")
    try fixture.registry.export(made, to: path)
    let promised = try ModelSpec(parsing: normal("w.weight: [64, 64]"))
    let diagnosis = try checkpoint(path, promised)
    #expect(diagnosis.findings.map(\.code) == [.scaleOff])
    // Twice the promised std: one std off, which is √(2n) standard errors.
    #expect(abs((diagnosis.tensors[0].z ?? 0) - (2.0 * 4096).squareRoot()) < 3)
    #expect(try fixture.registry.diagnose(made).findings.isEmpty)
  }

  @Test func `the layout of a file is an assumption that a note names, unless it is given`() throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", normal("w.weight: [8, 4], v.weight: [3, 5]"))
    let path = fixture.folder.path("f.safetensors")
    try fixture.registry.export(run, to: path)
    let assumed = try checkpoint(path)
    // A file has its tensors in the order of their names.
    #expect(assumed.tensors[1].fanIn == 4 && assumed.notes.contains { $0.contains("layout") })
    let keras = try checkpoint(path, keras: true)
    #expect(keras.tensors[1].fanIn == 8 && !keras.notes.contains { $0.contains("layout") })
  }

  @Test func `an imported run has no promise, and no layout`() throws {
    let fixture = try Fixture()
    let run = try fixture.importRun("c", [("w", [2, 2], [UInt8](repeating: 0, count: 16))])
    let diagnosis = try fixture.registry.diagnose(run)
    #expect(diagnosis.tensors[0].scheme == nil && diagnosis.tensors[0].expectedStd == nil)
    #expect(diagnosis.subject.seed == nil && diagnosis.notes.contains { $0.contains("layout") })
  }

  @Test func `a constant weight that the spec names is declared, for a run as for its spec`() throws {
    let fixture = try Fixture()
    let spec = """
      tensors: {a.weight: [16, 16], b.c_proj.weight: [16, 16], z.weight: [16, 16]}
      rules:
        - {match: "*.c_proj.weight", init: zeros}
        - {match: "*", init: {scheme: normal, std: 0.02}}
      """
    let run = try fixture.create("m", spec)
    let diagnosis = try fixture.registry.diagnose(run)
    #expect(diagnosis.declared == [DeclaredTensor(tensor: "b.c_proj.weight", what: "zeros")])
    let ofSpec = try ModelSpec(parsing: spec).diagnose(seed: 42, like: nil)
    #expect(diagnosis.findings == ofSpec.findings && diagnosis.declared == ofSpec.declared)
  }

  @Test func `a run of a spec has the layout of its spec, also for ties, parts and literals`() throws {
    let fixture = try Fixture()
    let tensors = """
      layout: LAYOUT
      tensors:
        w: {shape: [8, 4], init: he_normal}
        tied: {shape: [8, 4], init: {scheme: same_as, of: w}}
        parts: {shape: [4, 2], init: {scheme: parts, base: {scheme: normal, std: 1}, parts: [{box: [[0, 1]], init: zeros}]}}
        given: {shape: [2, 1], init: {scheme: literal, values: [1, 2]}}
      """
    for (layout, fanIns) in [("torch", [4, 4, 2, 1]), ("keras", [8, 8, 4, 2])] {
      let spec = tensors.replacing("LAYOUT", with: layout)
      let run = try fixture.create(layout, spec)
      let diagnosis = try fixture.registry.diagnose(run)
      #expect(!diagnosis.notes.contains { $0.contains("which axes") })
      #expect(diagnosis.tensors.map(\.fanIn) == fanIns)
      let ofSpec = try ModelSpec(parsing: spec).diagnose(seed: 42, like: nil).tensors
      #expect(ofSpec.suffix(2).compactMap(\.fanIn) == fanIns.suffix(2))
    }
  }

  @Test func `a note names the weights that a network leaves out, and no bias, tie, vector or integer`() throws {
    func notes(_ tensors: String) throws -> [String] {
      let spec = """
        tensors: {a.weight: [4, 4], a.bias: [4], scale: [4, 1], \(tensors)}
        rules: [{match: "*", dtype: integer, init: zeros}, {match: "*", init: {scheme: normal, std: 0.5}}]
        network: [{weight: a.weight, activation: relu}, {weight: b.weight}]
        """
      return try ModelSpec(parsing: spec).diagnose(seed: 1, like: nil).notes.filter { $0.contains("does not have") }
    }
    let whole = "b.weight: [4, 4], ids: {shape: [4, 4], dtype: int64}"
    #expect(try notes(whole + ", tied: {shape: [4, 4], init: {scheme: same_as, of: b.weight}}").isEmpty)
    let one = try notes(whole + ", c.weight: [4, 4]")
    #expect(one.count == 1 && one[0].contains("`c.weight`, so") && one[0].contains("this weight"))
    let more = try notes(whole + ", c.weight: [4, 4], d.weight: [2, 2, 3, 3]")
    #expect(more.count == 1 && more[0].contains("`c.weight` and 1 more") && more[0].contains("these weights"))
  }

  /// Weights of binary64 whose squares overflow or underflow, and the same weights at the scale 1.
  @Test(arguments: [1e160, 1e-200])
  func `weights whose squares binary64 does not hold have their statistics and spectrum, and no curve`(scale: Double)
    throws
  {
    let folder = try TemporaryFolder()
    func diagnosis(_ scale: Double) throws -> Diagnosis {
      // Sines have no pattern in rows of 8.
      let elements = (0..<64).map { sin(Double($0 * $0) + 1) * scale }
      let header =
        #"{"0.weight":{"dtype":"F64","shape":[8,8],"data_offsets":[0,512]},"#
        + #""1.weight":{"dtype":"F64","shape":[8,8],"data_offsets":[512,1024]}}"#
      let size = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
      let bytes = (elements + elements.reversed()).flatMap { value in
        withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
      }
      try folder.write("w.safetensors", size + Array(header.utf8) + bytes)
      var options = DiagnosisOptions()
      options.hasSpectrum = true
      return try Diagnosis.ofCheckpoint(
        folder.path("w.safetensors"), spec: nil, usesKerasLayout: false, options: options)
    }
    let (unit, scaled) = (try diagnosis(1), try diagnosis(scale))
    for (one, other) in zip(unit.tensors, scaled.tensors) {
      func ratio(_ value: (TensorDiagnosis) -> Double?) -> Double {
        (value(other) ?? .nan) / (value(one) ?? .nan) / scale
      }
      #expect(abs(ratio(\.std) - 1) < 1e-12 && abs(ratio(\.mean) - 1) < 1e-12)
      #expect(abs(ratio(\.spectrum?.largest) - 1) < 1e-12 && abs(ratio(\.spectrum?.edge) - 1) < 1e-12)
      #expect(abs(ratio(\.spectrum?.smallest) - 1) < 1e-9)
    }
    #expect(!unit.layers.isEmpty && scaled.layers.isEmpty)
    #expect(scaled.notes.contains { $0.contains("no theory") && $0.contains("squares") })
  }

  @Test func `an operation that is stopped ends with the error of the handler`() throws {
    let fixture = try Fixture()
    let run = try fixture.create()
    #expect(throws: Stop.self) { try fixture.registry.diagnose(run) { _, _ in throw Stop() } }
  }
}
