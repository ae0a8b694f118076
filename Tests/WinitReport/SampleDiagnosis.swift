// Diagnoses that the tests of pages and pictures draw.

import WinitDiagnosis
import WinitJSON

enum SampleDiagnosis {
  /// Texts that mean something in HTML, in SVG, in attributes, in scripts, in style sheets or in a terminal, and texts
  /// that break a layout.
  static let hostileTexts = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='alert(1)", "]]></style></svg><b>",
    "</script><script>alert(2)</script>", "<!--", "-->", "&lt;b&gt;&amp;", "a\u{202E}b\u{0}c\u{7}\nd\u{2028}e",
    "\u{FFFE}\u{FFFF}\u{1FFFE}", "\u{5D0}\u{5D1}.weight", String(repeating: "x", count: 5000),
    "Z" + String(repeating: "\u{301}", count: 3000), "", "`", "{{7*7}}`${1}`", "javascript:alert(1)",
  ]

  /// A chain of ReLU layers whose signal changes by a factor at each layer, measured 10% above theory.
  static func chain(_ name: String, factor: Double, layers count: Int = 12) -> Diagnosis {
    var diagnosis = Diagnosis(subject: DiagnosisSubject(.run, name: name, toolVersion: "1.2.3"))
    diagnosis.subject.seed = "42"
    var signal = 1.0
    for i in 0..<count {
      signal *= factor
      var layer = LayerDiagnosis(name: "net.\(i).weight", kind: "linear", activation: "relu")
      layer.theory = .init(q: signal * signal, signal: signal, gradient: 1)
      layer.measured = .init(
        rms: signal, signal: signal * 1.1, gradient: 3, dead: 0.1, saturated: nil, cosine: 0.5)
      diagnosis.layers.append(layer)
      var tensor = tensor("net.\(i).weight")
      tensor.spectrum = Spectrum(largest: 1.98, edge: 2, smallest: 0.01)
      diagnosis.tensors.append(tensor)
    }
    diagnosis.network = NetworkSummary(source: .spec, kind: "chain", accuracy: "Within a factor of 2.")
    diagnosis.findings = [
      Finding(
        .layerGain, .information, tensor: "net.3.weight", layer: "net.3.weight", message: "the factor is \(factor)",
        fix: "init: he_normal")
    ]
    diagnosis.notes = ["The layout is assumed."]
    diagnosis.declared = [DeclaredTensor(tensor: "net.0.bias", what: "zeros")]
    return diagnosis
  }

  /// A tensor of 10,000 elements under N(0, 0.02²), with a histogram of 64 intervals.
  static func tensor(_ name: String) -> TensorDiagnosis {
    var tensor = TensorDiagnosis(name: name, shape: [100, 100], dtype: "float32", count: 10_000)
    (tensor.mean, tensor.std, tensor.min, tensor.max) = (-1.25e-4, 0.0201, -0.08, 0.08)
    (tensor.skewness, tensor.kurtosis, tensor.fanIn, tensor.fanOut) = (0.01, 3.02, 100, 100)
    (tensor.expectedStd, tensor.z, tensor.scheme) = (0.02, 0.7, "normal(std: 0.02)")
    tensor.law = ["law": "normal", "mean": 0, "std": .number(Double(Float(0.02)))]
    tensor.histogram = Histogram(low: -0.08, high: 0.08, counts: (0..<64).map { 1 + Swift.min($0, 63 - $0) * 10 })
    return tensor
  }

  /// A document with a hostile text wherever it has a text, and with numbers that no program gives.
  static var hostile: Diagnosis {
    let texts = hostileTexts
    var diagnosis = Diagnosis(subject: DiagnosisSubject(.file, name: texts[0], toolVersion: texts[1]))
    (diagnosis.subject.id, diagnosis.subject.seed) = (texts[2], texts[3])
    (diagnosis.subject.createdAt, diagnosis.subject.spec) = (texts[4], texts[8])
    diagnosis.network = NetworkSummary(source: .model, kind: texts[0], accuracy: texts[4])
    diagnosis.loss = LossDiagnosis(value: .nan, classes: 1 << 53, uniform: .infinity)
    let numbers = [0, -0.0, -1, .nan, .infinity, -.infinity, 1e300, 1e-300, .leastNonzeroMagnitude, 1]
    for (i, text) in texts.enumerated() {
      func number(_ offset: Int) -> Double { numbers[(i + offset) % numbers.count] }
      var tensor = tensor(text)
      (tensor.scheme, tensor.dtype, tensor.law) = (text, text, ["law": .string(text)])
      (tensor.mean, tensor.std, tensor.z, tensor.min) = (number(0), number(1), number(2), number(3))
      (tensor.count, tensor.nan, tensor.infinite) = (1 << 53, 1 << 53, 1 << 53)
      tensor.spectrum = Spectrum(largest: number(4), edge: number(5), smallest: number(6))
      diagnosis.tensors.append(tensor)
      var layer = LayerDiagnosis(name: text, kind: text, activation: text)
      layer.theory = .init(q: number(0), signal: number(1), gradient: number(2))
      layer.measured = .init(
        rms: number(3), signal: number(4), gradient: number(5), dead: number(6), saturated: number(7),
        cosine: number(8))
      (layer.isAssumed, layer.isMainPath) = (i % 3 == 0, i % 4 != 0)
      diagnosis.layers.append(layer)
      let finding = Finding(.nonFinite, .error, tensor: text, layer: text, message: text, fix: text)
      diagnosis.findings.append(finding)
      diagnosis.allowed.append(AllowedFinding(finding: finding, reason: text))
      diagnosis.declared.append(DeclaredTensor(tensor: text, what: text))
      diagnosis.notes.append(text)
    }
    diagnosis.tensors[0].histogram = Histogram(
      low: -.greatestFiniteMagnitude, high: .greatestFiniteMagnitude, counts: [1 << 53, 0, 1 << 53])
    diagnosis.tensors[1].histogram = Histogram(low: 0, high: 0, counts: [5])
    diagnosis.tensors[2].histogram = Histogram(
      low: 0, high: .leastNonzeroMagnitude, counts: Array(repeating: 7, count: 100))
    diagnosis.tensors[3].histogram = Histogram(low: 0, high: 1, counts: [])
    diagnosis.tensors[4].histogram = Histogram(low: 0, high: 1, counts: [0, 0])
    diagnosis.tensors[5].law = ["law": "normal", "mean": 0, "std": 0]
    diagnosis.tensors[6].law = [
      "law": "uniform", "half": 1, "mid": 0, "low": .number(-0.0625), "high": .number(0.0625),
    ]
    diagnosis.tensors[7].shape = Array(repeating: 1 << 53, count: 64)
    return diagnosis
  }
}
