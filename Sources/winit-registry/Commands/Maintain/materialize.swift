// materialize: regenerate runs and store their bytes.

import ArgumentParser
import WinitRegistry

struct MaterializeCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "materialize", abstract: "Regenerate runs and store their bytes.",
    discussion: """
      Turns a recipe-only or stripped run into a stored run. Every chunk is checked against its recorded digest before it \
      is stored. A run that is stored already stays as it is.
      """)

  @Argument(help: "The runs, such as gpt2:v1.", completion: .runs) var references: [String]
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func run() throws {
    try changeStorage(of: references, registry, json, "materializing", done: "materialized", what: "added") {
      registry, run, progress in
      try registry.materialize(run, threads: threads.threads, progress: progress)
    }
  }
}
