// The command's root. Each subcommand parses, calls one use case and prints; one file each.

import ArgumentParser
import Foundation
import WinitRegistry

@main
struct WinitRegistryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "winit-registry",
    abstract: "A registry for the weights of neural networks at step 0.",
    discussion: """
      It records how a model was initialized (scheme, seed, shapes, checksums), with the weights or without, in one \
      SQLite file, and gives back the same bits on any machine, for any slice of any tensor.

      A run is named NAME (its latest version), NAME:v2, NAME:ALIAS, NAME@sha256:… or sha256:… (the first digits of the \
      id are enough). The registry is the file given with --registry, else $WINIT_REGISTRY, else winit.sqlite in the current \
      directory.

      The fills use the widest vectors that the processor has; $WINIT_KERNEL forces others (scalar, sse2, avx2, \
      avx512, neon). The bits are the same.

      EXIT STATUS
        0    all is well, and all that was compared matches
        1    a mismatch was found
        64   wrong usage: an argument is missing, unknown or makes no sense
        65   bad input: a spec, a file or a registry is not what it should be
        66   not found: a run, a tensor, a file or a registry
        74   the system failed to read or write
        130  interrupted; nothing half-made was left

      EXAMPLE
        winit-registry create gpt2 --spec specs/gpt2.yaml --seed 42
        winit-registry get gpt2 -o gpt2.safetensors
        winit-registry verify gpt2 --against gpt2.safetensors
      """,
    version: toolVersion,
    groupedSubcommands: [
      CommandGroup(name: "Initialize", subcommands: [Create.self, Get.self, Verify.self]),
      CommandGroup(
        name: "Find", subcommands: [List.self, Show.self, Diff.self, Log.self]),
      CommandGroup(
        name: "Name and describe",
        subcommands: [
          SetAlias.self, Rename.self, TagRun.self, Note.self, Remove.self, Restore.self,
        ]),
      CommandGroup(
        name: "Move", subcommands: [ExportRuns.self, Import.self, Backup.self]),
      CommandGroup(
        name: "Keep whole",
        subcommands: [Stats.self, Collect.self, Strip.self, Materialize.self, Doctor.self]),
      CommandGroup(name: "Look up", subcommands: [Schemes.self, Presets.self, Version.self]),
    ])

  static func main() {
    // A reader that stops early is an error of `write`, and `emit` knows what to make of it.
    signal(SIGPIPE, SIG_IGN)
    // A file that may not grow is an error of `write` too.
    signal(SIGXFSZ, SIG_IGN)
    if let problem = SIMDKernel.problem {
      printError("error: \(problem)")
      exit(withError: ExitStatus.usage)
    }
    main(nil)
  }
}

/// Where the registry is.
struct RegistryOption: ParsableArguments {
  @Option(
    name: .customLong("registry"), parsing: .unconditional,
    help: ArgumentHelp("The registry file. (default: $WINIT_REGISTRY, else winit.sqlite)", valueName: "path"))
  var given: String?

  var path: String {
    if let given { return given }
    let variable = ProcessInfo.processInfo.environment["WINIT_REGISTRY"] ?? ""
    return variable.isEmpty ? "winit.sqlite" : variable
  }

  func open() throws -> Registry { try Registry(opening: path) }
}

/// How many threads work.
struct ThreadsOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How many threads work; the bits do not depend on it. (default: one per processor)", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads is \(threads); it must be at least 1") }
  }
}

/// What is said about a run when it is recorded.
struct MetadataOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The experiment it belongs to.", valueName: "name"))
  var experiment: String?

  @Option(
    name: .customLong("tag"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp("A tag; may be given several times.", valueName: "key=value"))
  var tags: [String] = []

  @Option(parsing: .unconditional, help: ArgumentHelp("Words about it.", valueName: "text"))
  var note: String?

  @Option(help: ArgumentHelp("The run it comes from.", valueName: "run"))
  var parent: String?

  @Flag(
    name: .customLong("no-capture"),
    help:
      "Record nothing about machine, user, folder and git checkout, neither with the run nor in the history.")
  var noCapture = false

  func validate() throws {
    for tag in tags { try asUsage { try RunMetadataUpdate.tag(parsing: tag) } }
  }

  /// Where a parent is named, there has to be a registry that holds it.
  func open(_ option: RegistryOption) throws -> Registry {
    try parent == nil ? Registry(openingOrCreating: option.path) : option.open()
  }

  /// Puts them into a create's options. The parent is looked for in the registry.
  func add(to options: inout CreateOptions, _ registry: Registry) throws {
    options.experiment = experiment.flatMap { $0.isEmpty ? nil : $0 }
    options.tags = try tags.map { try RunMetadataUpdate.tag(parsing: $0) }
    options.note = note ?? ""
    options.parent = try parent.map { try registry.run($0) }
    options.captures = !noCapture
  }
}

/// What a use case refuses, as an error of usage, so that it is said with the command's own usage.
@discardableResult
func asUsage<T>(_ body: () throws -> T) throws -> T {
  do { return try body() } catch let error as RegistryError { throw ValidationError("\(error)") }
}

extension Registry {
  /// The runs that references name, each once.
  func runs(_ references: [String], deletedToo: Bool = false) throws -> [Run] {
    var seen: Set<String> = []
    return try references.map { try run($0, deletedToo: deletedToo) }.filter { seen.insert($0.uid).inserted }
  }
}

/// Output for programs.
struct JSONFlag: ParsableArguments {
  @Flag(
    name: .customLong("json"), help: "Print JSON for programs on standard output, and nothing else there.")
  var enabled = false
}
