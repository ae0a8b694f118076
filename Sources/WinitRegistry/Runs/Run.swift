// A run as the registry records it.

public import Foundation
import WinitCore
import WinitJSON
package import WinitStorage

/// A run: one initialization of a model, recorded with its seed, the recipe of every tensor, digests, and metadata.
///
/// A value is a snapshot of the record; a method that changes a run returns the run as it is afterward. Two values are
/// equal when they are the same run (the same ``uid``), whatever changed in between.
public struct Run: Sendable, Hashable, Identifiable {
  /// The source of the values of a run.
  public enum Origin: Sendable, Hashable {
    /// The values follow from the recipes of the run and this seed.
    case seeded(UInt64)
    /// The values were imported from a checkpoint. There is no seed.
    case imported
  }

  /// A key and a value that a user attaches to a run.
  public struct Tag: Sendable, Hashable {
    /// The key: not empty, without white space and `=`.
    public let key: String
    /// The value, any text.
    public let value: String

    /// Creates a tag. The method that records the tag checks the key.
    public init(key: String, value: String) {
      self.key = key
      self.value = value
    }
  }

  /// The git checkout in which a run was created.
  public struct Git: Sendable, Hashable {
    /// The commit, in hexadecimal digits.
    public let commit: String
    /// Whether tracked files had changes that were not committed; nil if the index of the checkout could not tell.
    public let isDirty: Bool?
  }

  package let record: RunRecord

  init(_ record: RunRecord) { self.record = record }

  /// The id: the SHA-256 of the canonical manifest. Equal tensors with equal recipes have the same id in every
  /// registry, so two runs of one registry may share an id. Their ``uid`` is different.
  public var id: Digest { Digest(record.id) }
  /// The identity of this run in any registry, under whatever name: 128 random bits in hexadecimal digits.
  public var uid: String { record.uid }
  /// The SHA-256 over names, shapes, dtypes and digests of the tensors: equal if and only if the weights are equal.
  public var weights: Digest { Digest(record.weights) }
  /// The name, which all versions share.
  public var name: String { record.name }
  /// The version, counted from 1 for each name.
  public var version: Int { record.version }
  /// The reference `NAME:vN`, which no other run ever has.
  public var reference: String { record.reference }
  /// The source of the values: a seed, or a checkpoint.
  public var origin: Origin { record.isImported ? .imported : .seeded(record.seed) }
  /// Whether the registry stores the bytes of the weights. Otherwise it regenerates them.
  public var isStored: Bool { record.isStored }
  /// The number of tensors.
  public var tensorCount: Int { record.tensorCount }
  /// The number of elements of all tensors, without tied tensors.
  public var parameterCount: Int { record.parameterCount }
  /// The size of all tensors together, in bytes, whether or not the registry stores them.
  public var byteCount: Int { record.byteCount }
  /// The time of creation, to the second; `Date.distantPast` if a damaged file holds no time.
  public var createdAt: Date { date(record.createdAt) ?? .distantPast }
  /// The time of deletion, to the second; nil for a run that is not deleted.
  public var deletedAt: Date? { record.deletedAt.flatMap(date) }
  /// The version of this software that created the run.
  package var toolVersion: String { record.toolVersion }
  /// The version of the law that the bits of the run follow.
  package var lawVersion: String { record.lawVersion }
  /// The git checkout in which the run was created; nil if there was none, or the environment was not recorded.
  public var git: Git? {
    // A foreign registry may have any text here. Version 0.1 recorded the text `(initial)` for a branch without commit.
    guard let commit = record.git?["commit"]?.stringValue, [40, 64].contains(commit.utf8.count),
      commit.utf8.allSatisfy({ SHA256Digest.hexValue($0) != nil })
    else { return nil }
    return Git(commit: commit, isDirty: record.git?["dirty"]?.boolValue)
  }
  /// The experiment that the run belongs to; nil for none.
  public var experiment: String? { record.experiment }
  /// The tags, sorted by key.
  public var tags: [Tag] { record.tags.map { Tag(key: $0.key, value: $0.value) } }
  /// The note, free text.
  public var note: String { record.note }
  /// The ``uid`` of the run that this run comes from, which may be in another registry; nil for none.
  public var parentUID: String? { record.parent }
  /// The aliases of the run: `NAME:ALIAS` is a reference to it.
  public var aliases: [String] { record.aliases }
}

extension Run {
  /// The user that created the run; nil if the environment was not recorded.
  package var user: String? { record.host["user"]?.stringValue }
  /// The machine on which the run was created.
  package var hostname: String? { record.host["hostname"]?.stringValue }
  /// The processor of that machine.
  package var processor: String? { record.host["processor"]?.stringValue }
  /// The reason why the commit of the git checkout is not recorded; nil if it is, or if there was no checkout.
  package var gitProblem: String? { record.git?["problem"]?.stringValue }
  /// The warning that the commit is not recorded.
  var gitWarnings: [String] { gitProblem.map { ["the git commit is not recorded: \($0)"] } ?? [] }
}

/// Returns the time of a text in a record (UTC, ISO 8601); nil for any other text.
private func date(_ text: String) -> Date? { Date(timeText: text) }

/// Returns the text of a time in a record: UTC, ISO 8601, to the second.
func recordText(_ date: Date) -> String { date.timeText }
