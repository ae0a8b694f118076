// A tensor of a run as it is recorded.

package import WinitCore
package import WinitJSON

/// A tensor of a run as it is recorded.
package struct TensorRecord: Sendable {
  /// The id of the row in `tensors`.
  let rowID: Int64
  package let name: TensorName
  /// The scheme as it was written, with the layout by which its fans were computed.
  package let scheme: JSONValue
  /// The recipe of the tensor. For a tied tensor, this is the recipe of the tensor to which it is tied.
  package let recipe: Recipe
  /// The seed of the tensor, if it is not the seed of the run.
  package let ownSeed: UInt64?
  /// The SHA-256 over the chunk digests.
  package let digest: SHA256Digest
  package let chunkDigests: DigestList
  /// Whether the bytes of the tensor are stored. They are if the run is stored, or if no recipe regenerates them.
  package let isStored: Bool
  /// The name of the tensor to which this tensor is tied, so that both have the same values.
  package let tiedTo: TensorName?

  /// The entry of the tensor in the manifest.
  package var manifestEntry: Manifest.Tensor {
    Manifest.Tensor(
      name: name, shape: recipe.shape, dtype: recipe.dtype, law: recipe.law, stream: recipe.stream,
      digest: digest, tiedTo: tiedTo, seed: recipe.seed)
  }
}
