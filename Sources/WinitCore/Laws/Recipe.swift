// A recipe: everything a tensor's bytes follow from.

/// The version of the law this library executes; a change to any bit would be another version.
public let lawVersion = "philox4x32-10/icdf-1"

/// Everything a tensor's bytes follow from. Each byte is a pure function of the recipe and its position.
public struct Recipe: Sendable, Hashable {
  /// The run's seed.
  public let seed: UInt64
  /// The tensor's stream, usually that of its name.
  public let stream: UInt64
  /// The element type.
  public let dtype: DType
  /// The shape.
  public let shape: Shape
  /// How an element follows from its word.
  public let law: Law

  /// - Throws: `LawError` where the law cannot fill the dtype.
  public init(seed: UInt64, stream: UInt64, dtype: DType, shape: Shape, law: Law) throws(LawError) {
    try law.check(dtype, shape)
    self.seed = seed
    self.stream = stream
    self.dtype = dtype
    self.shape = shape
    self.law = law
  }

  /// Of a law that is known to fit.
  init(unchecked law: Law, seed: UInt64, stream: UInt64, dtype: DType, shape: Shape) {
    (self.seed, self.stream, self.dtype, self.shape, self.law) = (seed, stream, dtype, shape, law)
  }

  /// The size of the whole tensor in bytes.
  public var byteCount: Int { shape.byteCount(dtype) }

  /// The same recipe under another seed, stream or law.
  package func replacing(seed: UInt64? = nil, stream: UInt64? = nil, law: Law? = nil) throws(LawError)
    -> Recipe
  {
    try Recipe(
      seed: seed ?? self.seed, stream: stream ?? self.stream, dtype: dtype, shape: shape, law: law ?? self.law
    )
  }

  /// The canonical bytes (little-endian, row-major) of a range of elements. Where the law needs the whole tensor, that is
  /// made for it.
  ///
  /// - Precondition: the law is regenerable. A literal's bytes are had from the registry that keeps them.
  public func bytes(_ elements: Range<Int>) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: elements.count * dtype.byteCount) { buffer, count in
      count = elements.count * dtype.byteCount
      fill(
        elements,
        into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
    }
  }
}
