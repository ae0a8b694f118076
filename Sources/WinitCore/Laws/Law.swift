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
/// | eye | value on the diagonal of a matrix, 0 elsewhere |
/// | dirac | 1 at [g·m + d, d, centre] of each group g, d below min(m, in), 0 elsewhere |
/// | orthogonal | gain × Q of the QR decomposition of a normal matrix, R's diagonal positive |
/// | delta_orthogonal | that at the middle of a kernel [..., in, out], 0 elsewhere |
/// | sparse | normal, but so many of each column's elements 0 |
/// | parts | each element by the last part whose box holds it |
/// | literal | given, and only to be had from where it is kept |
///
/// The first four are elementwise: an element depends on its word alone.
public indirect enum Law: Sendable, Hashable {
  /// Every element is `value`: a binary32 for floating-point tensors, an integer of at most 2⁵³ in size for
  /// integer and boolean ones.
  case constant(value: Double)
  /// Uniform on [low, high].
  case uniform(half: Float, mid: Float, low: Float, high: Float)
  /// Normal.
  case normal(mean: Float, std: Float)
  /// Normal, cut to [low, high], which are in standard deviations; alpha and beta are Φ of the cuts.
  case truncatedNormal(alpha: Double, beta: Double, low: Float, high: Float, mean: Float, std: Float)

  /// The identity matrix times `value`; of a matrix that is not square, its upper left.
  case eye(value: Float)
  /// The identity of a convolution in torch's layout [out, in, …spatial], whose middle is size / 2 on each spatial axis.
  case dirac(groups: Int)
  /// Orthonormal columns, or rows if there are fewer, times a gain. The tensor's elements are read row-major as a matrix of
  /// so many rows. No element can be had without the whole.
  case orthogonal(gain: Double, rows: Int)
  /// An orthogonal [in, out] matrix at (size − 1) / 2 of each spatial axis of keras's layout […spatial, in, out].
  case deltaOrthogonal(gain: Double)
  /// Normal with mean 0, and in each column of a matrix exactly so many zeros.
  case sparse(std: Float, zeros: Int)
  /// Boxes of the tensor with elementwise laws of their own, later ones over earlier ones; the first holds everything.
  case parts([LawPart])
  /// Given bytes.
  case literal

  /// Whether an element follows from its word alone.
  public var isElementwise: Bool {
    switch self {
    case .constant, .uniform, .normal, .truncatedNormal: true
    case .eye, .dirac, .orthogonal, .deltaOrthogonal, .sparse, .parts, .literal: false
    }
  }

  /// Whether an element needs all the others to be made.
  public var needsWhole: Bool {
    switch self {
    case .orthogonal, .deltaOrthogonal, .sparse: true
    default: false
    }
  }

  /// Whether any draw is made.
  public var isRandom: Bool {
    switch self {
    case .uniform, .normal, .truncatedNormal, .orthogonal, .deltaOrthogonal, .sparse: true
    case .constant, .eye, .dirac, .literal: false
    case .parts(let parts): parts.contains { $0.law.isRandom }
    }
  }

  /// Whether its elements follow from the recipe; otherwise they are kept as they were given.
  public var isRegenerable: Bool { self != .literal }

  /// The law's name in records.
  public var name: String {
    switch self {
    case .constant: "constant"
    case .uniform: "uniform"
    case .normal: "normal"
    case .truncatedNormal: "truncated_normal"
    case .eye: "eye"
    case .dirac: "dirac"
    case .orthogonal: "orthogonal"
    case .deltaOrthogonal: "delta_orthogonal"
    case .sparse: "sparse"
    case .parts: "parts"
    case .literal: "literal"
    }
  }

  /// The parameters that are numbers under their names in records, each widened to binary64, which is exact.
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
    case .eye(let value): [("value", Double(value))]
    case .dirac(let groups): [("groups", Double(groups))]
    case .orthogonal(let gain, let rows): [("gain", gain), ("rows", Double(rows))]
    case .deltaOrthogonal(let gain): [("gain", gain)]
    case .sparse(let std, let zeros): [("std", Double(std)), ("zeros", Double(zeros))]
    case .parts, .literal: []
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
    case "eye":
      guard let value = take32("value") else { return nil }
      self = .eye(value: value)
    case "dirac":
      guard let groups = take64("groups").flatMap({ Int(exactly: $0) }) else { return nil }
      self = .dirac(groups: groups)
    case "orthogonal":
      guard let gain = take64("gain"), let rows = take64("rows").flatMap({ Int(exactly: $0) }) else {
        return nil
      }
      self = .orthogonal(gain: gain, rows: rows)
    case "delta_orthogonal":
      guard let gain = take64("gain") else { return nil }
      self = .deltaOrthogonal(gain: gain)
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

/// A box of a tensor with a law of its own.
public struct LawPart: Sendable, Hashable {
  /// Ranges on the leading axes; axes after them are taken whole, and no ranges are the whole tensor.
  public let box: [Range<Int>]
  /// An elementwise law.
  public let law: Law
  /// The stream whose words the part takes by its elements' row-major indices within the box; nil for the tensor's own words,
  /// each element's wherever it lies.
  public let stream: UInt64?

  /// A part. Ranges at the end that take an axis of `shape` whole are left out, so that one box has one form.
  public init(box: [Range<Int>], of shape: Shape, law: Law, stream: UInt64? = nil) {
    var box = box
    while let last = box.last, box.count <= shape.rank, last == 0..<shape.dims[box.count - 1] {
      box.removeLast()
    }
    self.init(box: box, law: law, stream: stream)
  }

  /// A part as it is recorded.
  package init(box: [Range<Int>], law: Law, stream: UInt64?) {
    (self.box, self.law, self.stream) = (box, law, stream)
  }
}
