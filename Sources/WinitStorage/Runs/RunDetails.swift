// What the files of a run said besides its tensors.

import GRDB
package import WinitCore
package import WinitJSON

/// The tensors that the spec of a run skips, the metadata of a checkpoint that was imported, and what a diagnosis needs:
/// the network and the findings that the spec allows. They are recorded with the run and are not part of its id.
package struct RunDetails: Sendable {
  /// The tensors of `like` that the spec skips.
  package var skipped: [TensorName] = []
  /// The members of `__metadata__` of an imported checkpoint.
  package var metadata: [(key: String, value: String)] = []
  /// The network of the spec; nil for none.
  package var network: JSONValue?
  /// The findings that the spec allows.
  package var allowed: [JSONValue] = []
  /// The weights of constants for which a rule of the spec names the module, so that the constant is meant.
  package var meantConstants: [TensorName] = []

  package init() {}

  /// Reads a record. Members that this version does not know, or that have another type, are ignored.
  init(json: JSONValue?) {
    skipped = (json?["skipped"]?.arrayValue ?? []).compactMap { $0.stringValue.map { TensorName($0) } }
    metadata = (json?["metadata"]?.objectValue ?? []).compactMap { member in
      member.value.stringValue.map { (member.key, $0) }
    }
    network = json?["network"]
    allowed = json?["allow"]?.arrayValue ?? []
    meantConstants = (json?["meant_constants"]?.arrayValue ?? []).compactMap { $0.stringValue.map { TensorName($0) } }
  }

  /// The record: an empty object if there is nothing to record.
  var json: JSONValue {
    var members: [JSONValue.Member] = []
    if !skipped.isEmpty { members.append(.init("skipped", .array(skipped.map { .string($0.string) }))) }
    if !metadata.isEmpty {
      members.append(.init("metadata", .object(metadata.map { .init($0.key, .string($0.value)) })))
    }
    if let network { members.append(.init("network", network)) }
    if !allowed.isEmpty { members.append(.init("allow", .array(allowed))) }
    if !meantConstants.isEmpty {
      members.append(.init("meant_constants", .array(meantConstants.map { .string($0.string) })))
    }
    return .object(members)
  }

  /// The maximum size of each of the details, in bytes.
  package static let limit = 1 << 20

  /// Returns the details to record, and a warning for each that is too large to be recorded.
  package static func bounded(
    skipped: [TensorName], metadata: [(key: String, value: String)], network: JSONValue? = nil,
    allowed: [JSONValue] = [], meantConstants: [TensorName] = []
  ) -> (recorded: RunDetails, warnings: [String]) {
    var (details, warnings) = (RunDetails(), [String]())
    if skipped.reduce(0, { $0 + $1.string.utf8.count }) <= limit {
      details.skipped = skipped
    } else {
      warnings.append("the names of the skipped tensors have more than 1 MiB and were not recorded")
    }
    if metadata.reduce(0, { $0 + $1.key.utf8.count + $1.value.utf8.count }) <= limit {
      details.metadata = metadata
    } else {
      warnings.append("the metadata of the checkpoint has more than 1 MiB and was not recorded")
    }
    if (network?.compact.utf8.count ?? 0) <= limit {
      details.network = network
    } else {
      warnings.append("the network has more than 1 MiB as JSON and was not recorded, so that the run has no curves")
    }
    if allowed.reduce(0, { $0 + $1.compact.utf8.count }) <= limit {
      details.allowed = allowed
    } else {
      warnings.append("the allowed findings have more than 1 MiB as JSON and were not recorded")
    }
    // Without them, a diagnosis takes a constant of a weight for a finding.
    if meantConstants.reduce(0, { $0 + $1.string.utf8.count }) <= limit { details.meantConstants = meantConstants }
    return (details, warnings)
  }
}

extension Store {
  /// Returns the details of a run.
  package func details(of run: RunRecord) throws -> RunDetails {
    try read { db in
      let current = try self.reload(run, db)
      let text = try String.fetchOne(
        db, sql: "SELECT details FROM runs WHERE id = ? AND length(details) <= ?",
        arguments: [current.rowID, 8 * RunDetails.limit])
      return RunDetails(json: text.flatMap { try? JSONValue(parsing: $0) })
    }
  }
}
