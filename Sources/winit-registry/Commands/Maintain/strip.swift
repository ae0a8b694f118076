// strip: delete the stored bytes of runs.

import ArgumentParser
import WinitRegistry

struct StripCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "strip", abstract: "Delete the stored bytes of runs, and keep the recipes.",
    discussion: """
      Regenerates each run first and compares the digests; if a digest differs, nothing is deleted. Literals, \
      which have no recipe, stay stored. `get` and `verify` work on a stripped run, and `materialize` stores its bytes \
      again.
      """)

  @Argument(help: "The runs, such as gpt2:v1.", completion: .runs) var references: [String]
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func run() throws {
    try changeStorage(of: references, registry, json, "stripping", done: "stripped", what: "freed") {
      registry, run, progress in
      try registry.strip(run, threads: threads.threads, progress: progress)
    }
  }
}
