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

      A run is named NAME (its latest version), NAME:v2, NAME@sha256:… or sha256:… (the first digits of the id are \
      enough). The registry is the file given with --registry, else $WINIT_REGISTRY, else winit.sqlite in the current \
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
    subcommands: [
      Create.self, Get.self, Verify.self, List.self, Show.self, Schemes.self, Presets.self, Version.self,
    ])

  static func main() {
    // A reader that stops early is an error of `write`, and `emit` knows what to make of it.
    signal(SIGPIPE, SIG_IGN)
    // A file that may not grow is an error of `write` too.
    signal(SIGXFSZ, SIG_IGN)
    if let problem = Kernel.problem {
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

/// Output for programs.
struct JSONFlag: ParsableArguments {
  @Flag(
    name: .customLong("json"), help: "Print JSON for programs on standard output, and nothing else there.")
  var enabled = false
}
