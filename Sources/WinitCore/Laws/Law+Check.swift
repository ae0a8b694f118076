// Checks that a law fits a dtype and a shape.

extension Law {
  /// Checks that the law can fill a tensor of a dtype and a shape.
  ///
  /// - Throws: `LawError` if it cannot.
  package func check(_ dtype: DType, _ shape: Shape) throws(LawError) {
    try check(dtype)
    switch self {
    case .constant, .uniform, .normal, .truncatedNormal, .literal: break
    case .eye:
      guard shape.rank == 2 else { throw .wrongShape("eye", shape, needs: "rank 2") }
    case .dirac(let groups):
      guard (3...5).contains(shape.rank) else { throw .wrongShape("dirac", shape, needs: "rank 3, 4 or 5") }
      guard groups > 0, shape.dims[0].isMultiple(of: groups) else {
        throw .wrongShape("dirac", shape, needs: "groups (here \(groups)) that divide its first dimension")
      }
    case .orthogonal(_, let rows):
      guard shape.rank >= 2 else { throw .wrongShape("orthogonal", shape, needs: "rank 2 or more") }
      guard rows > 0, shape.elementCount.isMultiple(of: rows) else {
        throw .wrongShape("orthogonal", shape, needs: "a number of elements that \(rows) rows divide")
      }
      guard shape.elementCount <= 1 << 32 else {
        throw .wrongShape(
          "orthogonal", shape, needs: "at most 2³² elements, because they are computed together")
      }
    case .deltaOrthogonal:
      guard (3...5).contains(shape.rank), shape.dims[shape.rank - 2] <= shape.dims[shape.rank - 1] else {
        throw .wrongShape("delta_orthogonal", shape, needs: "rank 3, 4 or 5, and at most as many inputs as outputs")
      }
      guard shape.elementCount <= 1 << 32 else {
        throw .wrongShape(
          "delta_orthogonal", shape, needs: "at most 2³² elements, because they are computed together")
      }
    case .sparse(_, let zeros):
      guard shape.rank == 2 else { throw .wrongShape("sparse", shape, needs: "rank 2") }
      guard (0...shape.dims[0]).contains(zeros) else {
        throw .wrongShape(
          "sparse", shape, needs: "at most as many zeros in a column (here \(zeros)) as it has rows")
      }
      guard shape.elementCount <= 1 << 32 else {
        throw .wrongShape("sparse", shape, needs: "at most 2³² elements, because they are computed together")
      }
    case .parts(let parts):
      guard parts.first?.box.isEmpty == true else {
        throw .firstPartNotWhole
      }
      for (index, part) in parts.enumerated() {
        guard part.law.isElementwise else {
          throw .partNotElementwise(index, law: part.law.name)
        }
        guard part.box.count <= shape.rank,
          zip(part.box, shape.dims).allSatisfy({ $0.lowerBound >= 0 && $0.upperBound <= $1 })
        else { throw .partOutside(index, shape) }
        try part.law.check(dtype)
      }
    }
  }

  /// Checks that the law can fill a tensor of a dtype: a random law needs a floating-point dtype, a constant must be
  /// representable, and the largest value of the law must be finite in the dtype.
  ///
  /// - Throws: `LawError` if it cannot.
  package func check(_ dtype: DType) throws(LawError) {
    if case .constant(let value) = self, let range = dtype.constantRange {
      guard let integer = Int64(exactly: value), range.contains(integer) else {
        throw .notRepresentable(value, dtype)
      }
      return
    }
    switch self {
    case .literal: return
    case .parts(let parts):
      for part in parts { try part.law.check(dtype) }
      return
    default: break
    }
    guard dtype.isFloatingPoint else { throw .needsFloatingPoint(name, dtype) }
    let largest = largestMagnitude
    let limit: Double =
      switch dtype {
      case .float16: 65520  // the smallest number that rounds to infinity
      case .bfloat16: 0x1.FFp127
      default: 0x1.FFFFFFp127  // every value is a binary32 number before it is converted
      }
    guard largest < limit else { throw .overflow(largest, dtype) }
  }

  /// An upper bound of the magnitude of every element. A normal draw is below 6.35 in magnitude.
  private var largestMagnitude: Double {
    switch self {
    case .constant(let value): abs(value)
    case .eye(let value): abs(Double(value))
    case .dirac: 1
    case .orthogonal(let gain, _), .deltaOrthogonal(let gain): abs(gain)
    case .sparse(let std, _): 6.35 * abs(Double(std))
    case .parts, .literal: 0
    case .uniform(_, _, let low, let high): max(abs(Double(low)), abs(Double(high)))
    case .normal(let mean, let std): abs(Double(mean)) + 6.35 * abs(Double(std))
    case .truncatedNormal(_, _, let low, let high, let mean, let std):
      abs(Double(mean)) + max(abs(Double(low)), abs(Double(high))) * abs(Double(std))
    }
  }
}
