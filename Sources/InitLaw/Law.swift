// A law: the numbers a fill executes, with nothing left to resolve.

/// How an element follows from its word, with every parameter resolved to the exact number used.
///
/// | law | value of the element with word w |
/// | --- | --- |
/// | constant | value |
/// | uniform | min(max(U(w) × half + mid, low), high) |
/// | normal | Q(w) × std + mean |
/// | truncated_normal | T(w) × std + mean |
///
/// More kinds will join (parts, literal, same_as; their names in a manifest are reserved), each as a case.
public enum Law: Sendable, Hashable {
  /// Every element is `value`: a binary32 for floating-point tensors, an integer of at most 2⁵³ in size for
  /// integer and boolean ones.
  case constant(value: Double)
  /// Uniform on [low, high].
  case uniform(half: Float, mid: Float, low: Float, high: Float)
  /// Normal.
  case normal(mean: Float, std: Float)
  /// Normal, cut to [low, high], which are in standard deviations; alpha and beta are Φ of the cuts.
  case truncatedNormal(alpha: Double, beta: Double, low: Float, high: Float, mean: Float, std: Float)

  /// The law's name in records: `constant`, `uniform`, `normal` or `truncated_normal`.
  public var name: String {
    switch self {
    case .constant: "constant"
    case .uniform: "uniform"
    case .normal: "normal"
    case .truncatedNormal: "truncated_normal"
    }
  }

  /// The parameters under their names in records, each widened to binary64, which is exact.
  public var parameters: [(name: String, value: Double)] {
    switch self {
    case .constant(let value): [("value", value)]
    case .uniform(let half, let mid, let low, let high):
      [("half", Double(half)), ("mid", Double(mid)), ("low", Double(low)), ("high", Double(high))]
    case .normal(let mean, let std): [("mean", Double(mean)), ("std", Double(std))]
    case .truncatedNormal(let alpha, let beta, let low, let high, let mean, let std):
      [
        ("alpha", alpha), ("beta", beta), ("low", Double(low)), ("high", Double(high)),
        ("mean", Double(mean)), ("std", Double(std)),
      ]
    }
  }

  /// A law from the name and parameters of a record; nil where they are not exactly those of a law, or a
  /// binary32 parameter is not one.
  public init?(name: String, parameters: [String: Double]) {
    var rest = parameters
    func take64(_ key: String) -> Double? {
      rest.removeValue(forKey: key).flatMap { $0.isFinite ? $0 : nil }
    }
    func take32(_ key: String) -> Float? { take64(key).flatMap(Float.init(exactly:)) }
    switch name {
    case "constant":
      guard let value = take64("value") else { return nil }
      self = .constant(value: value)
    case "uniform":
      guard let half = take32("half"), let mid = take32("mid"), let low = take32("low"),
        let high = take32("high")
      else { return nil }
      self = .uniform(half: half, mid: mid, low: low, high: high)
    case "normal":
      guard let mean = take32("mean"), let std = take32("std") else { return nil }
      self = .normal(mean: mean, std: std)
    case "truncated_normal":
      guard let alpha = take64("alpha"), let beta = take64("beta"), let low = take32("low"),
        let high = take32("high"), let mean = take32("mean"), let std = take32("std")
      else { return nil }
      self = .truncatedNormal(alpha: alpha, beta: beta, low: low, high: high, mean: mean, std: std)
    default: return nil
    }
    guard rest.isEmpty else { return nil }
  }
}
