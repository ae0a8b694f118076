// list: the runs of a registry.

import ArgumentParser
import WinitRegistry

struct List: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "List the runs, the newest first.")

  @Option(help: ArgumentHelp("List at most so many; 0 for all.", valueName: "n"))
  var limit = 50

  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    guard limit >= 0 else { throw ValidationError("--limit is a number of runs, or 0 for all of them") }
  }

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      let runs = try registry.runs(limit: limit == 0 ? nil : limit)
      let total = try registry.runCount()
      if json.enabled {
        let list: JSONValue = ["runs": .array(runs.map(\.json)), "total": .integer(total)]
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
        if runs.count < total {
          printError("these are the newest \(runs.count) of \(total) runs; --limit 0 lists all")
        }
      }
    }
  }
}
