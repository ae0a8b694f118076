// export: write runs to a bundle.

import ArgumentParser
import WinitRegistry

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write runs to a bundle, a registry file of its own.",
    discussion: """
      A bundle holds the runs with ids, versions, names, experiments, tags, notes, aliases and git commits. Stored runs are \
      copied with their bytes, recipe-only runs without. Every chunk is checked against its digest. The environment \
      (machine and user) is left out unless --with-host is given.

      `import` adds a bundle to a registry. Every command can use a bundle with --registry, and any SQLite tool can open it.

        winit-registry export gpt2:v1 gpt2:v2 -o gpt2.winit
      """)

  @Argument(help: "The runs, such as gpt2:v1.") var references: [String]

  @Option(
    name: .shortAndLong, parsing: .unconditional,
    help: ArgumentHelp("The bundle to write (required), such as gpt2.winit.", valueName: "path"))
  var output: String

  @Flag(help: "Include the environment: machine and user.")
  var withHost = false

  @Flag(help: "Replace the file if it exists.")
  var force = false

  @OptionGroup var threads: ThreadsOption
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    if output == "-" { throw ValidationError("a bundle cannot be written to standard output. Name a file") }
  }

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      let runs = try references.map { try registry.run($0) }
      let progress = ProgressBar("copying")
      let receipt = try registry.writeBundle(
        runs, to: output, includingEnvironment: withHost, replacing: force, threads: threads.threads,
        progress: progress.update)
      try emit(json.enabled ? BundleReport(receipt, path: output).json : receipt.text(output))
    }
  }
}

extension BundleReceipt {
  fileprivate func text(_ path: String) -> String {
    "wrote \(path): \(runs.map(\.reference).joined(separator: ", ")), \(humanBytes(fileBytes)), in \(humanDuration(duration))"
  }
}
