// truncated-by-dtype: a scale that the dtype cannot hold.

import WinitCore

/// Finds weights that the dtype rounds by more than 1 percent of their standard deviation.
enum TruncatedRule {
  static func drafts(_ context: FindingContext, _ judged: JudgedTensors) -> [Draft] {
    context.tensors.enumerated().compactMap { order, tensor in
      guard tensor.isWeight, tensor.tiedTo == nil, !judged.faulty.contains(tensor.name),
        !judged.declarations.contains(tensor), let error = roundingError(tensor), error > 0.01
      else { return nil }
      let dims = tensor.shape.dims.map(String.init).joined(separator: ", ")
      let name = Remedy.quoted(tensor.name.string)
      let dtype = tensor.dtype
      return Draft(
        .truncatedByDType, context.severity(.warning, for: tensor), tensor, at: order, variant: dtype.rawValue,
        value: error * 100, remedy: .line("tensors: {\(name): {shape: [\(dims)], dtype: float32}}")
      ) {
        "\(dtype) rounds the elements by \($0)% of their standard deviation. Small elements become 0 or a few equal values; keep the weight in float32."
      }
    }
  }

  /// The root mean square of the rounding errors, relative to the standard deviation: the step between numbers over
  /// √12, where the step is that of subnormal numbers or 2⁻ᵐ of the power of two below the number. nil for a dtype of
  /// quantized weights, whose scale is elsewhere.
  private static func roundingError(_ tensor: ObservedTensor) -> Double? {
    let facts = tensor.statistics
    guard facts.std > 0 else { return nil }
    let (fraction, smallest): (Int, Int)
    switch tensor.dtype {
    case .float16: (fraction, smallest) = (10, -24)
    case .bfloat16: (fraction, smallest) = (7, -133)
    case .float32: (fraction, smallest) = (23, -149)
    default: return nil
    }
    let subnormal = Double(sign: .plus, exponent: smallest, significand: 1)
    // The mean of the square of the power of two below x is 0.54 x² for x of any smooth law: ∫ 4^(−u) du over a binade.
    let relative = Double(sign: .plus, exponent: -fraction, significand: 1)
    let normal = relative * relative * 0.54 * facts.meanSquare
    return ((subnormal * subnormal + normal) / 12).squareRoot() / facts.std
  }
}
