// Checks that a law fits a dtype and a shape.

extension Law {
  /// Checks that the law can fill a tensor of a dtype and a shape. The tensor of a norm is checked by `Recipe`.
  ///
  /// - Throws: `LawError` if it cannot.
  package func check(_ dtype: DType, _ shape: Shape) throws(LawError) {
    try check(dtype)
    switch self {
    case .constant, .uniform, .normal, .truncatedNormal: break
    case .literal:
      guard shape.fillsWholeBytes(dtype) else {
        throw .wrongShape("a \(dtype) tensor", shape, needs: "a number of elements that fill whole bytes")
      }
    case .expression(let draw, let tree):
      if let draw {
        guard draw.isElementwise, draw.isRandom else { throw .invalidDraw(draw.name) }
        try draw.check(.float32)
      }
      guard tree.hasDraw == (draw != nil) else { throw .invalidDraw("none") }
      if let axis = tree.largestAxis, axis >= shape.rank { throw .noSuchAxis(axis, shape) }
    case .normOf(_, let axes):
      guard axes.isAscending else {
        throw .wrongAxes("norm_of", axes, shape)
      }
    case .eye, .dirac, .orthogonal, .deltaOrthogonal, .sparse: try checkStructure(shape)
    case .batched(let law, let axes):
      guard law.isStructure else { throw .notBatched(law.name) }
      guard axes.isAscending, axes[0] >= 0,
        axes.last ?? 0 < shape.rank
      else { throw .wrongAxes("the batch", axes, shape) }
      try law.checkStructure(shape.without(axes))
    case .parts(let parts):
      guard !dtype.isLiteralOnly else { throw .needsFloatingPoint(name, dtype) }
      guard parts.first?.box.isEmpty == true else { throw .firstPartNotWhole }
      for (index, part) in parts.enumerated() {
        guard part.law.canBePart else { throw .notInPart(index, law: part.law.name) }
        guard part.box.count <= shape.rank,
          zip(part.box, shape.dims).allSatisfy({ $0.lowerBound >= 0 && $0.upperBound <= $1 })
        else { throw .partOutside(index, shape) }
        try part.law.check(dtype, part.shape(in: shape))
      }
    }
  }

  /// Whether the law is a matrix or a kernel, which a batch can repeat.
  private var isStructure: Bool {
    switch self {
    case .eye, .dirac, .orthogonal, .deltaOrthogonal, .sparse: true
    default: false
    }
  }

  /// Whether a part can have the law.
  var canBePart: Bool {
    switch self {
    case .parts, .normOf: false
    default: true
    }
  }

  /// Checks the dimensions of a matrix or a kernel.
  private func checkStructure(_ shape: Shape) throws(LawError) {
    let dims = shape.dims
    func require(_ condition: Bool, _ needs: @autoclosure () -> String) throws(LawError) {
      guard condition else { throw .wrongShape(name, shape, needs: needs()) }
    }
    switch self {
    case .eye: try require(shape.rank == 2, "rank 2")
    case .dirac(let groups, let layout):
      try require((3...5).contains(shape.rank), "rank 3, 4 or 5")
      let outputs = layout == .torch ? dims[0] : dims[dims.count - 1]
      try require(
        groups > 0 && outputs.isMultiple(of: groups),
        "groups (here \(groups)) that divide its \(layout == .torch ? "first" : "last") dimension")
    case .orthogonal(_, let rows):
      try require(shape.rank >= 1, "rank 1 or more")
      try require(rows == 1 || shape.rank >= 2, "rank 2 or more for \(rows) rows")
      try require(
        rows > 0 && shape.elementCount.isMultiple(of: rows), "a number of elements that \(rows) rows divide")
    case .deltaOrthogonal(_, let layout):
      try require((3...5).contains(shape.rank), "rank 3, 4 or 5, and at most as many inputs as outputs")
      let (inputs, outputs) =
        layout == .torch ? (dims[1], dims[0]) : (dims[dims.count - 2], dims[dims.count - 1])
      try require(inputs <= outputs, "rank 3, 4 or 5, and at most as many inputs as outputs")
    case .sparse(_, let zeros):
      try require(shape.rank == 2, "rank 2")
      try require(
        (0...dims[0]).contains(zeros), "at most as many zeros in a column (here \(zeros)) as it has rows")
    default: break
    }
    if needsWhole {
      try require(shape.elementCount <= 1 << 32, "at most 2³² elements, because they are computed together")
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

  /// An upper bound of the magnitude of every element. A normal draw is below 6.35 in magnitude. The magnitude of an
  /// expression or a norm is not known before it is computed.
  private var largestMagnitude: Double {
    switch self {
    case .constant(let value): abs(value)
    case .eye(let value): abs(Double(value))
    case .dirac: 1
    case .orthogonal(let gain, _), .deltaOrthogonal(let gain, _): abs(gain)
    case .sparse(let std, _): 6.35 * abs(Double(std))
    case .batched(let law, _): law.largestMagnitude
    case .expression, .normOf, .parts, .literal: 0
    case .uniform(_, _, let low, let high): max(abs(Double(low)), abs(Double(high)))
    case .normal(let mean, let std): abs(Double(mean)) + 6.35 * abs(Double(std))
    case .truncatedNormal(_, _, let low, let high, let mean, let std):
      abs(Double(mean)) + max(abs(Double(low)), abs(Double(high))) * abs(Double(std))
    }
  }
}

extension LawPart {
  /// Returns the shape of the tensor that the box holds: for a matrix or a kernel without the leading axes of length 1.
  func shape(in whole: Shape) -> Shape {
    var dims = box.map(\.count) + whole.dims[box.count...]
    switch law {
    case .eye, .dirac, .orthogonal, .deltaOrthogonal, .sparse, .batched: dims.removeFirst(Region.droppedAxes(dims))
    default: break
    }
    // No dimension is above that of the whole tensor, so the box has a shape.
    return (try? Shape(dims)) ?? whole
  }
}

extension Shape {
  /// Returns the shape without some axes.
  func without(_ axes: [Int]) -> Shape {
    // The product of fewer dimensions is not above that of all, so there is a shape.
    (try? Shape(dims.indices.filter { !axes.contains($0) }.map { dims[$0] })) ?? self
  }
}

extension [Int] {
  /// Whether these are one or more different axes in ascending order.
  fileprivate var isAscending: Bool { !isEmpty && zip(self, dropFirst()).allSatisfy { $0 < $1 } }
}
