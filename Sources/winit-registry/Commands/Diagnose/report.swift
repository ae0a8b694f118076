// report: draw diagnoses on a page.

import ArgumentParser
import Foundation
import WinitDiagnosis
import WinitJSON
import WinitRegistry

struct ReportCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "report", abstract: "Draw one or more diagnoses on a page for a browser.",
    discussion: """
      The page is one HTML file that needs no network: a card of each run, the findings with their fixes, the signal and \
      the gradient of the layers of all runs in one picture, and a histogram of each tensor beside the density of its law. \
      Everything on it can be read without scripts, and has a table.

      SOURCE is a run, a checkpoint, or a diagnosis that `diagnose --json` or `winit.torch.diagnose` wrote. Of a run, the \
      diagnoses that it keeps are drawn: that of its weights, and that of the real model. Without one of the weights, a \
      diagnosis is made now. With --spec or --preset, each checkpoint is compared with what the spec promises; without \
      SOURCE, the tensors of the spec are filled for the page and not recorded.

        winit-registry report gpt2 -o gpt2.html
        winit-registry report he:v1 xavier:v1 -o both.html --figures figures/
        winit-registry report model.json -o model.html
        winit-registry report model.safetensors --preset gpt2 -o model.html
        winit-registry report --spec mlp.yaml --seed 1 -o mlp.html

      --figures writes the pictures as SVG files to a new folder, for a paper.
      """)

  @Argument(
    help: ArgumentHelp(
      """
      The runs, checkpoints and diagnoses. A name that ends in .safetensors or .json, or begins with ./, ../ or /, is a \
      file. Required without --spec and --preset.
      """, valueName: "source"), completion: .runs)
  var sources: [String] = []

  @OptionGroup var spec: DiagnosisSpecOptions

  @Option(
    name: .shortAndLong, parsing: .unconditional,
    help: ArgumentHelp(
      "The page to write (required), such as report.html; `-` for standard output.", valueName: "path"),
    completion: .file())
  var output: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Write each picture as an SVG file to this new folder. (default: none)", valueName: "folder"),
    completion: .directory)
  var figures: String?

  @OptionGroup var options: DiagnosisOptionGroup

  @Flag(help: "Replace the file if it exists. A folder is never replaced.")
  var force = false

  @OptionGroup var threads: ThreadsOption
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    if sources.isEmpty, spec.isEmpty {
      throw ValidationError(
        "name a run, a checkpoint or a diagnosis, or give --spec FILE or --preset NAME with --like FILE")
    }
    try spec.check(hasSource: !sources.isEmpty)
    if output == "-", json.enabled {
      throw ValidationError("--json and `-o -` cannot be combined: both write to standard output")
    }
    if output == "-", figures != nil { throw ValidationError("--figures needs a file for the page: -o FILE") }
    if output.hasSuffix("/") { throw ValidationError("the page is a file: -o NAME.html") }
    if figures == "" { throw ValidationError("--figures needs the name of a folder") }
  }

  func run() throws {
    try reportingErrors {
      let progress = ProgressBar("diagnosing")
      let diagnoses = try self.diagnoses(progress.update)
      let report = DiagnosisReport(diagnoses)
      if output == "-" { return try report.writeToStandardOutput() }
      let receipt = try report.write(to: output, figures: figures, replacing: force, protecting: registry.path)
      try emit(json.enabled ? receipt.json : receipt.text)
    }
  }

  /// Returns the diagnoses of the sources in their order; without sources, that of the spec.
  private func diagnoses(_ progress: @escaping ProgressHandler) throws -> [Diagnosis] {
    if sources.isEmpty { return [try spec.diagnosis(options.options(threads), progress: progress)] }
    let isCheckpoint = !spec.isEmpty || spec.layout != nil
    let sources = try sources.map { try DiagnosisSource($0, registry: registry.path, isCheckpoint: isCheckpoint) }
    if isCheckpoint, !sources.contains(where: \.isCheckpoint) {
      throw RegistryError.invalidArgument(
        "--spec, --preset and --layout are about a checkpoint, and no source is one. Leave them out")
    }
    return try sources.flatMap { try diagnoses(of: $0, progress) }
  }

  /// Returns the diagnoses of a source: the kept ones of a run, that of its weights made now if there is none.
  private func diagnoses(of source: DiagnosisSource, _ progress: @escaping ProgressHandler) throws -> [Diagnosis] {
    let options = options.options(threads)
    switch source {
    case .document(let path): return [try Diagnosis(contentsOf: path)]
    case .checkpoint(let path): return [try spec.diagnosis(ofCheckpoint: path, options, progress: progress)]
    case .run(let reference):
      let registry = try registry.open()
      return try registry.reportedDiagnoses(of: registry.run(reference), options: options, progress: progress)
    }
  }
}

extension DiagnosisReportReceipt {
  fileprivate var text: String {
    let count = diagnoses.reduce(0) { $0 + $1.findings.count }
    let figures = figures.map { ", \(counted(figureNames.count, "figure")) in \($0)" } ?? ""
    let omitted =
      omittedFigures == 0
      ? ""
      : "\nleft out \(counted(omittedFigures, "histogram")): a folder of figures holds those of 2,000 families of tensors"
    return
      "wrote \(path): \(counted(diagnoses.count, "diagnosis", "diagnoses")), \(counted(count, "finding")), \(humanBytes(byteCount))\(figures)\(omitted)"
  }
}
