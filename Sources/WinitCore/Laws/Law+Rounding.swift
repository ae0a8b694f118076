// From binary64 parameters to the law's own: rounded once, minus zero made plus zero, then checked.

extension Law {
  /// The constant `value` for a dtype: rounded to binary32 for floating point (and then to the dtype, at fill
  /// time), an integer for the rest.
  public static func constant(rounding value: Double, as dtype: DType) throws(LawError) -> Law {
    guard value.isFinite else { throw .notFinite("value", value) }
    guard let range = dtype.constantRange else {
      return .constant(value: Double(try Law.round("value", value)))
    }
    guard let integer = Int64(exactly: value), range.contains(integer) else {
      throw .notRepresentable(value, dtype)
    }
    return .constant(value: Double(integer))
  }

  /// Normal(mean, std²).
  public static func normal(roundingMean mean: Double, std: Double) throws(LawError) -> Law {
    .normal(mean: try round("mean", mean), std: try roundScale("std", std))
  }

  /// Uniform on [low, high]: half = (high − low) ÷ 2 and mid = (low + high) ÷ 2 in binary64, then rounded.
  public static func uniform(roundingLow low: Double, high: Double) throws(LawError) -> Law {
    guard low.isFinite else { throw .notFinite("low", low) }
    guard high.isFinite else { throw .notFinite("high", high) }
    guard low < high else { throw .emptyRange(low: low, high: high) }
    let law = Law.uniform(
      half: try roundScale("half", (high - low) / 2), mid: try round("mid", (low + high) / 2),
      low: try round("low", low), high: try round("high", high))
    guard case .uniform(_, _, let l, let h) = law, l < h else { throw .emptyRange(low: low, high: high) }
    return law
  }

  /// Normal(mean, std²) cut to [low, high] standard deviations, where alpha = Φ(low) and beta = Φ(high).
  ///
  /// The law draws from the lower tail of its quantile, which reaches about 6.3 standard deviations: cuts
  /// that leave it (low > 5 or high < −5) are an error.
  public static func truncatedNormal(
    roundingMean mean: Double, std: Double, low: Double, high: Double, alpha: Double, beta: Double
  ) throws(LawError) -> Law {
    let roundedMean = try round("mean", mean)
    let roundedStd = try roundScale("std", std)
    let roundedLow = try round("low", low)
    let roundedHigh = try round("high", high)
    guard roundedLow < roundedHigh else { throw .emptyRange(low: low, high: high) }
    guard low <= 5, high >= -5 else { throw .cutsTooFar(low: low, high: high) }
    return .truncatedNormal(
      alpha: alpha, beta: beta, low: roundedLow, high: roundedHigh, mean: roundedMean, std: roundedStd)
  }

  private static func round(_ name: String, _ value: Double) throws(LawError) -> Float {
    let rounded = Float(value)
    guard rounded.isFinite else { throw .notFinite(name, value) }
    return rounded == 0 ? 0 : rounded
  }

  private static func roundScale(_ name: String, _ value: Double) throws(LawError) -> Float {
    let rounded = try round(name, value)
    guard rounded >= 0 else { throw .negative(name, value) }
    guard rounded > 0 || value == 0 else { throw .underflow(name, value) }
    return rounded
  }
}

extension Law {
  /// The identity times a value.
  public static func eye(rounding value: Double) throws(LawError) -> Law {
    .eye(value: try round("gain", value))
  }

  /// Normal with mean 0 and so many zeros in each column.
  public static func sparse(roundingStd std: Double, zeros: Int) throws(LawError) -> Law {
    .sparse(std: try roundScale("std", std), zeros: zeros)
  }
}

extension Law {
  /// Checks that the law can fill a tensor of a dtype and a shape.
  public func check(_ dtype: DType, _ shape: Shape) throws(LawError) {
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
        throw .wrongShape("orthogonal", shape, needs: "elements that make \(rows) rows")
      }
      guard shape.elementCount <= 1 << 32 else {
        throw .wrongShape(
          "orthogonal", shape, needs: "no more than 2³² elements, since they are made together")
      }
    case .deltaOrthogonal:
      guard (3...5).contains(shape.rank), shape.dims[shape.rank - 2] <= shape.dims[shape.rank - 1] else {
        throw .wrongShape("delta_orthogonal", shape, needs: "rank 3, 4 or 5, and no more inputs than outputs")
      }
      guard shape.elementCount <= 1 << 32 else {
        throw .wrongShape(
          "delta_orthogonal", shape, needs: "no more than 2³² elements, since they are made together")
      }
    case .sparse(_, let zeros):
      guard shape.rank == 2 else { throw .wrongShape("sparse", shape, needs: "rank 2") }
      guard (0...shape.dims[0]).contains(zeros) else {
        throw .wrongShape(
          "sparse", shape, needs: "no more zeros in a column (here \(zeros)) than it has rows")
      }
      guard shape.elementCount <= 1 << 32 else {
        throw .wrongShape("sparse", shape, needs: "no more than 2³² elements, since they are made together")
      }
    case .parts(let parts):
      guard parts.first?.box.isEmpty == true else {
        throw .wrongPart(0, "the first part must be the whole tensor")
      }
      for (index, part) in parts.enumerated() {
        guard part.law.isElementwise else {
          throw .wrongPart(index, "a part cannot be \(part.law.name); it draws, or is constant")
        }
        guard part.box.count <= shape.rank,
          zip(part.box, shape.dims).allSatisfy({ $0.lowerBound >= 0 && $0.upperBound <= $1 })
        else { throw .wrongPart(index, "its box does not lie in the shape \(shape)") }
        try part.law.check(dtype)
      }
    }
  }

  /// Checks that the law can fill a tensor of a dtype: random laws need floating point, a constant must be
  /// representable, and the largest value the law can give must be finite in the dtype.
  public func check(_ dtype: DType) throws(LawError) {
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
      case .float16: 65520  // the least number that rounds to infinity
      case .bfloat16: 0x1.FFp127
      default: 0x1.FFFFFFp127  // a value is a binary32 first, whatever it is converted to
      }
    guard largest < limit else { throw .overflow(largest, dtype) }
  }

  /// A bound on every element's magnitude: |mean| + 6.35·|std|, or what the law's bounds give.
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

/// Why numbers are not a law.
public enum LawError: Error, Equatable, CustomStringConvertible {
  /// A parameter is NaN, infinite, or too large for binary32.
  case notFinite(String, Double)
  /// A scale is below zero.
  case negative(String, Double)
  /// A positive scale is zero in binary32.
  case underflow(String, Double)
  /// The lower bound is not below the upper one, as given or as rounded to binary32.
  case emptyRange(low: Double, high: Double)
  /// The cuts lie where the law has no resolution.
  case cutsTooFar(low: Double, high: Double)
  /// An integer or boolean tensor cannot hold the constant.
  case notRepresentable(Double, DType)
  /// A random law on an integer or boolean tensor.
  case needsFloatingPoint(String, DType)
  /// Elements would be infinite in the dtype.
  case overflow(Double, DType)
  /// The law does not fit the shape.
  case wrongShape(String, Shape, needs: String)
  /// A part of a tensor makes no sense.
  case wrongPart(Int, String)

  /// What is wrong and what to do, for a person.
  public var description: String {
    switch self {
    case .notFinite(let name, let value):
      "\(name) is \(value), which is not finite in float32; give a finite number"
    case .negative(let name, let value): "\(name) is \(value); it cannot be negative"
    case .underflow(let name, let value):
      "\(name) is \(value), which rounds to 0 in float32; give a larger one, or 0 if you mean 0"
    case .emptyRange(let low, let high):
      "low is \(low) and high is \(high); low must be below high, also after rounding to float32"
    case .cutsTooFar(let low, let high):
      "the cuts [\(low), \(high)] lie in the far tail; low may be at most 5 and high at least -5 standard deviations"
    case .notRepresentable(let value, let dtype):
      "\(dtype) cannot hold the constant \(value); it takes integers from \(dtype.constantRange?.lowerBound ?? 0) to \(dtype.constantRange?.upperBound ?? 0)"
    case .needsFloatingPoint(let law, let dtype):
      "\(dtype) tensors hold constants only, not \(law) draws; write zeros, ones or {scheme: constant, value: …}"
    case .wrongShape(let law, let shape, let needs): "\(law) needs \(needs); the shape is \(shape)"
    case .wrongPart(let index, let problem): "part \(index): \(problem)"
    case .overflow(let largest, let dtype):
      "values reach \(largest), which \(dtype) cannot hold; use a smaller scale or a wider dtype"
    }
  }
}
