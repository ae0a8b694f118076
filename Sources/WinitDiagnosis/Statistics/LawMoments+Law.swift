// The moments of each law.

package import WinitCore

extension LawMoments {
  /// Returns the moments of the elements of a tensor; nil for laws that promise none: literals, expressions, norms, and
  /// parts with one of these.
  package init?(_ law: Law, shape: Shape) {
    guard shape.elementCount > 0 else { return nil }
    switch law {
    case .constant(let value): self.init(constant: value)
    case .uniform(let half, let mid, _, _):
      let variance = Double(half) * Double(half) / 3
      self.init(mean: Double(mid), variance: variance, fourth: 1.8 * variance * variance)
    case .normal(let mean, let std):
      let variance = Double(std) * Double(std)
      self.init(mean: Double(mean), variance: variance, fourth: 3 * variance * variance)
    case .truncatedNormal(_, _, let low, let high, let mean, let std):
      self.init(truncatedAt: Double(low), Double(high), mean: Double(mean), std: Double(std))
    case .eye(let value):
      self.init(share: LawMoments.diagonal(shape), of: LawMoments(constant: Double(value)))
    case .dirac(let groups, let layout):
      guard let share = LawMoments.diracShare(shape, groups: groups, layout) else { return nil }
      self.init(share: share, of: LawMoments(constant: 1))
    case .orthogonal(let gain, let rows):
      guard rows > 0 else { return nil }
      self.init(orthogonal: gain, side: max(rows, shape.elementCount / rows))
    case .deltaOrthogonal(let gain, let layout):
      guard shape.rank >= 2 else { return nil }
      let dims = layout == .torch ? shape.dims.prefix(2) : shape.dims.suffix(2)
      let size = dims.reduce(1, *)
      let drawn = LawMoments(orthogonal: gain, side: dims.max() ?? 1)
      self.init(share: Double(size) / Double(shape.elementCount), of: drawn)
    case .sparse(let std, let zeros):
      guard let rows = shape.dims.first, rows > 0 else { return nil }
      let variance = Double(std) * Double(std)
      self.init(
        share: 1 - Double(zeros) / Double(rows),
        of: LawMoments(mean: 0, variance: variance, fourth: 3 * variance * variance))
    case .batched(let law, let axes):
      guard let matrix = try? Shape(shape.dims.indices.filter { !axes.contains($0) }.map { shape.dims[$0] }) else {
        return nil
      }
      self.init(law, shape: matrix)
    case .parts(let parts):
      guard let shares = LawPart.shares(of: parts, in: shape) else { return nil }
      var groups: [(weight: Double, moments: LawMoments)] = []
      for (part, share) in zip(parts, shares) where share > 0 {
        let box = shape.dims.indices.map { $0 < part.box.count ? part.box[$0].count : shape.dims[$0] }
        guard let box = try? Shape(box), let moments = LawMoments(part.law, shape: box) else { return nil }
        groups.append((share, moments))
      }
      self.init(mixing: groups)
    case .expression, .normOf, .literal: return nil
    }
  }

  /// The moments of elements of which a fixed share has a distribution, and the others are 0.
  private init(share: Double, of moments: LawMoments) {
    self.init(mixing: [(share, moments), (1 - share, LawMoments(constant: 0))])
  }

  /// The moments of an element of a uniformly distributed orthogonal matrix times a gain: E x² = g²/m and
  /// E x⁴ = 3g⁴/(m(m + 2)), where m is the larger side, because a row or a column is a uniform unit vector of m numbers.
  private init(orthogonal gain: Double, side: Int) {
    let m = Double(side)
    let variance = gain * gain / m
    self.init(mean: 0, variance: variance, fourth: 3 * variance * variance * m / (m + 2))
  }

  private static func diagonal(_ shape: Shape) -> Double {
    Double(shape.dims.min() ?? 1) / Double(shape.elementCount)
  }

  private static func diracShare(_ shape: Shape, groups: Int, _ layout: Layout) -> Double? {
    guard shape.rank >= 2, groups > 0 else { return nil }
    let (dims, isTorch) = (shape.dims, layout == .torch)
    let outputs = isTorch ? dims[0] : dims[dims.count - 1]
    let inputs = isTorch ? dims[1] : dims[dims.count - 2]
    return Double(min(outputs / groups, inputs) * groups) / Double(shape.elementCount)
  }
}

extension LawPart {
  /// The maximum number of cells in which boxes are compared.
  private static let cellLimit = 1 << 14

  /// Returns the share of the elements that each part gives, where a later part overwrites an earlier one; nil if the
  /// boxes are too many to compare.
  static func shares(of parts: [LawPart], in shape: Shape) -> [Double]? {
    // The borders of the boxes cut each axis into ranges in which every part is whole or absent.
    var cuts: [[Int]] = []
    var cells = 1
    for (axis, length) in shape.dims.enumerated() {
      var borders: Set<Int> = [0, length]
      for part in parts where axis < part.box.count {
        borders.insert(part.box[axis].lowerBound)
        borders.insert(part.box[axis].upperBound)
      }
      cuts.append(borders.filter { (0...length).contains($0) }.sorted())
      let (product, overflow) = cells.multipliedReportingOverflow(by: cuts[axis].count - 1)
      guard !overflow, product > 0, product <= cellLimit / max(1, parts.count) else { return nil }
      cells = product
    }
    var shares = [Double](repeating: 0, count: parts.count)
    for cell in 0..<cells {
      var (rest, start, size) = (cell, [Int](repeating: 0, count: shape.rank), 1.0)
      for axis in shape.dims.indices.reversed() {
        let index = rest % (cuts[axis].count - 1)
        rest /= cuts[axis].count - 1
        start[axis] = cuts[axis][index]
        size *= Double(cuts[axis][index + 1] - cuts[axis][index])
      }
      let owner = parts.lastIndex { part in zip(part.box, start).allSatisfy { $0.contains($1) } }
      if let owner { shares[owner] += size / Double(shape.elementCount) }
    }
    return shares
  }
}
