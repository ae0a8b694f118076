// The JSON form of a diagnosis.

import Testing
import WinitDiagnosis
import WinitJSON

@Suite struct DocumentTests {
  /// A document that another program could write: the members of the issue's example, and no others.
  static let written = """
    {"schema": "winit-diagnosis/1",
     "tensors": [{"name": "net.0.weight", "shape": [2, 3], "dtype": "float32", "count": 6, "mean": 0.5, "std": 1.25,
                  "min": -1, "max": 2e0, "skewness": null, "kurtosis": 3, "zeros": 1, "nonfinite": 2, "fan_in": 3,
                  "fan_out": 2, "expected_std": 0.1, "z": -7.5, "histogram": {"low": -1, "high": 2, "counts": [1, 3]},
                  "unknown": [{}]}],
     "layers": [{"name": "net.0", "activation": "relu", "assumed": true, "theory": {"q": 1, "signal": 0.5, "gradient": null},
                 "measured": {"rms": 1, "signal": 2, "gradient": 3, "dead": 0.25, "saturated": null, "cosine": -0.5}}],
     "findings": [{"code": "layer-gain", "severity": "information", "tensor": null, "layer": "net.0",
                   "message": "small", "fix": "init: he_normal"}]}
    """

  @Test func `a document written by hand is read, member by member`() throws {
    let diagnosis = try Diagnosis(parsing: Array(DocumentTests.written.utf8))
    let tensor = try #require(diagnosis.tensors.first)
    #expect(tensor.name == "net.0.weight")
    #expect(tensor.shape == [2, 3])
    #expect(tensor.dtype == "float32")
    #expect(tensor.count == 6)
    #expect([tensor.mean, tensor.std, tensor.min, tensor.max] == [0.5, 1.25, -1, 2])
    #expect(tensor.skewness == nil)
    #expect(tensor.kurtosis == 3)
    #expect([tensor.zeros, tensor.nonfinite, tensor.nan, tensor.infinite] == [1, 2, 2, 0])
    #expect([tensor.fanIn, tensor.fanOut] == [3, 2])
    #expect([tensor.expectedStd, tensor.z] == [0.1, -7.5])
    #expect(tensor.histogram == Histogram(low: -1, high: 2, counts: [1, 3]))
    let layer = try #require(diagnosis.layers.first)
    #expect(layer.name == "net.0")
    #expect(layer.activation == "relu")
    #expect(layer.isAssumed)
    #expect(layer.isMainPath)
    #expect(layer.theory?.q == 1)
    #expect(layer.theory?.signal == 0.5)
    #expect(layer.theory?.gradient.isNaN == true)
    #expect(
      layer.measured
        == .init(rms: 1, signal: 2, gradient: 3, dead: 0.25, saturated: nil, cosine: -0.5))
    #expect(
      diagnosis.findings == [
        Finding(.layerGain, .information, layer: "net.0", message: "small", fix: "init: he_normal")
      ])
    #expect(diagnosis.subject.kind == .file)
    #expect(diagnosis.network == nil)
  }

  @Test func `what is written is read back`() throws {
    var diagnosis = Diagnosis(subject: DiagnosisSubject(.run, name: "m:v1", toolVersion: "1.2"))
    diagnosis.subject.id = "sha256:00"
    diagnosis.subject.seed = "18446744073709551615"
    diagnosis.subject.createdAt = "2026-01-02T03:04:05Z"
    diagnosis.subject.spec = "gpt2"
    var tensor = TensorDiagnosis(name: "<b>\u{202E}\u{0}\"", shape: [1 << 53], dtype: "bfloat16", count: 1 << 53)
    (tensor.mean, tensor.std, tensor.min, tensor.max) = (-1e-300, .leastNonzeroMagnitude, -.infinity, 0.1)
    (tensor.nan, tensor.infinite, tensor.zeros, tensor.z) = (3, 4, 5, .nan)
    tensor.spectrum = Spectrum(largest: 2.5, edge: 2.25, smallest: nil)
    tensor.histogram = Histogram(low: -0.5, high: 0.5, counts: [1, 2, 3])
    (tensor.scheme, tensor.law, tensor.tiedTo) = ("normal(std: 0.02)", ["law": "normal", "mean": 0, "std": 1], "other")
    diagnosis.tensors = [tensor]
    diagnosis.network = NetworkSummary(source: .assumed, kind: "chain", accuracy: "within a factor of 2")
    var layer = LayerDiagnosis(name: "a", kind: "linear", activation: nil)
    (layer.isAssumed, layer.isMainPath) = (true, false)
    layer.measured = .init(rms: 1, signal: 2, gradient: nil, dead: nil, saturated: 0.5, cosine: nil)
    diagnosis.layers = [layer]
    diagnosis.loss = LossDiagnosis(value: 2.5, classes: 10, uniform: 2.302585092994046)
    let finding = Finding(.nonFinite, .error, tensor: "t", message: "7 elements", fix: nil)
    diagnosis.findings = [finding]
    diagnosis.allowed = [AllowedFinding(finding: finding, reason: "on purpose")]
    diagnosis.declared = [DeclaredTensor(tensor: "b", what: "zeros")]
    diagnosis.notes = ["a note"]

    let read = try Diagnosis(parsing: Array(diagnosis.json.pretty.utf8))
    #expect(read.json.canonical == diagnosis.json.canonical)
    #expect(read.subject == diagnosis.subject)
    #expect(read.layers == diagnosis.layers)
    #expect(read.network == diagnosis.network)
    #expect(read.loss == diagnosis.loss)
    #expect(read.findings == diagnosis.findings)
    #expect(read.allowed == diagnosis.allowed)
    #expect(read.declared == diagnosis.declared)
    #expect(read.notes == diagnosis.notes)
    #expect(read.tensors[0].name.utf8.elementsEqual(tensor.name.utf8))
    #expect(read.tensors[0].std == .leastNonzeroMagnitude)
    #expect(read.tensors[0].min == nil)
    #expect(read.tensors[0].z == nil)
    #expect(read.tensors[0].count == 1 << 53)
    #expect(read.tensors[0].tiedTo == "other")
    #expect(read.tensors[0].spectrum == tensor.spectrum)
    #expect(read.tensors[0].law?.canonical == tensor.law?.canonical)
  }

  @Test func `every member of the schema is written`() throws {
    let names = try Diagnosis(parsing: Array(DocumentTests.written.utf8)).json
    let tensor = try #require(names["tensors"]?.arrayValue?.first?.objectValue).map(\.key)
    #expect(
      tensor == [
        "name", "shape", "dtype", "count", "mean", "std", "min", "max", "skewness", "kurtosis", "zeros", "nonfinite",
        "nan", "infinite", "fan_in", "fan_out", "expected_std", "z", "histogram", "spectrum", "scheme", "law",
        "tied_to",
      ])
    let layer = try #require(names["layers"]?.arrayValue?.first?.objectValue).map(\.key)
    #expect(layer == ["name", "kind", "activation", "assumed", "main_path", "theory", "measured"])
    let finding = try #require(names["findings"]?.arrayValue?.first?.objectValue).map(\.key)
    #expect(finding == ["code", "severity", "tensor", "layer", "message", "fix"])
  }

  /// Each document is wrong in one place, whose path the error gives.
  @Test(arguments: [
    (#""tensors": 1"#, "tensors"),
    (#""tensors": [1]"#, "tensors[0]"),
    (#""tensors": [{"name": 1}]"#, "tensors[0].name"),
    (#""tensors": [{"name": "a", "shape": [-1], "dtype": "f", "count": 1}]"#, "tensors[0].shape[0]"),
    (#""tensors": [{"name": "a", "shape": [1.5], "dtype": "f", "count": 1}]"#, "tensors[0].shape[0]"),
    (#""tensors": [{"name": "a", "shape": [1], "dtype": "f"}]"#, "tensors[0].count"),
    (#""tensors": [{"name": "a", "shape": [1], "dtype": "f", "count": 1e300}]"#, "tensors[0].count"),
    (#""tensors": [{"name": "a", "shape": [1], "dtype": "f", "count": 1, "std": "nan"}]"#, "tensors[0].std"),
    (#""tensors": [{"name": "a", "shape": [], "dtype": "f", "count": 1, "law": "normal"}]"#, "tensors[0].law"),
    (
      #""tensors": [{"name": "a", "shape": [], "dtype": "f", "count": 1, "nan": 1, "nonfinite": 2}]"#,
      "tensors[0].nonfinite"
    ),
    (
      #""tensors": [{"name": "a", "shape": [], "dtype": "f", "count": 1, "histogram": {"low": 1, "high": 0, "counts": []}}]"#,
      "tensors[0].histogram.high"
    ),
    (#""tensors": [{"name": "a", "shape": [2, 3], "dtype": "f", "count": 5}]"#, "tensors[0].count"),
    (#""tensors": [{"name": "a", "shape": [0], "dtype": "f", "count": 0.5}]"#, "tensors[0].count"),
    (
      #""tensors": [{"name": "a", "shape": [9007199254740992, 9007199254740992], "dtype": "f", "count": 0}]"#,
      "tensors[0].count"
    ),
    (#""tensors": [{"name": "a", "shape": [2], "dtype": "f", "count": 2, "zeros": -1}]"#, "tensors[0].zeros"),
    (#""tensors": [{"name": "a", "shape": [2], "dtype": "f", "count": 2, "zeros": 3}]"#, "tensors[0].zeros"),
    (#""tensors": [{"name": "a", "shape": [2], "dtype": "f", "count": 2, "zeros": 1, "nan": 2}]"#, "tensors[0].zeros"),
    (#""tensors": [{"name": "a", "shape": [2], "dtype": "f", "count": 2, "std": -1e-9}]"#, "tensors[0].std"),
    (#""tensors": [{"name": "a", "shape": [2], "dtype": "f", "count": 2, "min": 2, "max": 1}]"#, "tensors[0].max"),
    (
      #""tensors": [{"name": "a", "shape": [2], "dtype": "f", "count": 2, "histogram": {"low": 0, "high": 1, "counts": [1, 2]}}]"#,
      "tensors[0].histogram.counts[1]"
    ),
    (
      #""tensors": [{"name": "a", "shape": [2], "dtype": "f", "count": 2, "spectrum": {"largest": -1, "edge": 1}}]"#,
      "tensors[0].spectrum.largest"
    ),
    (#""layers": [{"name": "a", "theory": {"q": -1}}]"#, "layers[0].theory.q"),
    (#""layers": [{"name": "a", "measured": {"rms": -1}}]"#, "layers[0].measured.rms"),
    (#""layers": [{"name": "a", "measured": {"dead": 1.5}}]"#, "layers[0].measured.dead"),
    (#""layers": [{"name": "a", "measured": {"saturated": -0.5}}]"#, "layers[0].measured.saturated"),
    (#""layers": [{"name": "a", "measured": {"cosine": 1.1}}]"#, "layers[0].measured.cosine"),
    (#""loss": {"value": 1, "classes": 2.5}"#, "loss.classes"),
    (#""layers": [{"name": "a", "assumed": 1}]"#, "layers[0].assumed"),
    (#""layers": [{"name": "a", "theory": []}]"#, "layers[0].theory"),
    (#""findings": [{"code": "no-such-code", "severity": "error", "message": ""}]"#, "findings[0].code"),
    (#""findings": [{"code": "non-finite", "severity": "fatal", "message": ""}]"#, "findings[0].severity"),
    (
      #""allowed": [{"finding": {"code": "non-finite", "severity": "error"}, "reason": ""}]"#,
      "allowed[0].finding.message"
    ),
    (#""notes": [null]"#, "notes[0]"),
    (#""subject": {"kind": "thing", "name": ""}"#, "subject.kind"),
  ])
  func `an error names the member at fault`(members: String, path: String) {
    let text = #"{"schema": "winit-diagnosis/1", \#(members)}"#
    #expect {
      try Diagnosis(parsing: Array(text.utf8))
    } throws: { error in
      guard case .member(let found, _)? = error as? DocumentError else { return false }
      return found == path
    }
  }

  @Test func `a list longer than any tensor has is refused`() {
    let axes = Array(repeating: "1", count: 65).joined(separator: ",")
    let counts = Array(repeating: "1", count: 4097).joined(separator: ",")
    for member in [
      #""shape": [\#(axes)]"#, #""shape": [], "histogram": {"low": 0, "high": 1, "counts": [\#(counts)]}"#,
    ] {
      let text = #"{"schema": "winit-diagnosis/1", "tensors": [{"name": "a", "dtype": "f", "count": 1, \#(member)}]}"#
      #expect(throws: DocumentError.self) { try Diagnosis(parsing: Array(text.utf8)) }
    }
  }

  @Test func `another schema, no schema and no JSON are told apart`() {
    #expect(throws: DocumentError.noSchema) { try Diagnosis(parsing: Array("[]".utf8)) }
    #expect(throws: DocumentError.noSchema) { try Diagnosis(parsing: Array("{}".utf8)) }
    #expect(throws: DocumentError.unknownSchema("winit-diagnosis/2")) {
      try Diagnosis(parsing: Array(#"{"schema": "winit-diagnosis/2"}"#.utf8))
    }
    #expect {
      try Diagnosis(parsing: Array(#"{"a": NaN}"#.utf8))
    } throws: { error in
      if case .notJSON? = error as? DocumentError { true } else { false }
    }
  }
}
