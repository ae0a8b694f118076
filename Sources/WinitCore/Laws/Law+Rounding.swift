// Laws from binary64 parameters: each is rounded once to binary32, then −0 becomes +0, then the parameter is checked.

extension Law {
  /// Returns the law `constant` for a dtype.
  ///
  /// For a floating-point dtype the value is rounded to binary32, and the fill converts it to the dtype. For any other
  /// dtype the value must be an integer that the dtype represents.
  package static func constant(rounding value: Double, as dtype: DType) throws(LawError) -> Law {
    guard value.isFinite else { throw .notFinite("value", value) }
    guard let range = dtype.constantRange else {
      return .constant(value: Double(try Law.round("value", value)))
    }
    guard let integer = Int64(exactly: value), range.contains(integer) else {
      throw .notRepresentable(value, dtype)
    }
    return .constant(value: Double(integer))
  }

  /// Returns the law `normal`: Normal(mean, std²). A negative std gives the negatives of the draws.
  package static func normal(roundingMean mean: Double, std: Double) throws(LawError) -> Law {
    .normal(mean: try round("mean", mean), std: try roundStd(std))
  }

  /// Returns the law `uniform` on [low, high]: half = (high − low) ÷ 2 and mid = (low + high) ÷ 2, each computed in
  /// binary64 and then rounded.
  package static func uniform(roundingLow low: Double, high: Double) throws(LawError) -> Law {
    guard low.isFinite else { throw .notFinite("low", low) }
    guard high.isFinite else { throw .notFinite("high", high) }
    guard low < high else { throw .emptyRange(low: low, high: high) }
    let law = Law.uniform(
      half: try roundScale("half", (high - low) / 2), mid: try round("mid", (low + high) / 2),
      low: try round("low", low), high: try round("high", high))
    guard case .uniform(_, _, let l, let h) = law, l < h else { throw .emptyRange(low: low, high: high) }
    return law
  }

  /// Returns the law `truncated_normal`: Normal(mean, std²) cut to [low, high] standard deviations, where alpha =
  /// Φ(low) and beta = Φ(high).
  ///
  /// A draw reaches about 6.3 standard deviations. Cuts outside that range (low > 5 or high < −5) are an error.
  package static func truncatedNormal(
    roundingMean mean: Double, std: Double, low: Double, high: Double, alpha: Double, beta: Double
  ) throws(LawError) -> Law {
    let roundedMean = try round("mean", mean)
    let roundedStd = try roundStd(std)
    let roundedLow = try round("low", low)
    let roundedHigh = try round("high", high)
    guard roundedLow < roundedHigh else { throw .emptyRange(low: low, high: high) }
    guard low <= 5, high >= -5 else { throw .cutsTooFar(low: low, high: high) }
    return .truncatedNormal(
      alpha: alpha, beta: beta, low: roundedLow, high: roundedHigh, mean: roundedMean, std: roundedStd)
  }

  /// Returns the law `expression` of a tree: the law `constant` if the tree is a number, and the law of the draw if the
  /// tree is the draw.
  ///
  /// - Parameter draw: the law of the element's draw; nil if the tree has none.
  package static func expression(_ tree: ExpressionTree, draw: Law?, dtype: DType) throws(LawError) -> Law {
    guard tree.depth <= ExpressionTree.depthLimit, tree.nodeCount <= ExpressionTree.nodeLimit else {
      throw .expressionTooLarge
    }
    let tree = try tree.folded()
    if case .number(let value) = tree { return try .constant(rounding: value, as: dtype) }
    guard tree.hasDraw else { return .expression(draw: nil, tree: tree) }
    guard let draw else { throw .invalidDraw("none") }
    return tree == .draw ? draw : .expression(draw: draw, tree: tree)
  }

  /// Returns the law `eye`: the identity matrix times a value.
  package static func eye(rounding value: Double) throws(LawError) -> Law {
    .eye(value: try round("gain", value))
  }

  /// Returns the law `sparse`: Normal(0, std²) with `zeros` zeros in each column.
  package static func sparse(roundingStd std: Double, zeros: Int) throws(LawError) -> Law {
    .sparse(std: try roundScale("std", std), zeros: zeros)
  }

  /// Rounds a parameter to binary32, and turns −0 into +0.
  private static func round(_ name: String, _ value: Double) throws(LawError) -> Float {
    let rounded = Float(value)
    guard rounded.isFinite else { throw .notFinite(name, value) }
    return rounded == 0 ? 0 : rounded
  }

  /// Rounds a standard deviation, which must not be rounded to 0.
  private static func roundStd(_ value: Double) throws(LawError) -> Float {
    let rounded = try round("std", value)
    guard rounded != 0 || value == 0 else { throw .underflow("std", value) }
    return rounded
  }

  /// Rounds a parameter that must not be negative, and must not be rounded to 0.
  private static func roundScale(_ name: String, _ value: Double) throws(LawError) -> Float {
    let rounded = try round(name, value)
    guard rounded >= 0 else { throw .negative(name, value) }
    guard rounded > 0 || value == 0 else { throw .underflow(name, value) }
    return rounded
  }
}
