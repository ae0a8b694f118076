// diagnose: what the weights of a model show before training.

import ArgumentParser
import WinitDiagnosis
import WinitJSON
import WinitRegistry

extension Finding.Severity: ExpressibleByArgument {}

/// The layout of weights that no spec describes.
enum LayoutWord: String, ExpressibleByArgument, CaseIterable {
  case torch, keras
}

struct DiagnoseCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "diagnose", abstract: "Show whether an initialization will train: statistics, signal and findings.",
    discussion: """
      Reads every element once and prints for each tensor its mean, std, the std that its scheme promises with the \
      distance in standard errors, and a histogram. Where the layers are known, it prints the signal and the gradient of \
      each layer, by the theory of wide networks and, for dense layers, norms and residual sums, by a pass through the \
      real weights. Then it prints findings, each with the line of spec that fixes it. docs/diagnose.md explains the \
      findings.

      SOURCE is a run, or a checkpoint: a .safetensors file, the index of a sharded one, or a folder. A checkpoint needs no \
      registry. With --spec or --preset, a checkpoint is compared with what the spec promises; without SOURCE, the tensors \
      of the spec are filled for the diagnosis and not recorded.

        winit-registry diagnose gpt2
        winit-registry diagnose model.safetensors --preset gpt2
        winit-registry diagnose --spec mlp.yaml --seed 1
        winit-registry diagnose gpt2 --fail-on warning

      The layers come from `network:` of the spec or the preset, or from the order of the weights if each has as many \
      inputs as the one before it has outputs. Otherwise there is no curve; `winit.torch.diagnose` runs any model.

      Tensors whose names differ only by numbers have one line: h.{0-11}.ln_1.weight × 12. --all unfolds them. Bars are on \
      a logarithmic axis from 1e-6 to 1e6 with marks at 1e-3 and 1e3. $NO_COLOR turns colors off.

      Exits with 0 whatever is found. With --fail-on SEVERITY, exits with 1 if a finding has this severity or a worse \
      one.

      --keep keeps the diagnosis with the run, in place of an earlier one. With --document, it keeps the \
      document that `winit.torch.diagnose` wrote about the model of this run.
      """)

  @Argument(
    help: ArgumentHelp(
      """
      The run, such as gpt2:v2, or the checkpoint. A name that ends in .safetensors or .json, or begins with ./, ../ or /, \
      is a file. Required without --spec and --preset.
      """, valueName: "source"), completion: .runs)
  var source: String?

  @OptionGroup var spec: DiagnosisSpecOptions
  @OptionGroup var options: DiagnosisOptionGroup

  @Flag(help: "Give each tensor and each layer a line of its own.")
  var all = false

  @Option(
    help: ArgumentHelp(
      "Exit with 1 if there is a finding of this severity or worse: error, warning or information. (default: exit with 0)",
      valueName: "severity"))
  var failOn: Finding.Severity?

  @Flag(help: "Keep the diagnosis with the run.")
  var keep = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "With --keep, the document to keep, instead of a new diagnosis: a JSON file that `winit.torch.diagnose` wrote.",
      valueName: "file"), completion: .file(extensions: ["json"]))
  var document: String?

  @OptionGroup var threads: ThreadsOption
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    if source == nil, spec.isEmpty {
      throw ValidationError("name a run or a checkpoint, or give --spec FILE or --preset NAME with --like FILE")
    }
    if document != nil, !keep { throw ValidationError("--document needs --keep: it is the document to keep") }
    if source == nil, keep { throw ValidationError("--keep needs a run: `create` records one") }
    if keep, !spec.isEmpty {
      throw ValidationError("--keep keeps the diagnosis of a run; leave out --spec and --preset")
    }
    try spec.check(hasSource: source != nil)
  }

  func run() throws {
    try reportingErrors {
      let diagnosis = try diagnosis()
      if json.enabled { try emit(diagnosis.json.pretty) } else { try emit(diagnosis, isUnfolded: all) }
      if let failOn, diagnosis.findings.contains(where: { $0.severity >= failOn }) { throw ExitStatus.mismatch }
    }
  }

  private func diagnosis() throws -> Diagnosis {
    let options = options.options(threads)
    let progress = ProgressBar("diagnosing")
    guard let source else { return try spec.diagnosis(options, progress: progress.update) }
    switch try DiagnosisSource(source, registry: registry.path, isCheckpoint: !spec.isEmpty || spec.layout != nil) {
    case .checkpoint(let path):
      if keep {
        throw RegistryError.invalidArgument("--keep needs a run, and \(path) is a file. `import` records it as a run")
      }
      return try spec.diagnosis(ofCheckpoint: path, options, progress: progress.update)
    case .document(let path):
      throw RegistryError.invalidArgument("\(path) is a diagnosis already. `report` draws it")
    case .run(let reference):
      let registry = try registry.open()
      let run = try keep ? registry.run(toChange: reference) : registry.run(reference)
      let diagnosis =
        try document.map { try Diagnosis(contentsOf: $0) }
        ?? registry.diagnose(run, options: options, progress: progress.update)
      if keep {
        let kept = try registry.keep(diagnosis, with: run)
        printError("note: kept the diagnosis of the \(kept.kind) with \(run.reference)")
      }
      return diagnosis
    }
  }
}
