// The selection, the order and the page of a list of runs.

public import Foundation
import WinitStorage

/// Selects runs: those that meet every condition, in an order, a page at a time.
///
/// ```swift
/// var query = RunQuery()
/// query.experiment = "lr-sweep"
/// query.limit = 50
/// let page = try registry.runs(query)
/// query.after = page.last
/// ```
public struct RunQuery: Sendable {
  /// An order of runs. Runs that are equal in this order are in the order of their creation.
  public enum Order: String, Sendable, CaseIterable {
    /// The newest run first.
    case created
    /// By name, and by version for each name.
    case name
    /// The largest number of parameters first.
    case parameters
  }

  /// The name of the run, in which `*` matches any characters and `?` matches one; nil for any name.
  public var name: String?
  /// The experiment that the run must belong to; nil for any.
  public var experiment: String?
  /// The tags that the run must all have.
  public var tags: [Run.Tag] = []
  /// Conditions on the experiment, the tags and the note of the run, and the digits of its id.
  package var patterns = RunPatterns()
  /// The schemes that must all occur in the run, by name (`he_normal`) or alias (`kaiming_normal`).
  public var schemes: [String] = []
  /// The dtypes that must all occur in the run.
  public var dtypes: [DType] = []
  /// The seed that the run must have; nil for any.
  public var seed: UInt64?
  /// An alias that the run must have; nil for none.
  public var alias: String?
  /// The earliest time of creation, to the second; nil for no limit.
  public var since: Date?
  /// The time before which the run must have been created, to the second; nil for no limit.
  public var until: Date?
  /// A number of parameters that the run must exceed.
  package var minimumParametersExclusive: Int?
  /// Whether deleted runs are selected instead of the others.
  public var selectsDeleted = false
  /// The order of the runs.
  public var order = Order.created
  /// Whether the order is reversed.
  public var isReversed = false
  /// The last run of the previous page; nil for the first page.
  public var after: Run?
  /// The maximum number of runs; nil for no limit.
  public var limit: Int?

  /// Creates a query that selects all runs that are not deleted, newest first.
  public init() {}
}

extension RunQuery {
  /// Checks that the schemes exist. A scheme that this version does not have exists if a run has it.
  ///
  /// - Throws: `RegistryError` with the code `unknownName` for a scheme that does not exist.
  func checkSchemes(in store: Store) throws {
    for scheme in schemes {
      do { _ = try SchemeCatalog.scheme(named: scheme) } catch {
        if try !store.hasRun(withScheme: scheme) { throw error }
      }
    }
  }

  var filter: RunFilter {
    var filter = RunFilter()
    filter.name = name
    filter.excludedNames = patterns.excludedNames
    filter.idPrefixes = patterns.idPrefixes
    filter.experiments = (experiment.map { [TextCondition(TextPattern(literal: $0))] } ?? []) + patterns.experiments
    filter.tags =
      tags.map { TagCondition(key: TextPattern(literal: $0.key), value: TextPattern(literal: $0.value)) }
      + patterns.tags
    filter.notes = patterns.notes
    filter.schemes = schemes
    filter.dtypes = dtypes.map(\.rawValue)
    filter.seed = seed
    filter.alias = alias
    filter.since = since.map(recordText)
    filter.until = until.map(recordText)
    filter.moreParametersThan = minimumParametersExclusive
    filter.deleted = selectsDeleted
    filter.order =
      switch order {
      case .created: .created
      case .name: .name
      case .parameters: .parameters
      }
    filter.reversed = isReversed
    filter.after = after?.record
    filter.limit = limit
    return filter
  }
}
