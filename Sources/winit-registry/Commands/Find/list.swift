// list: list the runs of a registry.

public import ArgumentParser
import WinitRegistry

extension RunQuery.Order: ExpressibleByArgument {}

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List runs: all runs, or those that match every filter.",
    discussion: """
      A time is a date (2026-11-24), a date and a time in UTC (2026-11-24T10:00), or an age (7d, 12h, 2w).

        winit-registry list 'gpt2*' --experiment lr-sweep --tag optimizer=adamw --since 7d
        winit-registry list --scheme he_normal --dtype bfloat16 --params-over 1000000
        winit-registry list --limit 100 --after gpt2:v312        # the next page
      """)

  @Argument(
    help: "Only runs with this name; `*` matches any characters, `?` one character. (default: all names)")
  var name: String?

  @OptionGroup var filters: FilterOptions

  @Flag(help: "List the deleted runs, which `restore` can bring back, instead of the others.")
  var deleted = false

  @Option(
    help: "The order: created (newest first), name (then oldest version first), or parameters (largest model first).")
  var sort = RunQuery.Order.created

  @Flag(help: "Reverse the order.")
  var reverse = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Maximum number of runs; 0 for no limit. (default: 50)", valueName: "n"),
    transform: integer(atLeast: 0))
  var limit = 50

  @Option(
    help: ArgumentHelp(
      "Start after this run, the last one of the previous page, such as gpt2:v312. (default: start at the first run)",
      valueName: "run"))
  var after: String?

  @Flag(help: "Print only the number of runs, without a limit.")
  var count = false

  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    if count, after != nil { throw ValidationError("--count counts all pages, so --after cannot be used with it") }
  }

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      var query = try filters.query
      query.name = name
      query.selectsDeleted = deleted
      query.order = sort
      query.isReversed = reverse
      if count {
        let total = try registry.runCount(query)
        try emit(json.enabled ? RunCountReport(total: total).json : String(total))
        return
      }
      query.after = try after.map { try registry.run($0, includingDeleted: true) }
      // One run more than the page has tells whether there is a next page.
      query.limit = limit == 0 || limit == .max ? nil : limit + 1
      var runs = try registry.runs(query)
      let hasMore = limit > 0 && runs.count > limit
      if hasMore { runs.removeLast() }
      if json.enabled {
        let total = query.after == nil && !hasMore ? runs.count : try registry.runCount(query)
        let list = RunListReport(runs: runs, total: total, next: hasMore ? runs.last?.reference : nil)
        try emit(list.json)
      } else if runs.isEmpty {
        try emit(after.map { "no runs after \($0)" } ?? emptyText(registry))
      } else {
        try emit(runTable(runs))
        if hasMore, let last = runs.last {
          printError(
            "note: more runs match. --after \(last.reference) lists the next page, --limit 0 lists all runs, --count counts the runs"
          )
        }
      }
    }
  }

  private func emptyText(_ registry: Registry) throws -> String {
    if deleted { return "no deleted runs" + (try registry.runCount() > 0 ? " match" : "") }
    return try registry.runCount() == 0 ? "the registry has no runs" : "no runs match"
  }

  private func runTable(_ runs: [Run]) -> String {
    var header = ["RUN", "CREATED (UTC)", "SEED", "TENSORS", "PARAMETERS", "SIZE", "STORED", "ID"]
    var rows = runs.map { run in
      [
        run.reference, humanTime(run.createdAt), run.seedText, String(run.tensorCount),
        humanCount(run.parameterCount), humanBytes(run.byteCount), run.isStored ? "bytes" : "recipe",
        String(run.id.description.prefix(19)),
      ]
    }
    func add(_ title: String, _ text: (Run) -> String) {
      let cells = runs.map(text)
      guard cells.contains(where: { !$0.isEmpty }) else { return }
      header.append(title)
      for (index, cell) in cells.enumerated() { rows[index].append(cell) }
    }
    add("DELETED (UTC)") { $0.deletedAt.map(humanTime) ?? "" }
    add("ALIASES") { $0.aliases.joined(separator: ", ") }
    add("EXPERIMENT") { $0.experiment ?? "" }
    add("TAGS") { $0.tagsText }
    return table([header] + rows, right: [2, 3, 4, 5])
  }
}
