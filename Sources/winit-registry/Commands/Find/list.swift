// list: list the runs of a registry.

public import ArgumentParser
import WinitRegistry

extension RunQuery.Order: ExpressibleByArgument {}

struct ListCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "list", abstract: "List runs: all runs, or those that match every filter.",
    discussion: """
      In NAME, --experiment, --tag and --note, `*` matches any characters and `?` one. `\\*` and `\\?` are the characters \
      themselves. A leading `!` selects the runs that do not match, also those without an experiment or such a tag; \
      `\\!` is the character itself. Case counts, except in --note.

      A time is a date (2026-11-24), a date and a time (2026-11-24T10:00, or 2026-11-24T10:00+01:00), today, yesterday, \
      a weekday (monday, the latest one), or an age (7d, 12h, 2w). Days and times without an offset are in UTC.

        winit-registry list --experiment 'lr-*' --tag '!opt=adamw' --since yesterday
        winit-registry list sha256:e6dc                  # the runs with this id
        winit-registry list --scheme he_normal --dtype bfloat16 --params-over 1000000
        winit-registry list --limit 100 --after gpt2:v9  # the next page
        winit-registry list --tags --experiment lr-sweep # the tags of an experiment

      In a terminal the table fits the window: long tags, experiments and aliases are shortened, then columns are left \
      out, in this order: TENSORS, ID, STORED, SIZE, PARAMETERS, TAGS, EXPERIMENT, ALIASES, SEED, CREATED. A pipe and a \
      file get every column in full width; --csv and --json print everything that is recorded of a run.
      """)

  @Argument(
    help: """
      Only runs with this name; `*` matches any characters, `?` one character; '!test*' for all others. Or sha256:… or NAME@sha256:… for the runs \
      with this id. (default: all names)
      """, completion: .runNames)
  var name: String?

  @OptionGroup var filters: FilterOptions

  @Flag(help: "List the deleted runs, which `restore` can bring back, instead of the others.")
  var deleted = false

  @Option(
    help: """
      The order: created (newest first), name (then oldest version first), or parameters (largest model first). \
      (default: created)
      """)
  var sort: RunQuery.Order?

  @Flag(help: "Reverse the order.")
  var reverse = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Maximum number of runs; 0 for no limit. (default: 50; with --csv no limit)", valueName: "n"),
    transform: integer(atLeast: 0))
  var limit: Int?

  @Option(
    help: ArgumentHelp(
      "Start after this run, the last one of the previous page, such as gpt2:v312. (default: start at the first run)",
      valueName: "run"), completion: .runs)
  var after: String?

  @Flag(help: "Print only the number of runs, without a limit.")
  var count = false

  @Flag(name: .customLong("experiments"), help: "List the experiments of the runs, each with its number of runs.")
  var listsExperiments = false

  @Flag(name: .customLong("tags"), help: "List the tags of the runs, each with its number of runs.")
  var listsTags = false

  @Flag(
    help: """
      Print CSV (RFC 4180): a header, and all columns with exact values. Cells are as recorded; a spreadsheet may take \
      a note that begins with = for a formula.
      """)
  var csv = false

  @OptionGroup var tableOptions: TableOptions
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    if count, after != nil { throw ValidationError("--count counts all pages, so --after cannot be used with it") }
    let kinds = [(count, "--count"), (listsExperiments, "--experiments"), (listsTags, "--tags")].filter(\.0).map(\.1)
    if kinds.count > 1 { throw ValidationError("give one of \(kinds.joined(separator: " and "))") }
    if group != nil {
      let options = [(after != nil, "--after"), (sort != nil, "--sort"), (reverse, "--reverse")]
      if let option = options.first(where: \.0)?.1 {
        throw ValidationError("\(option) is about a list of runs, and \(kinds[0]) lists something else")
      }
    }
    if csv, json.enabled { throw ValidationError("give one of --csv and --json") }
    if csv, count { throw ValidationError("--count prints one number; give one of --csv and --count") }
    try tableOptions.check(json)
    if let name { try checkPattern(name) }
    if let name, isID(name) { try asUsage { _ = try RunReference(parsing: name) } }
  }

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      var query = try filters.query
      try setName(of: &query)
      query.selectsDeleted = deleted
      if let group {
        try report(registry.groups(group, of: query, limit: maximum))
        return
      }
      query.order = sort ?? .created
      query.isReversed = reverse
      if count {
        let total = try registry.runCount(query)
        try emit(json.enabled ? RunCountReport(total: total).json : String(total))
        return
      }
      query.after = try after.map { try registry.run($0, includingDeleted: true) }
      // One run more than the page has tells whether there is a next page.
      query.limit = maximum.map { $0 == .max ? $0 : $0 + 1 }
      var runs = try registry.runs(query)
      let hasMore = maximum.map { runs.count > $0 } ?? false
      if hasMore { runs.removeLast() }
      if json.enabled {
        let total = query.after == nil && !hasMore ? runs.count : try registry.runCount(query)
        try emit(RunListReport(runs: runs, total: total, next: hasMore ? runs.last?.reference : nil).json)
        return
      }
      if csv {
        try emit(csv: RunListReport(runs: runs, total: runs.count, next: nil).csv(hasHeader: !tableOptions.noHeader))
      } else if runs.isEmpty {
        try emit(after.map { "no runs after \($0)" } ?? emptyText(registry))
      } else {
        try emit(runTable(runs).text)
      }
      if hasMore, let last = runs.last {
        printError(
          "note: more runs match. --after \(last.reference) lists the next page, --limit 0 lists all runs, --count counts the runs"
        )
      }
    }
  }

  /// The groups that are listed in place of runs; nil for runs.
  private var group: RunGroupReport.Kind? { listsExperiments ? .experiments : listsTags ? .tags : nil }

  /// The maximum number of lines; nil for no limit.
  private var maximum: Int? {
    let limit = limit ?? (csv ? 0 : 50)
    return limit == 0 ? nil : limit
  }

  private func isID(_ name: String) -> Bool { name.hasPrefix("sha256:") || name.contains("@sha256:") }

  /// Takes the first argument: a pattern for names, or an id.
  private func setName(of query: inout RunQuery) throws {
    guard let name, isID(name) else {
      // No name begins with an exclamation mark.
      if let name, name.hasPrefix("!") { query.patterns.excludeName(name.dropFirst()) } else { query.name = name }
      return
    }
    guard case .id(let prefix, let name) = try RunReference(parsing: name) else { return }
    query.name = name
    try query.patterns.addID(prefix)
  }

  private func report(_ report: RunGroupReport) throws {
    if json.enabled {
      try emit(report.json)
      return
    }
    if csv {
      try emit(csv: report.csv(hasHeader: !tableOptions.noHeader))
    } else if report.groups.isEmpty {
      try emit(report.kind == .experiments ? "no run has an experiment" : "no run has a tag")
    } else {
      try emit(report.table(hasHeader: !tableOptions.noHeader).text)
    }
    if report.hasMore { printError("note: there are more \(report.kind.rawValue). --limit 0 lists all") }
  }

  private func emptyText(_ registry: Registry) throws -> String {
    var first = RunQuery()
    first.limit = 1
    let hasRuns = try !registry.runs(first).isEmpty
    if deleted { return "no deleted runs" + (hasRuns ? " match" : "") }
    return hasRuns ? "no runs match" : "the registry has no runs"
  }

  private func runTable(_ runs: [Run]) -> Table {
    let columns = [
      Table.Column("RUN", .key), Table.Column("CREATED (UTC)"), Table.Column("SEED", isRightAligned: true),
      Table.Column("TENSORS", isRightAligned: true), Table.Column("PARAMETERS", isRightAligned: true),
      Table.Column("SIZE", isRightAligned: true), Table.Column("STORED"), Table.Column("ID"),
      Table.Column("DELETED (UTC)", isOptional: true), Table.Column("ALIASES", .shorten(to: 8), isOptional: true),
      Table.Column("EXPERIMENT", .shorten(to: 10), isOptional: true),
      Table.Column("TAGS", .shorten(to: 12), isOptional: true),
    ]
    let rows = runs.map { run in
      [
        run.reference, humanTime(run.createdAt), run.seedText, String(run.tensorCount),
        humanCount(run.parameterCount), humanBytes(run.byteCount), run.isStored ? "bytes" : "recipe",
        String(run.id.description.prefix(19)), run.deletedAt.map(humanTime) ?? "",
        run.aliases.joined(separator: ", "), run.experiment ?? "", run.tagsText,
      ]
    }
    return Table(
      columns, rows,
      omitted: [
        "TENSORS", "ID", "STORED", "SIZE", "PARAMETERS", "TAGS", "EXPERIMENT", "ALIASES", "SEED", "CREATED (UTC)",
        "DELETED (UTC)",
      ], hasHeader: !tableOptions.noHeader)
  }
}

extension RunGroupReport {
  fileprivate func table(hasHeader: Bool) -> Table {
    let time = groups.map { String($0.newest.prefix(16)).replacing("T", with: " ") }
    return Table(
      [
        Table.Column(kind == .experiments ? "EXPERIMENT" : "TAG", .key), Table.Column("RUNS", isRightAligned: true),
        Table.Column("NEWEST (UTC)"),
      ],
      zip(groups, time).map { group, time in
        [group.texts.joined(separator: "="), String(group.runCount), time]
      }, omitted: ["NEWEST (UTC)"], hasHeader: hasHeader)
  }
}
