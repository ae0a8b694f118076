// The manifest: what a run is, in bytes that any language can make again. docs/manifest.md defines them.

import WinitJSON

/// What a run is: the law's version, the seed, and each tensor with its numbers and its digest. Nothing about
/// when, where or in which words it was made, so the same numbers have the same id on every machine.
public struct Manifest: Sendable {
  /// One tensor of a manifest.
  public struct Tensor: Sendable, Hashable {
    /// The tensor's full name.
    public let name: TensorName
    /// The shape.
    public let shape: Shape
    /// The element type.
    public let dtype: DType
    /// How an element follows from its word.
    public let law: Law
    /// The stream its words come from.
    public let stream: UInt64
    /// The tensor whose values it has, if they are another's.
    public let tiedTo: TensorName?
    /// The digest over the tensor's chunk digests.
    public let digest: Digest

    /// A tensor of a manifest.
    public init(
      name: TensorName, shape: Shape, dtype: DType, law: Law, stream: UInt64, digest: Digest,
      tiedTo: TensorName? = nil
    ) {
      self.tiedTo = tiedTo
      self.name = name
      self.shape = shape
      self.dtype = dtype
      self.law = law
      self.stream = stream
      self.digest = digest
    }
  }

  /// The seed.
  public let seed: UInt64
  /// The tensors, sorted by the UTF-8 bytes of their names.
  public let tensors: [Tensor]

  /// A manifest of tensors in any order.
  public init(seed: UInt64, tensors: some Sequence<Tensor>) {
    self.seed = seed
    self.tensors = tensors.sorted { $0.name < $1.name }
  }

  /// The manifest's bytes: RFC 8785 canonical JSON, without a final newline.
  public var canonical: String {
    let tensors = tensors.map { tensor -> JSONValue in
      [
        "digest": .string(tensor.digest.description), "dtype": .string(tensor.dtype.rawValue),
        "law": tensor.law.json(tiedTo: tensor.tiedTo), "name": .string(tensor.name.string),
        "shape": tensor.shape.json,
        "stream": .string(String(tensor.stream)),
      ]
    }
    let manifest: JSONValue = [
      "chunk_size": .integer(chunkSize), "law_version": .string(lawVersion), "seed": .string(String(seed)),
      "tensors": .array(tensors),
    ]
    return manifest.canonical
  }

  /// The run's id: SHA-256 of the canonical bytes.
  public var id: Digest { Digest(of: canonical.utf8) }

  /// SHA-256 of the canonical JSON of the sorted [[name, shape, dtype, digest], …]: equal where the weights
  /// are, whatever made them.
  public var weights: Digest {
    let rows = tensors.map { tensor -> JSONValue in
      [
        .string(tensor.name.string), tensor.shape.json, .string(tensor.dtype.rawValue),
        .string(tensor.digest.description),
      ]
    }
    return Digest(of: JSONValue.array(rows).canonical.utf8)
  }
}
