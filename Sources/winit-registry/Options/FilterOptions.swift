// The options that select runs.

import ArgumentParser
import WinitRegistry

/// Conditions on runs. A run must meet all of them.
struct FilterOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Only runs of this experiment, such as lr-sweep.", valueName: "name"))
  var experiment: String?

  @Option(
    name: .customLong("tag"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Only runs with this tag: KEY=VALUE, or KEY for any value. Repeat the option to require several tags.",
      valueName: "tag"))
  var tags: [String] = []

  @Option(
    name: .customLong("scheme"),
    help: ArgumentHelp(
      "Only runs with a tensor of this scheme, such as he_normal. Repeat the option to require several schemes.",
      valueName: "name"))
  var schemes: [String] = []

  @Option(
    name: .customLong("dtype"),
    help: ArgumentHelp(
      "Only runs with a tensor of this dtype, such as bfloat16. Repeat the option to require several dtypes.",
      valueName: "dtype"))
  var dtypes: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Only runs with this seed, an integer from 0 to 18446744073709551615.", valueName: "n"),
    transform: seedValue)
  var seed: UInt64?

  @Option(help: ArgumentHelp("Only runs with this alias, such as baseline.", valueName: "alias"))
  var alias: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Only runs created at this time or later, such as 2026-11-24 or 7d.", valueName: "time"),
    transform: TimeText.parse)
  var since: TimeText?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Only runs created before this time, such as 2026-11-24 or 7d.", valueName: "time"),
    transform: TimeText.parse)
  var until: TimeText?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Only runs with more parameters than this number, such as 1000000.", valueName: "n"),
    transform: integer(atLeast: 0))
  var paramsOver: Int?

  func validate() throws {
    for dtype in dtypes where DType(parsing: dtype) == nil {
      throw ValidationError(
        "unknown dtype `\(dtype)`. The dtypes are \(DType.allCases.map(\.rawValue).joined(separator: ", "))")
    }
  }

  var query: RunQuery {
    get throws {
      var query = RunQuery()
      query.experiment = experiment
      for tag in tags {
        let parts = tag.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        if parts.count == 2 {
          query.tags.append(Run.Tag(key: parts[0], value: parts[1]))
        } else {
          query.tagKeys.append(tag)
        }
      }
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
