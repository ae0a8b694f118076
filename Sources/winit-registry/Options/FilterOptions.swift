// The options that select runs.

import ArgumentParser
import WinitJSON
import WinitRegistry

/// Conditions on runs. A run must meet all of them.
struct FilterOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Only runs whose id begins with these digits, such as sha256:e6dc or e6dc.", valueName: "digits")
  )
  var id: String?

  @Option(
    name: .customLong("experiment"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Only runs of this experiment, such as lr-sweep or 'sweep-*'; '!sweep-*' for all others. Can be repeated.",
      valueName: "pattern"), completion: .experiments)
  var experiments: [String] = []

  @Option(
    name: .customLong("tag"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      """
      Only runs with this tag: KEY=VALUE, or KEY for any value; 'lr=*e-4' is a pattern, and '!KEY=VALUE' or '!KEY' are \
      the runs without such a tag. Repeat the option to require several conditions.
      """,
      valueName: "tag"), completion: .tagKeys)
  var tags: [String] = []

  @Option(
    name: .customLong("note"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      """
      Only runs whose note contains this text, in upper or lower case; patterns and ! as in --tag. Can be repeated.
      """, valueName: "text"))
  var notes: [String] = []

  @Option(
    name: .customLong("scheme"),
    help: ArgumentHelp(
      "Only runs with a tensor of this scheme, such as he_normal. Repeat the option to require several schemes.",
      valueName: "name"), completion: .schemes)
  var schemes: [String] = []

  @Option(
    name: .customLong("dtype"),
    help: ArgumentHelp(
      "Only runs with a tensor of this dtype, such as bfloat16. Repeat the option to require several dtypes.",
      valueName: "dtype"), completion: .dtypes)
  var dtypes: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Only runs with this seed, an integer from 0 to 18446744073709551615.", valueName: "n"),
    transform: seedValue)
  var seed: UInt64?

  @Option(help: ArgumentHelp("Only runs with this alias, such as baseline.", valueName: "alias"), completion: .aliases)
  var alias: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Only runs created at this time or later, such as 2026-11-24, yesterday or 7d.", valueName: "time"),
    transform: TimeText.parse)
  var since: TimeText?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Only runs created before this time, such as 2026-11-24, yesterday or 7d.", valueName: "time"),
    transform: TimeText.parse)
  var until: TimeText?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Only runs with more parameters than this number, such as 1000000.", valueName: "n"),
    transform: integer(atLeast: 0))
  var paramsOver: Int?

  func validate() throws {
    for pattern in experiments + tags + notes { try checkPattern(pattern) }
    for pattern in experiments where ["", "!"].contains(pattern) {
      throw ValidationError("--experiment needs a pattern; '!*' is the runs without an experiment")
    }
    for pattern in tags where pattern.drop(while: { $0 == "!" }).prefix(while: { $0 != "=" }).isEmpty {
      throw ValidationError("--tag needs a key, such as KEY=VALUE, KEY or '!KEY'; '!*' is the runs without tags")
    }
    try asUsage { _ = try query }
    for dtype in dtypes where DType(parsing: dtype) == nil {
      let known = DType.allCases.map(\.rawValue)
      let near = question(suggestions(for: dtype, in: known))
      throw ValidationError(
        "unknown dtype \(quoted: dtype)\(near.isEmpty ? "." : near) The dtypes are \(known.joined(separator: ", "))")
    }
  }

  var query: RunQuery {
    get throws {
      var query = RunQuery()
      for text in experiments { query.patterns.addExperiment(text) }
      for text in tags { query.patterns.addTag(text) }
      for text in notes { query.patterns.addNote(text) }
      if let id { try query.patterns.addID(id) }
      query.schemes = schemes
      query.dtypes = dtypes.compactMap(DType.init(parsing:))
      query.seed = seed
      query.alias = alias
      query.since = since?.date
      query.until = until?.date
      query.minimumParametersExclusive = paramsOver
      return query
    }
  }
}

/// Checks the length of a pattern: SQLite takes 50,000 bytes, in which a wildcard that stands for itself takes three.
///
/// - Throws: `ValidationError` for a longer pattern.
func checkPattern(_ text: String) throws {
  if text.utf8.count > 10_000 {
    throw ValidationError("a pattern has \(text.utf8.count) bytes; it can have 10000 at most")
  }
}
