// Reading a diagnosis from JSON. The document comes from anywhere, so that it can do nothing but be read.

package import WinitJSON

extension Diagnosis {
  /// The maximum number of bytes of a document. A tensor takes about 1 kB.
  package static let maximumBytes = 1 << 28
  /// The maximum number of axes of a tensor and of intervals of a histogram.
  private static let maximumRank = 64
  private static let maximumIntervals = 4096

  /// Reads the text of a document.
  package init(parsing bytes: [UInt8]) throws(DocumentError) {
    guard bytes.count <= Diagnosis.maximumBytes else {
      throw .tooLarge(bytes: bytes.count, limit: Diagnosis.maximumBytes)
    }
    let value: JSONValue
    do { value = try JSONValue(parsing: bytes) } catch { throw .notJSON(error) }
    try self.init(json: value)
  }

  /// Reads a document in the form of `json`. Unknown members are ignored. Everything but `schema` and the name, the
  /// shape, the dtype and the count of a tensor may be missing, so that another program can write a document too.
  package init(json: JSONValue) throws(DocumentError) {
    guard let schema = json["schema"]?.stringValue else { throw .noSchema }
    guard schema == Diagnosis.schema else { throw .unknownSchema(schema) }
    let document = try DocumentReader(json, at: "")
    let subject = try document.optionalObject("subject").map(DiagnosisSubject.init(reading:))
    self.init(subject: subject ?? DiagnosisSubject(.file, name: "unnamed", toolVersion: "unknown"))
    tensors = try document.objects("tensors", TensorDiagnosis.init(reading:))
    network = try document.optionalObject("network").map(NetworkSummary.init(reading:))
    layers = try document.objects("layers", LayerDiagnosis.init(reading:))
    loss = try document.optionalObject("loss").map(LossDiagnosis.init(reading:))
    findings = try document.objects("findings", Finding.init(reading:))
    allowed = try document.objects("allowed") { (entry) throws(DocumentError) in
      AllowedFinding(finding: try Finding(reading: try entry.object("finding")), reason: try entry.text("reason"))
    }
    declared = try document.objects("declared") { (entry) throws(DocumentError) in
      DeclaredTensor(tensor: try entry.text("tensor"), what: try entry.text("what"))
    }
    notes = try document.texts("notes")
  }

  fileprivate static func shape(_ entry: DocumentReader) throws(DocumentError) -> [Int] {
    try entry.counts("shape", limit: maximumRank)
  }

  fileprivate static func counts(_ entry: DocumentReader) throws(DocumentError) -> [Int] {
    try entry.counts("counts", limit: maximumIntervals)
  }
}

extension DiagnosisSubject {
  fileprivate init(reading entry: DocumentReader) throws(DocumentError) {
    self.init(
      try entry.word("kind"), name: try entry.text("name"),
      toolVersion: try entry.optionalText("tool_version") ?? "unknown")
    id = try entry.optionalText("id")
    seed = try entry.optionalText("seed")
    createdAt = try entry.optionalText("created_at")
    spec = try entry.optionalText("spec")
  }
}

extension NetworkSummary {
  fileprivate init(reading entry: DocumentReader) throws(DocumentError) {
    self.init(
      source: try entry.word("source"), kind: try entry.optionalText("kind") ?? "network",
      accuracy: try entry.optionalText("accuracy") ?? "")
  }
}

extension LossDiagnosis {
  fileprivate init(reading entry: DocumentReader) throws(DocumentError) {
    self.init(
      value: try entry.number("value"), classes: try entry.optionalCount("classes"),
      uniform: try entry.optionalNumber("uniform", in: .notNegative))
  }
}

extension Finding {
  fileprivate init(reading entry: DocumentReader) throws(DocumentError) {
    self.init(
      try entry.word("code"), try entry.word("severity"), tensor: try entry.optionalText("tensor"),
      layer: try entry.optionalText("layer"), message: try entry.text("message"), fix: try entry.optionalText("fix"))
  }
}

extension TensorDiagnosis {
  fileprivate init(reading entry: DocumentReader) throws(DocumentError) {
    self.init(
      name: try entry.text("name"), shape: try Diagnosis.shape(entry), dtype: try entry.text("dtype"),
      count: try entry.count("count"))
    mean = try entry.optionalNumber("mean")
    std = try entry.optionalNumber("std", in: .notNegative)
    min = try entry.optionalNumber("min")
    max = try entry.optionalNumber("max")
    skewness = try entry.optionalNumber("skewness")
    kurtosis = try entry.optionalNumber("kurtosis", in: .notNegative)
    zeros = try entry.optionalCount("zeros") ?? 0
    try readNonfinite(entry)
    fanIn = try entry.optionalCount("fan_in")
    fanOut = try entry.optionalCount("fan_out")
    expectedStd = try entry.optionalNumber("expected_std", in: .notNegative)
    z = try entry.optionalNumber("z")
    histogram = try entry.optionalObject("histogram").map(Histogram.init(reading:))
    spectrum = try entry.optionalObject("spectrum").map(Spectrum.init(reading:))
    scheme = try entry.optionalText("scheme")
    law = try entry.optionalValue("law")
    tiedTo = try entry.optionalText("tied_to")
    try checkCounts(entry)
  }

  /// Checks that the numbers of elements, and the smallest and the largest element, do not contradict each other.
  private func checkCounts(_ entry: DocumentReader) throws(DocumentError) {
    guard product(shape) == count else { throw entry.error("count", "is not the product of `shape`") }
    if let min, let max, min > max { throw entry.error("max", "is below `min`") }
    // Two numbers up to 2⁵³ do not overflow; the numbers of a histogram can.
    guard zeros <= count, nonfinite <= count - zeros else {
      throw entry.error("zeros", "and the elements that are not finite are more than `count`")
    }
    var rest = count - nonfinite
    for (i, number) in (histogram?.counts ?? []).enumerated() {
      guard number <= rest else {
        throw entry.error("histogram.counts[\(i)]", "and the counts before it are more than the finite elements")
      }
      rest -= number
    }
  }

  /// Reads `nan`, `infinite`, and their sum `nonfinite`. A document that has the sum alone counts as NaN.
  private mutating func readNonfinite(_ entry: DocumentReader) throws(DocumentError) {
    let sum = try entry.optionalCount("nonfinite")
    infinite = try entry.optionalCount("infinite") ?? 0
    nan = try entry.optionalCount("nan") ?? Swift.max(0, (sum ?? 0) - infinite)
    guard sum == nil || sum == nonfinite else {
      throw entry.error("nonfinite", "is not the sum of `nan` and `infinite`")
    }
  }
}

extension Histogram {
  fileprivate init(reading entry: DocumentReader) throws(DocumentError) {
    self.init(
      low: try entry.finiteNumber("low"), high: try entry.finiteNumber("high"), counts: try Diagnosis.counts(entry))
    guard low <= high else { throw entry.error("high", "is below `low`") }
  }
}

extension Spectrum {
  fileprivate init(reading entry: DocumentReader) throws(DocumentError) {
    self.init(
      largest: try entry.number("largest", in: .notNegative), edge: try entry.number("edge", in: .notNegative),
      smallest: try entry.optionalNumber("smallest", in: .notNegative))
  }
}

extension LayerDiagnosis {
  fileprivate init(reading entry: DocumentReader) throws(DocumentError) {
    self.init(
      name: try entry.text("name"), kind: try entry.optionalText("kind") ?? "layer",
      activation: try entry.optionalText("activation"))
    isAssumed = try entry.flag("assumed", default: false)
    isMainPath = try entry.flag("main_path", default: true)
    theory = try entry.optionalObject("theory").map { (theory) throws(DocumentError) in
      Theory(
        q: try theory.number("q", in: .notNegative), signal: try theory.number("signal", in: .notNegative),
        gradient: try theory.number("gradient", in: .notNegative))
    }
    measured = try entry.optionalObject("measured").map { (measured) throws(DocumentError) in
      Measured(
        rms: try measured.number("rms", in: .notNegative), signal: try measured.number("signal", in: .notNegative),
        gradient: try measured.optionalNumber("gradient", in: .notNegative),
        dead: try measured.optionalNumber("dead", in: .fraction),
        saturated: try measured.optionalNumber("saturated", in: .fraction),
        cosine: try measured.optionalNumber("cosine", in: .cosine))
    }
  }
}
