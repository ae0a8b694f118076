// import: add the runs of a bundle, or a checkpoint, to a registry.

import ArgumentParser
import WinitRegistry

struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Import runs from a bundle, or a checkpoint made elsewhere.",
    discussion: """
      The runs of a bundle keep their ids. A run keeps its version if the version is later than all versions of the name in \
      the registry; otherwise it gets the next version. A run that the registry already has is not changed, so importing a \
      bundle twice changes nothing. Every chunk is checked against its digest.

      With --as NAME, the file is a checkpoint. Its bytes are stored as the next version of NAME, without recipe and seed.

        winit-registry import gpt2.winit
        winit-registry import step0.safetensors --as theirs
      """)

  @Argument(
    help: "The bundle, or with --as the checkpoint: a .safetensors file, or the index (.json) of a sharded one.")
  var file: String

  @Option(
    name: .customLong("as"),
    help: ArgumentHelp("Import a checkpoint, as the next version of this name.", valueName: "name"))
  var name: String?

  @OptionGroup var metadata: MetadataOptions
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    let isCheckpoint = file.hasSuffix(".safetensors") || file.hasSuffix(".json")
    if name == nil, isCheckpoint {
      throw ValidationError("give the name of the run, --as NAME: `\(file)` is a checkpoint by its extension")
    }
    let given =
      metadata.experiment != nil || !metadata.tags.isEmpty || metadata.note != nil || metadata.parent != nil
    if name == nil, given || metadata.noCapture {
      throw ValidationError(
        "--experiment, --tag, --note, --parent and --no-capture need --as: the runs of a bundle keep their metadata")
    }
  }

  func run() throws {
    try reportingErrors {
      let progress = ProgressBar("importing")
      if let name {
        let registry = try metadata.open(registry)
        var options = CreateOptions()
        options.threads = threads.threads
        try metadata.add(to: &options, registry)
        let receipt = try registry.importCheckpoint(file, as: name, options: options, progress: progress.update)
        try emit(json.enabled ? receipt.json : receipt.text("imported"))
        return
      }
      let receipt = try Registry(openingOrCreating: registry.path)
        .importBundle(file, threads: threads.threads, progress: progress.update)
      try emit(json.enabled ? receipt.json : receipt.text)
    }
  }
}

extension ImportReceipt {
  fileprivate var text: String {
    var lines = importedRuns.map(\.text)
    lines.append("\(humanBytes(storedBytes)) in new chunks, in \(humanDuration(duration))")
    return lines.joined(separator: "\n")
  }
}

extension ImportReceipt.ImportedRun {
  fileprivate var text: String {
    let origin = run.reference == bundleReference ? "" : " (\(bundleReference) in the bundle)"
    return switch outcome {
    case .added: "imported \(run.reference)\(origin)"
    case .present: "unchanged \(run.reference)\(origin): already in the registry"
    case .deleted:
      "unchanged \(run.reference)\(origin): deleted in the registry; `restore \(run.reference)` brings it back"
    }
  }
}
