// The root command: its help, its groups of subcommands, and its entry point.

import ArgumentParser
import Foundation
import WinitCore
import WinitJSON
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
      Several runs can have one id: they have the same tensors with the same bits. A command that only reads takes the \
      newest of them; a command that changes a run refuses the id and lists the runs.

      ENVIRONMENT VARIABLES
        WINIT_REGISTRY      the registry file if --registry is not given
                            (default: winit.sqlite in the current directory)
        COLUMNS             the width of tables in a terminal
                            (default: the width of the window)
        WINIT_KERNEL        the vector instructions: scalar, sse2, avx2, avx512 or
                            neon (default: the widest that the processor has;
                            the bits are the same with all of them)
        WINIT_NETWORK_FS    allow: use a registry on a network file system, whose
                            locks may not keep two writers apart (default: refuse)
        WINIT_PROGRESS      json: with --json, write the progress to standard error,
                            a line {"done": N, "total": M} ten times a second
                            (default: no progress with --json)

      SIGNALS
        Ctrl-C, SIGTERM     stop within a second, then roll back incomplete work,
                            which takes seconds for each GB that was stored; a
                            second one quits at once, without a rollback
        SIGHUP              the same, also when an ssh connection ends; ignored if it
                            is ignored at the start (nohup)
        Ctrl-Z              stop between two transactions, so that other processes
                            can use the registry meanwhile; fg continues

      EXIT STATUS
        0    success; everything that was compared matches
        1    mismatch: something that was compared differs
        64   usage error: an argument is missing, unknown or invalid
        65   invalid input: a spec, a file or a registry is malformed or damaged
        66   not found: a run, a tensor, a tag, a file, a registry, a preset or
             a scheme
        74   input/output error: the system failed to read or write
        130  interrupted; incomplete work was rolled back

      With --json, an error is one JSON object on standard error, {"error": TEXT, "code": EXIT STATUS}, and notes and \
      warnings are part of the output.

      STANDARD INPUT AND OUTPUT
        `-` is standard input for `create --spec -` and `import - --as NAME` (a
        manifest), and standard output for `get -o -`. Where a file is read or
        written at several places, `-` is refused; `./-` is a file of this name.
        A reader that stops early, such as `head`, ends `get -o -` with exit
        status 74, because the weights are incomplete. It is no error
        if such a reader does not read a text to its end.

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
      CommandGroup(name: "Diagnose", subcommands: [DiagnoseCommand.self, ReportCommand.self]),
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
    if CompletionRequest.isBeingServed { CompletionRequest.prepare() }
    if let script = CompletionScript.requested {
      do { try emit(script, terminator: "", exact: true) } catch { exit(withError: ExitStatus.io) }
      return
    }
    // Without these signals, a closed pipe and a file-size limit are errors of `write`, which `emit` and the library
    // handle.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    occupyStandardDescriptors()
    _ = StatusLine.outputWasTerminal
    let words = CommandLine.arguments.dropFirst()
    do {
      // Errors that occur before the words are parsed are reported as the words ask for.
      StandardError.isJSON = words.contains("--json")
      if let problem = invalidTextProblem() ?? SIMDKernel.problem {
        StandardError.report(problem, ExitStatus.usage)
        exit(withError: ExitStatus.usage)
      }
      if words.first == "help", let root = CommandDefinition.root, let error = UsageError.ofHelp(words, root) {
        StandardError.report(error.message, ExitStatus.usage)
        exit(withError: ExitStatus.usage)
      }
      var command = try CommandLineParser.command(Array(words))
      StandardError.isJSON = (command as? any JSONCommand)?.json.enabled == true
      Interruption.handleStops()
      try OperationContext.$current.withValue(CommandContext.operation) { try command.run() }
    } catch {
      end(with: error, words)
    }
  }

  /// Prints the requested help or version, or a usage error, and ends the process. Every other error has been printed
  /// by `reportingErrors`, and only gives the exit status.
  private static func end(with error: any Error, _ words: ArraySlice<String>) -> Never {
    let status = exitCode(for: error)
    if status == .success || error is ExitCode { exit(withError: error) }
    let line = CommandDefinition.root.map { CommandLineText(words, $0) }
    StandardError.isJSON = line?.hasJSONFlag ?? StandardError.isJSON
    if let usage = UsageError(error, of: line) {
      StandardError.report(usage.message, status, details: usage.details)
    }
    exit(withError: status)
  }
}
