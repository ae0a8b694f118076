// list: the runs of a registry.

import ArgumentParser
import WinitRegistry

struct List: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "List the runs, the newest first.")

  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let runs = try registry.open().runs()
      if json.enabled {
        let list: JSONValue = ["runs": .array(runs.map(\.json))]
        try emit(list.pretty)
      } else if runs.isEmpty {
        try emit("the registry has no runs")
      } else {
        let header = ["RUN", "CREATED (UTC)", "SEED", "TENSORS", "PARAMETERS", "SIZE", "KEPT", "ID"]
        let rows = runs.map { run in
          [
            run.reference, humanTime(run.createdAt), String(run.seed), String(run.tensorCount),
            humanCount(run.parameterCount), humanBytes(run.byteCount), run.isStored ? "bytes" : "recipe",
            String(run.id.description.prefix(19)),
          ]
        }
        try emit(table([header] + rows, right: [2, 3, 4, 5]))
      }
    }
  }
}
