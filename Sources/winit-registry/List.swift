// list: the runs of a registry.

public import ArgumentParser
import WinitRegistry

extension RunQuery.Order: ExpressibleByArgument {}

struct List: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List runs: all, or those that fit every filter.",
    discussion: """
      A time is a date (2026-11-24), a date and a time in UTC (2026-11-24T10:00), or so long ago (7d, 12h, 2w).

        winit-registry list 'gpt2*' --experiment lr-sweep --tag optimizer=adamw --since 7d
        winit-registry list --scheme he_normal --dtype bfloat16 --params-over 1000000
        winit-registry list --limit 100 --after gpt2:v312        # the next page
      """)

  @Argument(help: "The runs' names; `*` stands for any characters, `?` for one.")
  var name: String?

  @OptionGroup var filters: FilterOptions

  @Flag(help: "List deleted runs that can be restored, instead of the others.")
  var deleted = false

  @Option(help: "The order: created (the newest first), name, or parameters (the largest first).")
  var sort = RunQuery.Order.created

  @Flag(help: "The other way around.")
  var reverse = false

  @Option(help: ArgumentHelp("List at most so many; 0 for all.", valueName: "n"))
  var limit = 50

  @Option(help: ArgumentHelp("Begin after this run.", valueName: "run"))
  var after: String?

  @Flag(help: "Print only how many there are.")
  var count = false

  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    guard limit >= 0 else { throw ValidationError("--limit is a number of runs, or 0 for all of them") }
    if count, after != nil { throw ValidationError("--count counts all pages; --after begins one") }
  }

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      var query = try filters.query
      query.name = name
      query.deleted = deleted
      query.order = sort
      query.reversed = reverse
      if count {
        let total = try registry.runCount(query)
        let counted: JSONValue = ["total": .integer(total)]
        try emit(json.enabled ? counted.pretty : String(total))
        return
      }
      query.after = try after.map { try registry.run($0, deletedToo: true) }
      // One more than the page shows that there is a next one.
      query.limit = limit == 0 || limit == .max ? nil : limit + 1
      var runs = try registry.runs(query)
      let hasMore = limit > 0 && runs.count > limit
      if hasMore { runs.removeLast() }
      if json.enabled {
        let total = query.after == nil && !hasMore ? runs.count : try registry.runCount(query)
        let list: JSONValue = [
          "runs": .array(runs.map(\.json)), "total": .integer(total),
          "next": hasMore ? .string(runs.last?.reference ?? "") : .null,
        ]
        try emit(list.pretty)
      } else if runs.isEmpty {
        try emit(after == nil ? try emptiness(registry) : "no runs after that one")
      } else {
        try emit(runTable(runs))
        if hasMore, let last = runs.last {
          printError(
            "there are more than these \(runs.count); --after \(last.reference) lists the next ones, --limit 0 all, --count counts them"
          )
        }
      }
    }
  }

  private func emptiness(_ registry: Registry) throws -> String {
    if deleted { return "no deleted runs" + (try registry.runCount() > 0 ? " fit" : "") }
    return try registry.runCount() == 0 ? "the registry has no runs" : "no runs fit"
  }

  private func runTable(_ runs: [Run]) -> String {
    var header = ["RUN", "CREATED (UTC)", "SEED", "TENSORS", "PARAMETERS", "SIZE", "KEPT", "ID"]
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

/// Which runs are meant.
struct FilterOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Only runs of this experiment.", valueName: "name"))
  var experiment: String?

  @Option(
    name: .customLong("tag"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Only runs with this tag, KEY=VALUE or KEY with any value; may be given several times.",
      valueName: "tag"))
  var tags: [String] = []

  @Option(
    name: .customLong("scheme"),
    help: ArgumentHelp(
      "Only runs in which this scheme occurs; may be given several times.", valueName: "name"))
  var schemes: [String] = []

  @Option(
    name: .customLong("dtype"),
    help: ArgumentHelp(
      "Only runs in which this dtype occurs; may be given several times.", valueName: "dtype"))
  var dtypes: [String] = []

  @Option(help: ArgumentHelp("Only runs of this seed.", valueName: "n"))
  var seed: UInt64?

  @Option(help: ArgumentHelp("Only runs with this alias.", valueName: "alias"))
  var alias: String?

  @Option(help: ArgumentHelp("Only runs created at this time or later.", valueName: "time"))
  var since: TimeText?

  @Option(help: ArgumentHelp("Only runs created before this time.", valueName: "time"))
  var until: TimeText?

  @Option(help: ArgumentHelp("Only runs of more than so many parameters.", valueName: "n"))
  var paramsOver: Int?

  func validate() throws {
    for dtype in dtypes where DType(parsing: dtype) == nil {
      throw ValidationError(
        "--dtype \(dtype) is no dtype; they are \(DType.allCases.map(\.rawValue).joined(separator: ", "))")
    }
  }

  var query: RunQuery {
    get throws {
      var query = RunQuery()
      query.experiment = experiment
      query.tags = tags.map { tag in
        let parts = tag.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), parts.count == 2 ? String(parts[1]) : nil)
      }
      query.schemes = schemes
      query.dtypes = dtypes.compactMap { DType(parsing: $0)?.rawValue }
      query.seed = seed
      query.alias = alias
      query.since = since?.iso
      query.until = until?.iso
      query.moreParametersThan = paramsOver
      return query
    }
  }
}
