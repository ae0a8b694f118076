// export, import, backup: runs from one file to another.

import ArgumentParser
import WinitRegistry

struct ExportRuns: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write runs to a bundle: a registry file of their own.",
    discussion: """
      Ids, versions, names, experiments, tags, notes, aliases and git commits go along; facts about machine and user only \
      with --with-host. What is kept as bytes goes as bytes, a recipe as a recipe. Any SQLite tool opens a bundle, and so \
      does any command here with --registry.
      """)

  @Argument(help: "The runs.") var references: [String]

  @Option(name: .shortAndLong, parsing: .unconditional, help: ArgumentHelp("The bundle.", valueName: "path"))
  var output: String

  @Flag(help: "Include the facts about machine and user.")
  var withHost = false

  @Flag(help: "Replace the file if it exists.")
  var force = false

  @OptionGroup var threads: ThreadsOption
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      let runs = try references.map { try registry.run($0) }
      let progress = ProgressBar("copying")
      let receipt = try registry.exportBundle(
        runs, to: output, includingFacts: withHost, replacing: force, threads: threads.threads,
        progress: progress.update)
      if json.enabled {
        let report: JSONValue = [
          "path": .string(output), "runs": .array(receipt.runs.map { .string($0.reference) }),
          "file_bytes": .integer(receipt.fileBytes), "seconds": .number(receipt.duration / .seconds(1)),
        ]
        try emit(report.pretty)
      } else {
        try emit(
          "wrote \(output): \(receipt.runs.map(\.reference).joined(separator: ", ")), \(humanBytes(receipt.fileBytes)), in \(humanDuration(receipt.duration))"
        )
      }
    }
  }
}

struct Import: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Add the runs of a bundle, or a checkpoint of somebody else's.",
    discussion: """
      A bundle's runs keep their ids, and their versions where those are free. A run that is here already is left alone, so \
      importing twice changes nothing. Every chunk is checked on the way in.

      With --as NAME the file is a .safetensors checkpoint or a sharded one's index: its bytes are recorded as they are, with \
      no recipe and no seed, as the next version of NAME.

        winit-registry import bundle.winit
        winit-registry import step0.safetensors --as theirs
      """)

  @Argument(help: "The bundle or the checkpoint.") var file: String

  @Option(
    name: .customLong("as"),
    help: ArgumentHelp("The name of the run that a checkpoint becomes.", valueName: "name"))
  var name: String?

  @OptionGroup var facts: MetadataOptions
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    let isCheckpoint = file.hasSuffix(".safetensors") || file.hasSuffix(".json")
    if name == nil, isCheckpoint {
      throw ValidationError("\(file) looks like a checkpoint; give the run's name: --as NAME")
    }
    let given = facts.experiment != nil || !facts.tags.isEmpty || facts.note != nil || facts.parent != nil
    if name == nil, given || facts.noCapture {
      throw ValidationError(
        "a bundle's runs bring their facts with them; those options are for a checkpoint, with --as")
    }
  }

  func run() throws {
    try reportingErrors {
      let progress = ProgressBar("importing")
      if let name {
        try Registry.checkCheckpoint(file, as: name)
        let registry = try facts.open(registry)
        var options = CreateOptions()
        options.threads = threads.threads
        try facts.add(to: &options, registry)
        let receipt = try registry.capture(file, as: name, options: options, progress: progress.update)
        try emit(json.enabled ? receipt.json.pretty : receipt.text("captured"))
        return
      }
      try Registry.checkBundle(file)
      let receipt = try Registry(openingOrCreating: registry.path)
        .importBundle(file, threads: threads.threads, progress: progress.update)
      try emit(json.enabled ? receipt.json.pretty : receipt.text)
    }
  }
}

extension ImportReceipt {
  fileprivate var json: JSONValue {
    [
      "runs": .array(
        runs.map {
          [
            "bundle_reference": .string($0.reference), "reference": .string($0.run.reference),
            "id": .string($0.run.id.description), "outcome": .string($0.outcome.rawValue),
          ]
        }), "stored_bytes": .integer(storedBytes), "seconds": .number(duration / .seconds(1)),
    ]
  }

  fileprivate var text: String {
    var lines = runs.map { run in
      let here = run.run.reference == run.reference ? "" : ", which is \(run.reference) in the bundle"
      return switch run.outcome {
      case .added: "imported \(run.run.reference)\(here)"
      case .present: "\(run.run.reference) was here already\(here)"
      case .deleted:
        "\(run.run.reference) is deleted here\(here); `restore \(run.run.reference)` brings it back"
      }
    }
    lines.append("\(humanBytes(storedBytes)) in new chunks, in \(humanDuration(duration))")
    return lines.joined(separator: "\n")
  }
}

struct Backup: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a consistent copy of the registry, while others use it.",
    discussion: "The copy is what the registry was at one moment, and on the disk when the command ends.")

  @Argument(help: "The copy.") var path: String

  @Flag(help: "Replace the file if it exists.")
  var force = false

  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let progress = ProgressBar("copying")
      let size = try registry.open().backup(to: path, replacing: force, progress: progress.update)
      let report: JSONValue = ["path": .string(path), "file_bytes": .integer(size)]
      try emit(json.enabled ? report.pretty : "wrote \(path): \(humanBytes(size))")
    }
  }
}
