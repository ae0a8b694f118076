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
  /// The members of the record that could not be read, by their keys; `record` if nothing of it could be read.
  package private(set) var damaged: [String] = []

  package init() {}

  /// Reads a record. Members that this version does not know are ignored. A member that has another type is listed in
  /// `damaged`, and what can be read of it counts.
  ///
  /// - Parameter json: the record; nil if it is no JSON.
  init(json: JSONValue?) {
    guard let json, json.objectValue != nil else {
      damaged = ["record"]
      return
    }
    func texts(_ key: String) -> (texts: [String], isWhole: Bool) {
      guard let value = json[key] else { return ([], true) }
      let texts = (value.arrayValue ?? []).map(\.stringValue)
      return (texts.compactMap(\.self), value.arrayValue != nil && !texts.contains(nil))
    }
    let (skipped, constants) = (texts("skipped"), texts("meant_constants"))
    (self.skipped, meantConstants) = (skipped.texts.map { TensorName($0) }, constants.texts.map { TensorName($0) })
    let members = json["metadata"]?.objectValue ?? []
    metadata = members.compactMap { member in member.value.stringValue.map { (member.key, $0) } }
    (network, allowed) = (json["network"], json["allow"]?.arrayValue ?? [])
    if !skipped.isWhole { damaged.append("skipped") }
    if json["metadata"] != nil, json["metadata"]?.objectValue == nil || metadata.count < members.count {
      damaged.append("metadata")
    }
    if json["allow"] != nil, json["allow"]?.arrayValue == nil { damaged.append("allow") }
    if !constants.isWhole { damaged.append("meant_constants") }
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
    try read { db in RunDetails(json: try self.detailsRecord(of: run, db)) }
  }

  /// Returns the record of the details of a run; nil if it is no JSON, or is too large.
  private func detailsRecord(of run: RunRecord, _ db: Database) throws -> JSONValue? {
    let row = try Row.fetchOne(
      db, sql: "SELECT details FROM runs WHERE id = ? AND length(details) <= ?",
      arguments: [try self.reload(run, db).rowID, 8 * RunDetails.limit])
    return try? row.map { try JSONValue(parsing: $0.value("details", String.self)) }
  }

  /// Removes members of the details of a run, which cannot be read.
  ///
  /// - Parameter keys: the keys of the members; `record` for all of them.
  package func removeDetails(_ keys: [String], of run: RunRecord) throws {
    try write { db in
      let members = try self.detailsRecord(of: run, db)?.objectValue ?? []
      let kept = keys.contains("record") ? [] : members.filter { !keys.contains($0.key) }
      try db.execute(
        sql: "UPDATE runs SET details = ? WHERE id = ?",
        arguments: [JSONValue.object(kept).compact, try self.reload(run, db).rowID])
    }
  }
}
