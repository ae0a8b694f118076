// The history: an append-only record of every change and every verification.

public import Foundation
import WinitCore
import WinitJSON
package import WinitStorage

/// An entry of the history of a registry, which is append-only.
public struct HistoryEntry: Sendable {
  package let record: HistoryRecord

  /// The time of the entry, to the second; `Date.distantPast` if a damaged file holds no time.
  public var date: Date { Date(timeText: record.at) ?? .distantPast }
  /// The name of the operation: `create`, `verify`, `delete` and so on.
  public var action: String { record.action }
  /// The reference of the run at that time; nil for an action on the whole registry.
  public var reference: String? { record.reference }
}

extension HistoryEntry {
  /// The user and the machine of the operation: `user@machine`.
  package var actorText: String {
    [record.actor["user"], record.actor["hostname"]].compactMap { $0?.stringValue }.joined(separator: "@")
  }
  /// The details, on one line.
  package var detailText: String {
    (record.detail.objectValue ?? []).map { "\($0.key) \($0.value.stringValue ?? $0.value.compact)" }
      .joined(separator: ", ")
  }
  /// The time as it is recorded.
  package var timeText: String { record.at }
}

extension Registry {
  /// Returns the history, newest entries first: of the whole registry, or of one run under all its names.
  ///
  /// - Parameters:
  ///   - run: the run; nil for the whole registry.
  ///   - limit: the maximum number of entries; nil for no limit.
  /// - Throws: `RegistryError` with the code `damagedRegistry` or `io`.
  public func history(of run: Run? = nil, limit: Int? = nil) throws -> [HistoryEntry] {
    try translatingErrors { try store.history(of: run?.uid, limit: limit).map(HistoryEntry.init) }
  }

  /// Returns the history of the run that a reference names, newest entries first. The run can be deleted or collected; a
  /// collected run has its reference at the time of the collection.
  ///
  /// - Throws: `RegistryError` with the codes of ``run(_:includingDeleted:)``.
  package func history(of reference: String, limit: Int? = nil) throws -> [HistoryEntry] {
    do { return try history(of: run(reference, includingDeleted: true), limit: limit) } catch let error as RegistryError
      where error.code == .runCollected
    {
      return try translatingErrors {
        let collection = try store.collection(of: RunReference(parsing: reference).description)
        // An older version did not record the run of a collection.
        guard let uid = collection?.uid else { throw error }
        return try store.history(of: uid, limit: limit).map(HistoryEntry.init)
      }
    }
  }
}
