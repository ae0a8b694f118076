// The laws in which an element's place decides: boxes with laws of their own, and identities.

extension Recipe {
  /// Fills each part's share of a range, later parts over earlier ones.
  func fillParts(
    _ parts: [LawPart], _ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer,
    _ kernel: SIMDKernel
  ) {
    for part in parts {
      let filler = Recipe(filling: part, of: self)
      Box(leading: part.box, of: shape).forEachExtent(in: elements) { run, indexInBox in
        let start = (run.lowerBound - elements.lowerBound) * dtype.byteCount
        let memory = UnsafeMutableRawBufferPointer(
          rebasing: buffer[start..<start + run.count * dtype.byteCount])
        let range = part.stream == nil ? run : indexInBox..<indexInBox + run.count
        filler.fill(range, into: memory, kernel: kernel)
      }
    }
  }

  /// The recipe of a part's elements.
  private init(filling part: LawPart, of whole: Recipe) {
    self.init(
      unchecked: part.law, seed: whole.seed, stream: part.stream ?? whole.stream, dtype: whole.dtype,
      shape: whole.shape)
  }

  /// Zeros, and the few elements that are not.
  func fillOnes(_ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) {
    fillConstant(0, count: elements.count, into: buffer)
    func put(_ value: Float, at index: Int) {
      guard elements.contains(index) else { return }
      let start = (index - elements.lowerBound) * dtype.byteCount
      fillConstant(
        Double(value), count: 1,
        into: UnsafeMutableRawBufferPointer(rebasing: buffer[start..<start + dtype.byteCount]))
    }
    let dims = shape.dims
    switch law {
    case .eye(let value):
      // Row r has its one at r × (columns + 1).
      let first = elements.lowerBound / (dims[1] + 1)
      for row in first..<max(first, min(dims[0], dims[1])) {
        let index = row * (dims[1] + 1)
        guard index < elements.upperBound else { break }
        put(value, at: index)
      }
    case .dirac(let groups):
      let field = dims[2...].reduce(1, *)
      var (centre, stride) = (0, field)
      for size in dims[2...] {
        stride /= max(size, 1)
        centre += size / 2 * stride
      }
      let outPerGroup = dims[0] / groups
      for group in 0..<groups {
        for d in 0..<min(outPerGroup, dims[1]) {
          put(1, at: ((group * outPerGroup + d) * dims[1] + d) * field + centre)
        }
      }
    default: break
    }
  }
}
