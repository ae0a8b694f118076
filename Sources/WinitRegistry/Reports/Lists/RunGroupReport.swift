// The JSON and the CSV of `list --experiments` and `list --tags`.

package import WinitJSON
import WinitStorage

/// The experiments or the tags of runs, each with its number of runs.
package struct RunGroupReport: Sendable, JSONReport {
  /// What the groups are.
  package enum Kind: String, Sendable {
    case experiments, tags
  }

  /// An experiment or a tag.
  package struct Group: Sendable {
    /// The experiment, or the key and the value of the tag.
    package let texts: [String]
    package let runCount: Int
    /// The time of creation of the newest run: UTC, ISO 8601.
    package let newest: String
  }

  package let kind: Kind
  package let groups: [Group]
  /// Whether there are more groups than these.
  package let hasMore: Bool

  package var jsonValue: JSONValue {
    .object([
      .init(
        kind.rawValue,
        .array(
          groups.map { group in
            .object(
              zip(names, group.texts).map { JSONValue.Member($0, .string($1)) }
                + [.init("runs", .integer(group.runCount)), .init("newest", .string(group.newest))])
          })), .init("more", .bool(hasMore)),
    ])
  }

  /// The groups as CSV, a row for each.
  package func csv(hasHeader: Bool) -> String {
    csvText(
      (hasHeader ? [names + ["runs", "newest"]] : [])
        + groups.map { $0.texts + [String($0.runCount), $0.newest] })
  }

  /// The names of the texts of a group.
  private var names: [String] { kind == .experiments ? ["experiment"] : ["key", "value"] }
}

extension Registry {
  /// Returns the experiments or the tags of the runs that a query selects. The order and the page of the query have no
  /// effect.
  package func groups(_ kind: RunGroupReport.Kind, of query: RunQuery, limit: Int?) throws -> RunGroupReport {
    try translatingErrors {
      try query.checkSchemes(in: store)
      // One group more than the page has tells whether there are more.
      let extended = limit.map { $0 == .max ? $0 : $0 + 1 }
      let groups =
        switch kind {
        case .experiments: try store.experiments(query.filter, limit: extended)
        case .tags: try store.tags(query.filter, limit: extended)
        }
      return RunGroupReport(
        kind: kind,
        groups: (limit.map { groups.prefix($0) } ?? groups[...]).map {
          .init(texts: [$0.name] + ($0.value.map { [$0] } ?? []), runCount: $0.runCount, newest: $0.newest)
        },
        hasMore: limit.map { groups.count > $0 } ?? false)
    }
  }
}
