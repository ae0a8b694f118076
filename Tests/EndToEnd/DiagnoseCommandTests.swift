// diagnose and report, as a user types them.

import Foundation
import Testing
import WinitDiagnosis
import WinitJSON
import WinitTestSupport

/// A chain of dense layers with a network, all of He's scale but for the scheme that a test gives.
private func chain(_ scheme: String = "he_normal", layers: Int = 30) -> String {
  let tensors = (0..<layers).map { "  net.\($0).weight: [32, 32]" }.joined(separator: "\n")
  let network = (0..<layers).map { "  - {weight: net.\($0).weight, activation: relu}" }.joined(separator: "\n")
  return "tensors:\n\(tensors)\nnetwork:\n\(network)\nrules:\n  - {match: \"*\", init: \(scheme)}\n"
}

@Suite struct DiagnoseCommandTests {
  @Test func `a run, a spec and a checkpoint of the same weights have the same numbers, whatever the threads`() throws {
    let place = try Workplace()
    try place.folder.write("s.yaml", chain(layers: 4))
    try place.succeed("create m --spec s.yaml --seed 3")
    try place.succeed("get m -o m.safetensors")
    func tensors(_ words: String) throws -> [String] {
      let value = try place.json("diagnose \(words)")
      return (value["tensors"]?.arrayValue ?? []).map { tensor in
        ["mean", "std", "min", "max", "skewness", "kurtosis", "histogram"].map { tensor[$0]?.compact ?? "none" }
          .joined(separator: " ")
      }
    }
    let run = try tensors("m --threads 1")
    #expect(run.count == 4 && !run[0].contains("null"))
    #expect(try tensors("m --threads 3") == run)
    #expect(try tensors("--spec s.yaml --seed 3") == run)
    #expect(try tensors("m.safetensors") == run)
    // A recipe-only run is regenerated.
    try place.succeed("strip m")
    #expect(try tensors("m") == run)
  }

  @Test func `diagnose of a file needs no registry and makes none`() throws {
    let place = try Workplace()
    try writeSafetensors(place.folder.path("f.safetensors"), [("w", [2, 2], [UInt8](repeating: 1, count: 16))])
    try place.succeed("diagnose f.safetensors")
    try place.succeed("report f.safetensors -o page.html")
    #expect(
      Set(try FileManager.default.contentsOfDirectory(atPath: place.folder.url.path)) == ["f.safetensors", "page.html"])
  }

  @Test func `--fail-on exits with 1 for a finding of the severity or a worse one, and with 0 otherwise`() throws {
    let place = try Workplace()
    // Xavier's scale halves the signal's second moment in each of 30 layers with ReLU: 2⁻¹⁵ of the std, beyond the bound.
    try place.folder.write("bad.yaml", chain("xavier_normal"))
    try place.folder.write("good.yaml", chain(layers: 4))
    #expect(try place.run("diagnose --spec bad.yaml").status == 0)
    #expect(try place.run("diagnose --spec bad.yaml --fail-on warning").status == 1)
    #expect(try place.run("diagnose --spec good.yaml --fail-on warning").status == 0)
    #expect(try place.run("diagnose --spec good.yaml --fail-on bad").status == 64)
  }

  @Test func `a word that is a file and a run is refused, and ./ takes the file`() throws {
    let place = try Workplace()
    try place.folder.write("s.yaml", chain(layers: 2))
    try place.succeed("create m --spec s.yaml --seed 3")
    try place.succeed("get m -o m/")
    let both = try place.run("diagnose m")
    #expect(both.status == 64 && both.errors.contains("./m"))
    #expect(try place.json("diagnose ./m")["subject"]?["kind"]?.stringValue == "file")
    #expect(try place.json("diagnose m:v1")["subject"]?["kind"]?.stringValue == "run")
    #expect(try place.run("diagnose none").status == 66)
    #expect(try place.run("diagnose none.safetensors").status == 66)
  }

  @Test func `--keep keeps the diagnosis that report then draws, and show names it`() throws {
    let place = try Workplace()
    try place.folder.write("s.yaml", chain(layers: 2))
    try place.succeed("create m --spec s.yaml --seed 3")
    let printed = try place.json("diagnose m --keep")
    #expect(try place.json("show m")["diagnoses"]?.arrayValue?.first?["kind"]?.stringValue == "weights")
    let report = try place.json("report m -o page.html")
    // The kept document is the printed one.
    #expect(report["diagnoses"]?.arrayValue?.map(\.compact) == [printed.compact])
    let page = try String(contentsOfFile: place.folder.path("page.html"), encoding: .utf8)
    #expect(page.hasPrefix("<!DOCTYPE html>") && page.contains("net.1.weight"))
    #expect(try place.run("report m -o page.html").status == 74)
    try place.succeed("report m -o page.html --force --figures figures")
    let figures = try FileManager.default.contentsOfDirectory(atPath: place.folder.path("figures"))
    #expect(!figures.isEmpty && figures.allSatisfy { $0.hasSuffix(".svg") })
  }

  @Test func `report takes the spec that a checkpoint is compared with, or that is filled, as diagnose does`() throws {
    let place = try Workplace()
    try place.folder.write("s.yaml", chain(layers: 4))
    try place.succeed("create m --spec s.yaml --seed 3")
    try place.succeed("get m -o m.safetensors")
    func documents(_ words: String) throws -> [String]? {
      try place.json("report \(words) -o page.html --force")["diagnoses"]?.arrayValue?.map(\.compact)
    }
    let compared = try place.json("diagnose m.safetensors --spec s.yaml")
    #expect(compared["tensors"]?.arrayValue?.first?["expected_std"]?.compact != "null")
    #expect(try documents("m.safetensors --spec s.yaml") == [compared.compact])
    let filled = try place.json("diagnose --spec s.yaml --seed 5").compact
    #expect(try documents("--spec s.yaml --seed 5") == [filled])
    #expect(
      try documents("m.safetensors --layout keras") == [place.json("diagnose m.safetensors --layout keras").compact])
    // The spec is about the checkpoint; a document is drawn as it is.
    try place.folder.write("d.json", filled)
    #expect(try documents("m.safetensors d.json --spec s.yaml") == [compared.compact, filled])
    for wrong in ["m --spec s.yaml", "d.json --spec s.yaml", "", "m.safetensors --spec s.yaml --seed 1", "--seed 1"] {
      #expect(try place.run("report \(wrong) -o wrong.html").status == 64, "\(wrong)")
    }
    #expect(!FileManager.default.fileExists(atPath: place.folder.path("wrong.html")))
  }

  @Test func `the text says where the rule of a fix goes, if there is one`() throws {
    let place = try Workplace()
    try place.folder.write("bad.yaml", chain("xavier_normal"))
    try place.folder.write("good.yaml", chain(layers: 4))
    let remedyPlace = "above the other rules of the spec"
    #expect(try place.succeed("diagnose --spec bad.yaml").output.contains(remedyPlace))
    #expect(try !place.succeed("diagnose --spec good.yaml").output.contains(remedyPlace))
    try place.succeed("report --spec bad.yaml -o bad.html")
    #expect(try String(contentsOfFile: place.folder.path("bad.html"), encoding: .utf8).contains(remedyPlace))
  }

  @Test func `--document keeps the document of a model, and refuses any other`() throws {
    let place = try Workplace()
    try place.folder.write("s.yaml", chain(layers: 2))
    try place.succeed("create m --spec s.yaml --seed 3")
    var model = Diagnosis(subject: DiagnosisSubject(.model, name: "net.MLP", toolVersion: "0.3.0"))
    try place.folder.write("model.json", model.json.compact)
    try place.succeed("diagnose m --keep --document model.json")
    #expect(try place.json("report m -o page.html")["diagnoses"]?.arrayValue?.count == 2)
    for (name, shape) in [("conv.weight", [32, 32]), ("net.0.weight", [32, 3])] {
      model.tensors = [TensorDiagnosis(name: name, shape: shape, dtype: "float32", count: shape[0] * shape[1])]
      try place.folder.write("another.json", model.json.compact)
      #expect(try place.run("diagnose m --keep --document another.json").status == 64)
    }
    try place.folder.write("other.json", "{\"schema\": \"other\"}")
    #expect(try place.run("diagnose m --keep --document other.json").status == 65)
    try place.folder.write("text.json", "no JSON")
    #expect(try place.run("diagnose m --keep --document text.json").status == 65)
    #expect(try place.run("diagnose m --keep --document none.json").status == 66)
    #expect(try place.run("diagnose m --document model.json").status == 64)
  }

  @Test func `a document from elsewhere prints no line of its own, and its numbers stop nothing`() throws {
    let place = try Workplace()
    try place.folder.write("s.yaml", chain(layers: 2))
    try place.succeed("create m --spec s.yaml --seed 3")
    var model = Diagnosis(subject: DiagnosisSubject(.model, name: "evil\nerror  forged", toolVersion: "0"))
    model.tensors = (0..<2000).map { index in
      var tensor = TensorDiagnosis(name: "t\u{1B}[31m.\(index)", shape: [1 << 53], dtype: "float32", count: 1 << 53)
      (tensor.min, tensor.max, tensor.mean, tensor.std, tensor.z) = (-1e-300, 1e300, 1e300, 0x1p-1070, -1e308)
      (tensor.nan, tensor.infinite) = (1 << 51, 1 << 51)
      tensor.histogram = Histogram(low: -1e308, high: 1e308, counts: [1 << 51, 0, 7])
      return tensor
    }
    model.tensors.append(TensorDiagnosis(name: "net.0.weight", shape: [32, 32], dtype: "float32", count: 1024))
    var layer = LayerDiagnosis(name: "l\nwarning  forged", kind: "linear", activation: "relu")
    layer.theory = .init(q: 1e308, signal: 1e308, gradient: 0x1p-1070)
    model.layers = [layer, layer]
    model.findings = [Finding(.saturating, .warning, layer: "x\ny", message: "a\nwarning  forged", fix: "f\ng")]
    model.notes = ["n\nwarning  forged"]
    try place.folder.write("model.json", model.json.compact)
    let outcome = try place.succeed("diagnose m --keep --document model.json")
    #expect(!outcome.output.contains("\u{1B}"))
    #expect(
      !outcome.output.split(separator: "\n").contains { $0.hasSuffix("forged") && $0.hasPrefix("warning  forged") })
    #expect(!outcome.output.contains("\nerror  forged") && !outcome.output.contains("\nwarning  forged"))
    try place.succeed("report m -o page.html --figures figures")
  }

  @Test func `pictures are blocks in a UTF-8 locale, and ASCII in any other`() throws {
    let place = try Workplace()
    try place.folder.write("s.yaml", chain(layers: 2))
    let blocks = try place.run("diagnose --spec s.yaml", environment: ["LC_ALL": "C.UTF-8"])
    #expect(blocks.output.contains("█") && blocks.output.contains("│"))
    let plain = try place.run("diagnose --spec s.yaml", environment: ["LC_ALL": "C"])
    #expect(!plain.output.contains("█") && !plain.output.contains("│") && plain.output.contains("|"))
    // A message has ASCII alone too, and a name its own characters.
    try place.folder.write(
      "small.yaml",
      """
      tensors: {é.0.weight: [64, 64], é.1.weight: [64, 64], é.2.weight: [64, 64]}
      rules: [{match: "*", init: {scheme: uniform, low: -0.125, high: 0.125}}]
      network: [{weight: é.0.weight, activation: relu}, {weight: é.1.weight, activation: relu}, {weight: é.2.weight}]
      """)
    let unicode = try place.run("diagnose --spec small.yaml --all", environment: ["LC_ALL": "C.UTF-8"]).output
    #expect(unicode.contains("√fan_in"))
    let ascii = try place.run("diagnose --spec small.yaml --all", environment: ["LC_ALL": "C"]).output
    #expect(ascii.contains("sqrt(fan_in)") && ascii.contains("é.0.weight"))
    #expect(ascii.replacing("é", with: "e").utf8.allSatisfy { $0 < 0x80 })
  }
}
