// import: add the runs of a bundle, or a checkpoint, to a registry.

import ArgumentParser
import WinitJSON
import WinitRegistry

struct ImportCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "import", abstract: "Import runs from a bundle, a manifest, or a checkpoint made elsewhere.",
    discussion: """
      The runs of a bundle keep their ids. A run keeps its version if the version is later than all versions of the name in \
      the registry; otherwise it gets the next version. A run that the registry already has is not changed, so importing a \
      bundle twice changes nothing. Every chunk is checked against its digest.

      With --as NAME, the file is a checkpoint. Its bytes are stored as the next version of NAME, without recipe and seed.

      With --as NAME, the file can also be a manifest, as `export --manifest` and `show --manifest` write it. Every tensor \
      is filled and compared with its digest, so the run has the id of the manifest. A digest that is left out is \
      computed: a manifest without digests is a recipe. A literal is read from the file beside it: \
      gpt2.literals.safetensors beside gpt2.json.

        winit-registry import gpt2.winit
        winit-registry import gpt2.json --as gpt2
        winit-registry import step0.safetensors --as theirs
      """)

  @Argument(
    help: """
      The bundle, or with --as the manifest (.json) or the checkpoint: a .safetensors file, the index (.json) of a \
      sharded one, or a folder. `-` with --as is a manifest on standard input.
      """, completion: .file())
  var file: String

  @Option(
    name: .customLong("as"),
    help: ArgumentHelp("Import a checkpoint or a manifest, as the next version of this name.", valueName: "name"),
    completion: .runNames)
  var name: String?

  @Flag(help: "Of a manifest, record the recipe and the digests, but do not store the weights.")
  var recipeOnly = false

  @OptionGroup var metadata: MetadataOptions
  @OptionGroup var sharing: SharingOption
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    if file == "-", name == nil {
      throw ValidationError(
        "a bundle is read at several places, which standard input does not allow: name a file. With --as NAME, `-` is a manifest"
      )
    }
    let isCheckpoint = file.hasSuffix(".safetensors") || file.hasSuffix(".json")
    if name == nil, isCheckpoint {
      throw ValidationError(
        "give the name of the run, --as NAME: `\(file)` is a checkpoint or a manifest by its extension")
    }
    let given =
      metadata.experiment != nil || !metadata.tags.isEmpty || metadata.note != nil || metadata.parent != nil
    if name == nil, recipeOnly {
      throw ValidationError("--recipe-only needs --as and a manifest: the runs of a bundle stay as they are")
    }
    if name == nil, given || metadata.noCapture || !metadata.software.isEmpty || metadata.modelClass != nil {
      throw ValidationError(
        "--experiment, --tag, --note, --parent, --software, --model-class and --no-capture need --as: the runs of a bundle keep their metadata"
      )
    }
  }

  func run() throws {
    try reportingErrors {
      let progress = ProgressBar("importing")
      if let name {
        // The file is read before the registry is opened, because opening may update the schema of the registry.
        let manifest = try file == "-" ? ManifestFile(standardInput: ()) : ManifestFile(ifAt: file)
        if manifest == nil, recipeOnly {
          throw RegistryError.invalidArgument(
            "\(file) is a checkpoint, which has no recipe: --recipe-only takes a manifest")
        }
        let registry = try metadata.open(registry, sharing)
        var options = CreateOptions()
        options.threads = threads.threads
        options.recipeOnly = recipeOnly
        try metadata.add(to: &options, registry)
        let receipt =
          if let manifest {
            try registry.importManifest(manifest, as: name, options: options, progress: progress.update)
          } else {
            try registry.importCheckpoint(file, as: name, options: options, progress: progress.update)
          }
        for warning in receipt.warnings { printError("warning: \(warning)") }
        try emit(json.enabled ? receipt.json : receipt.text("imported"))
        return
      }
      try OutputEnding.checkBundle(file)
      let receipt = try Registry(openingOrCreating: registry.path, isShared: sharing.isShared)
        .importBundle(file, threads: threads.threads, progress: progress.update)
      for run in receipt.importedRuns {
        for tensor in run.repaired {
          printError(
            "warning: the bytes of tensor \(quoted: tensor) of \(run.bundleReference) are damaged in the bundle. They were regenerated from the recipe and have the recorded digest"
          )
        }
      }
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
    let same = sameID.isEmpty ? "" : ", same id as \(sameIDText(sameID))"
    return switch outcome {
    case .added: "imported \(run.reference)\(origin)\(same)"
    case .present: "unchanged \(run.reference)\(origin): already in the registry"
    case .deleted:
      "unchanged \(run.reference)\(origin): deleted in the registry; `restore \(run.reference)` brings it back"
    }
  }
}
