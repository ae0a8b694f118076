// A tensor of a run as the registry records it.

import WinitCore
import WinitJSON
package import WinitStorage

/// A tensor of a run: its name, shape and dtype, how it was initialized, and the digest of its bytes.
public struct RunTensor: Sendable {
  package let record: TensorRecord

  init(_ record: TensorRecord) { self.record = record }

  /// The full name. Names are equal if their UTF-8 bytes are equal, which is stricter than the `==` of `String`.
  public var name: String { record.name.string }
  /// The length of each axis; the last axis varies fastest in memory. An empty array is the shape of a scalar.
  public var shape: [Int] { record.recipe.shape.dims }
  /// The element type.
  public var dtype: DType { DType(record.recipe.dtype) }
  /// The size, in bytes.
  public var byteCount: Int { record.recipe.byteCount }
  /// The SHA-256 over the digests of the chunks of the tensor: equal if and only if the bytes are equal.
  public var digest: Digest { Digest(record.digest) }
  /// Whether the registry stores the bytes of the tensor. Otherwise it regenerates them.
  package var isStored: Bool { record.isStored }
  /// The tensor whose values this tensor shares; nil for a tensor with values of its own.
  public var tiedTo: String? { record.tiedTo?.string }
  /// The scheme as it was written, on one line: `he_normal(mode fan_out)`.
  public var scheme: String { withLawArithmetic { record.schemeText } }
  /// The law that the scheme resolved to, on one line: `normal(mean 0, std 0.02)`.
  public var law: String { withLawArithmetic { record.lawText } }
}

extension RunTensor {
  /// The name of the law.
  package var lawName: String { record.recipe.law.name }
  /// Whether no element can be filled without the whole tensor.
  package var needsWhole: Bool { record.recipe.law.needsWhole }
  /// Whether the recipe regenerates the bytes; otherwise the registry stores the bytes as given.
  package var isRegenerable: Bool { record.recipe.isRegenerable }
  /// The name with control characters escaped, for people.
  package var printableName: String { record.name.description }
  /// The shape as text.
  package var shapeText: String { record.recipe.shape.description }
}
