// The name and the parameters of a law, the form that manifests and registries record.

extension Law {
  /// The name of the law.
  package var name: String {
    switch self {
    case .constant: "constant"
    case .uniform: "uniform"
    case .normal: "normal"
    case .truncatedNormal: "truncated_normal"
    case .expression: "expression"
    case .normOf: "norm_of"
    case .eye: "eye"
    case .dirac: "dirac"
    case .orthogonal: "orthogonal"
    case .deltaOrthogonal: "delta_orthogonal"
    case .sparse: "sparse"
    case .batched(let law, _): law.name
    case .parts: "parts"
    case .literal: "literal"
    }
  }

  /// The names and values of the parameters that are numbers, each widened to binary64, which is exact.
  package var parameters: [(name: String, value: Double)] {
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
    case .eye(let value): [("value", Double(value))]
    case .dirac(let groups, _): [("groups", Double(groups))]
    case .orthogonal(let gain, let rows): [("gain", gain), ("rows", Double(rows))]
    case .deltaOrthogonal(let gain, _): [("gain", gain)]
    case .sparse(let std, let zeros): [("std", Double(std)), ("zeros", Double(zeros))]
    case .batched(let law, _): law.parameters
    case .expression, .normOf, .parts, .literal: []
    }
  }

  /// Creates a law from its name and its parameters, for a law whose parameters are numbers.
  ///
  /// Returns nil if the name is unknown, a parameter is missing, a parameter is not one of the law's, or a value is not
  /// representable as the type of its parameter.
  package init?(name: String, parameters: [String: Double]) {
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
    case "eye":
      guard let value = take32("value") else { return nil }
      self = .eye(value: value)
    case "dirac":
      guard let groups = take64("groups").flatMap({ Int(exactly: $0) }) else { return nil }
      self = .dirac(groups: groups, layout: .torch)
    case "orthogonal":
      guard let gain = take64("gain"), let rows = take64("rows").flatMap({ Int(exactly: $0) }) else {
        return nil
      }
      self = .orthogonal(gain: gain, rows: rows)
    case "delta_orthogonal":
      guard let gain = take64("gain") else { return nil }
      self = .deltaOrthogonal(gain: gain, layout: .keras)
    case "sparse":
      guard let std = take32("std"), let zeros = take64("zeros").flatMap({ Int(exactly: $0) }) else {
        return nil
      }
      self = .sparse(std: std, zeros: zeros)
    case "literal": self = .literal
    default: return nil
    }
    guard rest.isEmpty else { return nil }
  }
}
