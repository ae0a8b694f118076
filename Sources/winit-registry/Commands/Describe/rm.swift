// rm: delete runs.

import ArgumentParser
import WinitRegistry

struct RmCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "rm",
    abstract: "Delete runs; `restore` brings them back.",
    discussion: """
      No reference finds a deleted run, but the run stays in the file: `list --deleted` lists it and `restore` brings it \
      back, until `gc` collects it after the grace period (30 days by default). Its version is never reused. A run with an \
      alias cannot be deleted; remove the alias first. If one of the runs cannot be deleted, none is.
      """)

  @Argument(help: "The runs, such as gpt2:v1.", completion: .runs) var references: [String]
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      // Every reference is checked before the first run is deleted.
      let deleted = try registry.delete(try registry.runs(toChange: references))
      try emit(
        json.enabled
          ? ChangedRunsReport(runs: deleted).json
          : deleted.map { "deleted \($0.reference); `restore \($0.reference)` brings it back" }
            .joined(separator: "\n"))
    }
  }
}
