// Laws in which the position of an element decides: parts and identities.

extension Recipe {
  /// Fills a range of elements part by part. A later part overwrites an earlier part.
  func fillParts(
    _ parts: [LawPart], _ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer,
    _ kernel: SIMDKernel
  ) {
    for part in parts {
      let filler = Recipe(filling: part, of: self)
      Box(leading: part.box, of: shape).forEachExtent(in: elements) { extent, indexInBox in
        let start = (extent.lowerBound - elements.lowerBound) * dtype.byteCount
        let memory = UnsafeMutableRawBufferPointer(
          rebasing: buffer[start..<start + extent.count * dtype.byteCount])
        let range = part.stream == nil ? extent : indexInBox..<indexInBox + extent.count
        filler.fill(range, into: memory, kernel: kernel)
      }
    }
  }

  /// Creates the recipe of the elements of a part.
  private init(filling part: LawPart, of whole: Recipe) {
    self.init(
      unchecked: part.law, seed: whole.seed, stream: part.stream ?? whole.stream, dtype: whole.dtype,
      shape: whole.shape)
  }

  /// Fills a range of elements of the laws `eye` and `dirac`: zeros, then the elements that are not zero.
  func fillIdentity(_ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) {
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
      // The diagonal element of row r has the index r × (columns + 1).
      let first = elements.lowerBound / (dims[1] + 1)
      for row in first..<max(first, min(dims[0], dims[1])) {
        let index = row * (dims[1] + 1)
        guard index < elements.upperBound else { break }
        put(value, at: index)
      }
    case .dirac(let groups):
      let field = dims[2...].reduce(1, *)
      var (center, stride) = (0, field)
      for size in dims[2...] {
        stride /= max(size, 1)
        center += size / 2 * stride
      }
      let outPerGroup = dims[0] / groups
      for group in 0..<groups {
        for d in 0..<min(outPerGroup, dims[1]) {
          put(1, at: ((group * outPerGroup + d) * dims[1] + d) * field + center)
        }
      }
    default: break
    }
  }
}
