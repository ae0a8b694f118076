// The root command: its help, its groups of subcommands, and its entry point.

import ArgumentParser
import Foundation
import WinitCore
import WinitRegistry

@main
struct WinitRegistryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "winit-registry",
    abstract: "Record how neural networks are initialized, and regenerate their initial weights bit for bit.",
    discussion: """
      A registry is one SQLite file. For each run (one initialization of a model) it holds the seed and, for each tensor, \
      scheme, shape, dtype and SHA-256 digest, with or without the weights. The same record gives the same bits on any \
      machine, for any slice of any tensor.

      REFERENCES TO RUNS
        gpt2                the latest version of the name gpt2
        gpt2:v2             version 2
        gpt2:baseline       the version that has the alias baseline
        gpt2@sha256:e6dc…   the run of this name with this id
        sha256:e6dc…        the run with this id; the first digits are enough

      ENVIRONMENT VARIABLES
        WINIT_REGISTRY      the registry file if --registry is not given
                            (default: winit.sqlite in the current directory)
        WINIT_KERNEL        the vector instructions: scalar, sse2, avx2, avx512 or neon
                            (default: the widest that the processor has; the bits
                            are the same with all of them)
        WINIT_NETWORK_FS    allow: use a registry on a network file system, whose
                            locks may not keep two writers apart (default: refuse)

      EXIT STATUS
        0    success; everything that was compared matches
        1    mismatch: something that was compared differs
        64   usage error: an argument is missing, unknown or invalid
        65   invalid input: a spec, a file or a registry is malformed or damaged
        66   not found: a run, a tensor, a file or a registry
        74   input/output error: the system failed to read or write
        130  interrupted; incomplete work was rolled back

      EXAMPLE
        winit-registry create gpt2 --spec specs/gpt2.yaml --seed 42
        winit-registry get gpt2 -o gpt2.safetensors
        winit-registry verify gpt2 --against gpt2.safetensors
      """,
    version: Registry.version,
    groupedSubcommands: [
      CommandGroup(
        name: "Initialize",
        subcommands: [CreateCommand.self, GetCommand.self, VerifyCommand.self, GraftCommand.self]),
      CommandGroup(
        name: "Find",
        subcommands: [
          ListCommand.self, ShowCommand.self, DiffCommand.self, IdentifyCommand.self, LogCommand.self,
        ]),
      CommandGroup(
        name: "Name and describe",
        subcommands: [
          AliasCommand.self, RenameCommand.self, TagCommand.self, NoteCommand.self, RmCommand.self, RestoreCommand.self,
        ]),
      CommandGroup(
        name: "Share and back up", subcommands: [ExportCommand.self, ImportCommand.self, BackupCommand.self]),
      CommandGroup(
        name: "Maintain",
        subcommands: [
          StatsCommand.self, GCCommand.self, StripCommand.self, MaterializeCommand.self, DoctorCommand.self,
        ]),
      CommandGroup(name: "Reference", subcommands: [SchemesCommand.self, PresetCommand.self, VersionCommand.self]),
    ])

  static func main() {
    // Without these signals, a closed pipe and a file-size limit are errors of `write`, which `emit` and the library
    // handle.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    if let problem = SIMDKernel.problem {
      printError("error: \(problem)")
      exit(withError: ExitStatus.usage)
    }
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      end(with: error)
    }
  }

  /// The message about a first argument that is neither a command nor an option; nil for any other command line.
  private static var unknownCommand: String? {
    let commands = configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
    guard let name = CommandLine.arguments.dropFirst().first, !name.hasPrefix("-"), !commands.contains(name) else {
      return nil
    }
    let near = nearest(to: name, in: commands).map { "; did you mean `\($0)`?" } ?? ""
    return "unknown command `\(name)`\(near) (`winit-registry --help` lists them)"
  }

  /// Prints the requested help or version, or a usage error, and ends the process. Every other error has been printed
  /// by `reportingErrors`, and only gives the exit status.
  private static func end(with error: any Error) -> Never {
    let status = exitCode(for: error)
    if status == .success { exit(withError: error) }
    let message = unknownCommand ?? fullMessage(for: error)
    if !message.isEmpty { printError(usageError(message)) }
    exit(withError: status)
  }
}
