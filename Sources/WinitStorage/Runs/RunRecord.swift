// A run as it is recorded.

package import WinitCore
package import WinitJSON

/// A run as it is recorded.
package struct RunRecord: Sendable {
  /// The id of the row in `runs`.
  let rowID: Int64
  /// 128 random bits in hexadecimal, which identify the run in any registry, under any name.
  package let uid: String
  package let name: String
  /// The version, counted from 1 for each name.
  package let version: Int
  /// The SHA-256 of the manifest.
  package let id: SHA256Digest
  /// The SHA-256 over the names, shapes, dtypes and digests of the tensors. Runs with equal weights have the same
  /// value.
  package let weights: SHA256Digest
  package let seed: UInt64
  /// Whether the bytes of the weights are stored. If not, the run is recipe-only.
  package let isStored: Bool
  package let tensorCount: Int
  /// The number of elements of all tensors. Tensors that are tied to another tensor are not counted.
  package let parameterCount: Int
  /// The size of all tensors in bytes.
  package let byteCount: Int
  /// The time of creation: UTC, ISO 8601.
  package let createdAt: String
  /// The version of this software that created the run.
  package let toolVersion: String
  /// The version of the law that the elements follow.
  package let lawVersion: String
  /// The machine and the user that created the run; an empty object if they were not recorded.
  package let host: JSONValue
  /// `commit` and `dirty` of the git checkout in which the run was created; nil if it was not created in one.
  package let git: JSONValue?
  /// The preset that the spec used, with the prefix and the options; nil for none.
  package let preset: JSONValue?
  /// Whether the run was imported from a checkpoint. An imported run has no recipe, and its seed has no meaning.
  package let isImported: Bool
  package let experiment: String?
  /// The tags, ordered by key.
  package let tags: [TagRecord]
  package let note: String
  /// The uid of the run from which this run comes. That run may be in another registry.
  package let parent: String?
  package let aliases: [String]
  /// The time of deletion: UTC, ISO 8601; nil if the run is not deleted. A deleted run can be restored until it is
  /// collected.
  package let deletedAt: String?

  /// The reference with the version: `name:v2`.
  package var reference: String { "\(name):v\(version)" }
}

extension RunRecord: Hashable {
  /// Returns whether both records are of the same run. Its name, metadata and stored bytes may have changed in between.
  package static func == (left: RunRecord, right: RunRecord) -> Bool { left.uid == right.uid }

  package func hash(into hasher: inout Hasher) { hasher.combine(uid) }
}

/// A tag of a run.
package struct TagRecord: Sendable, Hashable {
  package let key: String
  package let value: String

  package init(key: String, value: String) {
    self.key = key
    self.value = value
  }
}
