// Rows as values.

public import WinitCore
public import WinitJSON

/// A run as it is recorded.
public struct Run: Sendable {
  /// The row.
  package let rowID: Int64
  /// 128 random bits in hexadecimal: the same run in any registry it is moved to, under whatever name.
  public let uid: String
  /// The name it was created under.
  public let name: String
  /// The version, from 1, counted for each name.
  public let version: Int
  /// SHA-256 of the manifest.
  public let id: Digest
  /// SHA-256 of names, shapes, dtypes and digests: equal where the weights are.
  public let weights: Digest
  /// The seed.
  public let seed: UInt64
  /// Whether the weights are kept as blobs; otherwise the run is its recipe.
  public let isStored: Bool
  /// The number of tensors.
  public let tensorCount: Int
  /// The number of elements of all tensors.
  public let parameterCount: Int
  /// The size of all tensors in bytes.
  public let byteCount: Int
  /// When it was created: UTC, ISO 8601.
  public let createdAt: String
  /// The version of this software that created it.
  public let toolVersion: String
  /// The version of the law its bits follow.
  public let lawVersion: String
  /// RunMetadataUpdate about the machine that created it; an empty object where none were captured.
  public let host: JSONValue
  /// `commit` and `dirty` of the git checkout it was created in, where it was in one.
  public let git: JSONValue?
  /// Whether its bytes were taken over from a file; then it has no recipe, and its seed means nothing.
  public let isImported: Bool
  /// The experiment it belongs to.
  public let experiment: String?
  /// Its tags, by key.
  public let tags: [Tag]
  /// Words about it.
  public let note: String
  /// The uid of the run it comes from, which may be in another registry.
  public let parent: String?
  /// The aliases that stand for it.
  public let aliases: [String]
  /// When it was deleted: UTC, ISO 8601. It can be restored until it is collected.
  public let deletedAt: String?

  /// `name:v2`
  public var reference: String { "\(name):v\(version)" }
}

/// A key and its value.
public struct Tag: Sendable, Hashable {
  /// The key.
  public let key: String
  /// The value.
  public let value: String

  /// A tag.
  public init(key: String, value: String) {
    self.key = key
    self.value = value
  }
}

/// A tensor of a run as it is recorded.
public struct RecordedTensor: Sendable {
  /// The row.
  package let rowID: Int64
  /// The full name.
  public let name: TensorName
  /// The scheme as it was written, with the layout its fans were read by.
  public let scheme: JSONValue
  /// What the bytes follow from.
  public let recipe: Recipe
  /// The digest over the chunk digests.
  public let digest: Digest
  /// The digest of each chunk.
  public let chunkDigests: DigestList
  /// Whether the tensor's bytes are kept as blobs: all of a stored run's, and literals always.
  public let isStored: Bool
  /// The tensor whose values it has; then the recipe is that one's.
  public let tiedTo: TensorName?

  /// The tensor's entry in the manifest.
  public var manifestEntry: Manifest.Tensor {
    Manifest.Tensor(
      name: name, shape: recipe.shape, dtype: recipe.dtype, law: recipe.law, stream: recipe.stream,
      digest: digest, tiedTo: tiedTo)
  }
}

/// A tensor to be recorded.
package struct NewTensor: Sendable {
  package let name: TensorName
  package let scheme: JSONValue
  package let recipe: Recipe
  package let chunkDigests: DigestList
  package let tiedTo: TensorName?

  package init(
    name: TensorName, scheme: JSONValue, recipe: Recipe, chunkDigests: DigestList, tiedTo: TensorName? = nil
  ) {
    self.tiedTo = tiedTo
    self.name = name
    self.scheme = scheme
    self.recipe = recipe
    self.chunkDigests = chunkDigests
  }
}

/// A run to be recorded.
package struct NewRun: Sendable {
  package let name: String
  package let seed: UInt64
  package let isStored: Bool
  package let createdAt: String
  package let toolVersion: String
  package let tensors: [NewTensor]
  package var host: JSONValue = .object([])
  package var git: JSONValue?
  package var isImported = false
  package var experiment: String?
  package var tags: [Tag] = []
  package var note = ""
  package var parent: String?
  /// Of a run that comes from another registry: what it is there.
  package var origin: (uid: String, version: Int)?

  package init(
    name: String, seed: UInt64, isStored: Bool, createdAt: String, toolVersion: String, tensors: [NewTensor]
  ) {
    self.name = name
    self.seed = seed
    self.isStored = isStored
    self.createdAt = createdAt
    self.toolVersion = toolVersion
    self.tensors = tensors
  }

  package var manifest: Manifest {
    Manifest(
      seed: seed,
      tensors: tensors.map {
        Manifest.Tensor(
          name: $0.name, shape: $0.recipe.shape, dtype: $0.recipe.dtype, law: $0.recipe.law,
          stream: $0.recipe.stream, digest: Digest(ofChunks: $0.chunkDigests), tiedTo: $0.tiedTo)
      })
  }
}
