// restore: restore deleted runs.

import ArgumentParser
import WinitRegistry

struct RestoreCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "restore", abstract: "Restore deleted runs.",
    discussion: """
      A deleted run can be restored until `gc` has collected it. A run that is not deleted stays as it is.
      """)

  @Argument(help: "The runs, such as gpt2:v1. `list --deleted` lists the deleted runs.", completion: .deletedRuns)
  var references: [String]
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      let runs = try registry.runs(toChange: references, restoring: true)
      let restored = try registry.restore(runs)
      try emit(
        json.enabled
          ? ChangedRunsReport(runs: restored).json
          : zip(runs, restored).map { before, run in
            before.deletedAt == nil ? "\(run.reference) was not deleted" : "restored \(run.reference)"
          }.joined(separator: "\n"))
    }
  }
}
