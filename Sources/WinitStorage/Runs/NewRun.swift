// A run to be recorded, with its tensors.

package import WinitCore
package import WinitJSON

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
    self.name = name
    self.scheme = scheme
    self.recipe = recipe
    self.chunkDigests = chunkDigests
    self.tiedTo = tiedTo
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
  package var preset: JSONValue?
  package var isImported = false
  package var details = RunDetails()
  package var experiment: String?
  package var tags: [TagRecord] = []
  package var note = ""
  package var parent: String?
  /// The diagnoses that are kept with the run.
  package var diagnoses: [DiagnosisRecord] = []
  /// The uid and the version in the registry from which the run comes; nil for a new run.
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
          stream: $0.recipe.stream, digest: SHA256Digest(ofChunks: $0.chunkDigests), tiedTo: $0.tiedTo,
          seed: $0.recipe.seed)
      })
  }
}
