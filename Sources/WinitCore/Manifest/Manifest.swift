// The manifest of a run, whose canonical bytes give the id of the run. docs/manifest.md defines these bytes.

import WinitJSON

/// The identity of a run: the version of the law, the seed, and the recipe and the digest of every tensor.
///
/// A manifest does not say when, where or from which spec the run was created, so the same seed and recipes give the
/// same id on every machine.
package struct Manifest: Sendable {
  /// One tensor of a manifest.
  package struct Tensor: Sendable, Hashable {
    /// The full name of the tensor.
    package let name: TensorName
    /// The shape of the tensor.
    package let shape: Shape
    /// The element type of the tensor.
    package let dtype: DType
    /// The law, which computes an element from its word.
    package let law: Law
    /// The seed of the tensor; nil if it is the seed of the run.
    package let seed: UInt64?
    /// The stream that provides the words.
    package let stream: UInt64
    /// The tensor that provides the values, if this tensor is tied to another.
    package let tiedTo: TensorName?
    /// The digest of the tensor: SHA-256 of its chunk digests.
    package let digest: SHA256Digest

    /// Creates a tensor of a manifest.
    package init(
      name: TensorName, shape: Shape, dtype: DType, law: Law, stream: UInt64, digest: SHA256Digest,
      tiedTo: TensorName? = nil, seed: UInt64? = nil
    ) {
      self.seed = seed
      self.tiedTo = tiedTo
      self.name = name
      self.shape = shape
      self.dtype = dtype
      self.law = law
      self.stream = stream
      self.digest = digest
    }
  }

  /// The seed of the run.
  package let seed: UInt64
  /// The tensors, sorted by the UTF-8 bytes of their names.
  package let tensors: [Tensor]

  /// Creates a manifest from tensors in any order.
  package init(seed: UInt64, tensors: some Sequence<Tensor>) {
    self.seed = seed
    self.tensors = tensors.sorted { $0.name < $1.name }
  }

  /// The canonical text of the manifest: canonical JSON (RFC 8785) without a final newline.
  package var canonical: String {
    let tensors = tensors.map { tensor -> JSONValue in
      let members: [JSONValue.Member] = [
        .init("digest", .string(tensor.digest.description)), .init("dtype", .string(tensor.dtype.rawValue)),
        .init("law", tensor.law.json(tiedTo: tensor.tiedTo)), .init("name", .string(tensor.name.string)),
        .init("shape", tensor.shape.json), .init("stream", .string(String(tensor.stream))),
      ]
      // The seed is a member only where it differs from that of the manifest, so that earlier ids stay the same.
      let own = tensor.seed.flatMap { $0 == seed ? nil : $0 }
      return .object(members + (own.map { [.init("seed", .string(String($0)))] } ?? []))
    }
    let manifest: JSONValue = [
      "chunk_size": .integer(chunkSize), "law_version": .string(lawVersion), "seed": .string(String(seed)),
      "tensors": .array(tensors),
    ]
    return manifest.canonical
  }

  /// The id of the run: SHA-256 of the canonical text in UTF-8.
  package var id: SHA256Digest { SHA256Digest(of: canonical.utf8) }

  /// The digest of the weights: SHA-256 of the canonical JSON of the sorted list [[name, shape, dtype, digest], …].
  ///
  /// Two runs with equal weights have equal digests, even if their laws and seeds differ.
  package var weights: SHA256Digest {
    let rows = tensors.map { tensor -> JSONValue in
      [
        .string(tensor.name.string), tensor.shape.json, .string(tensor.dtype.rawValue),
        .string(tensor.digest.description),
      ]
    }
    return SHA256Digest(of: JSONValue.array(rows).canonical.utf8)
  }
}
