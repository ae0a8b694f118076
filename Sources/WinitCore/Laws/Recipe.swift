// A recipe: the input from which a tensor is regenerated.

/// The version of the law that this library executes. A change of any bit would be a new version.
package let lawVersion = "philox4x32-10/icdf-1"

/// The complete input of a tensor: each byte of the tensor is a pure function of the recipe and the byte's position.
package struct Recipe: Sendable, Hashable {
  /// The seed of the tensor, usually the seed of the run.
  package let seed: UInt64
  /// The stream of the tensor, usually the stream of its name.
  package let stream: UInt64
  /// The element type of the tensor.
  package let dtype: DType
  /// The shape of the tensor.
  package let shape: Shape
  /// The law, which computes an element from its word.
  package let law: Law
  /// The recipe of the tensor whose norm is taken, in an array of one; empty for any other law.
  private let sources: [Recipe]

  /// Creates a recipe.
  ///
  /// - Parameter source: the recipe of the tensor that the law `norm_of` names; nil for any other law.
  /// - Throws: `LawError` if the law cannot fill a tensor of the dtype and the shape.
  package init(
    seed: UInt64, stream: UInt64, dtype: DType, shape: Shape, law: Law, source: Recipe? = nil
  ) throws(LawError) {
    try law.check(dtype, shape)
    if case .normOf(let name, let axes) = law, let source {
      try Recipe.checkNorm(of: source, name, axes, shape)
    }
    self.init(unchecked: law, seed: seed, stream: stream, dtype: dtype, shape: shape, source: source)
  }

  /// Creates a recipe without a check. The law must fit the dtype and the shape.
  init(unchecked law: Law, seed: UInt64, stream: UInt64, dtype: DType, shape: Shape, source: Recipe? = nil) {
    (self.seed, self.stream, self.dtype, self.shape, self.law) = (seed, stream, dtype, shape, law)
    sources = if case .normOf = law, let source { [source] } else { [] }
  }

  /// The recipe of the tensor whose norm is taken; nil for any other law.
  package var source: Recipe? { sources.first }

  /// The size of the whole tensor in bytes.
  package var byteCount: Int { shape.byteCount(dtype) }

  /// True if the recipe regenerates the bytes. Otherwise the registry stores them: given bytes are a part of the
  /// tensor, or of the tensor whose norm is taken.
  package var isRegenerable: Bool {
    if case .normOf = law { return source?.isRegenerable ?? false }
    return !law.hasLiteral
  }

  /// Returns this recipe with another seed or stream. The tensor whose norm is taken gets the seed as well.
  package func replacing(seed: UInt64? = nil, stream: UInt64? = nil) throws(LawError) -> Recipe {
    try Recipe(
      seed: seed ?? self.seed, stream: stream ?? self.stream, dtype: dtype, shape: shape, law: law,
      source: source?.replacing(seed: seed))
  }

  /// Returns the canonical bytes (little-endian, row-major) of a range of elements.
  ///
  /// If the law needs the whole tensor, the whole tensor is computed first.
  ///
  /// - Precondition: the recipe is regenerable. Other bytes come from the registry that stores them.
  /// - Throws: `InsufficientMemory` if there is no memory for the whole tensor.
  package func bytes(_ elements: Range<Int>) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: elements.count * dtype.byteCount) { buffer, count in
      count = elements.count * dtype.byteCount
      try fill(
        elements,
        into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
    }
  }
}
