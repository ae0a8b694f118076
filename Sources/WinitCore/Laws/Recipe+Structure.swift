// Laws in which the position of an element decides: parts, batches and identities.

extension Recipe {
  /// Fills a range of elements part by part. A later part overwrites an earlier part.
  func fillParts(
    _ parts: [LawPart], _ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer, _ kernel: SIMDKernel,
    _ literal: (_ part: Int, _ indices: Range<Int>, _ memory: UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    for (number, part) in parts.enumerated() {
      guard part.bounds(in: shape).overlaps(elements) else { continue }
      let box = Box(leading: part.box, of: shape)
      let filler = Recipe(
        unchecked: part.law, seed: seed, stream: part.stream ?? stream, dtype: dtype, shape: shape)
      let boxDims = box.ranges.map(\.count)
      try box.forEachExtent(in: elements) { extent, indexInBox in
        let start = (extent.lowerBound - elements.lowerBound) * dtype.byteCount
        let memory = UnsafeMutableRawBufferPointer(
          rebasing: buffer[start..<start + extent.count * dtype.byteCount])
        let indices = indexInBox..<indexInBox + extent.count
        let words = part.stream == nil ? extent : indices
        switch part.law {
        case .literal: try literal(number, indices, memory)
        case .expression(let draw, let tree):
          filler.fillExpression(tree, draw, words: words, index: indexInBox, boxDims, into: memory, kernel)
        case .eye, .dirac, .orthogonal, .deltaOrthogonal, .sparse, .batched:
          try filler.fillStructure(Region(box, hasOwnWords: part.stream != nil), indices, into: memory, kernel)
        default: try filler.fill(words, into: memory, kernel: kernel)
        }
      }
    }
  }

  /// Fills a range of indices of a region with a matrix, a kernel, or a batch of them.
  func fillStructure(
    _ region: Region, _ indices: Range<Int>, into buffer: UnsafeMutableRawBufferPointer, _ kernel: SIMDKernel
  ) throws {
    switch law {
    case .batched(let law, let axes): try fillBatch(law, axes, region, indices, into: buffer, kernel)
    case .eye, .dirac: fillIdentity(region.dims, indices, into: buffer)
    default: try fillWhole(region, indices, into: buffer, kernel)
    }
  }

  /// Fills a range of indices of a region, in which each index on some axes has a matrix or a kernel of its own.
  private func fillBatch(
    _ law: Law, _ axes: [Int], _ region: Region, _ indices: Range<Int>, into buffer: UnsafeMutableRawBufferPointer,
    _ kernel: SIMDKernel
  ) throws {
    let filler = Recipe(unchecked: law, seed: seed, stream: stream, dtype: dtype, shape: shape)
    let dims = region.dims
    guard !law.needsWhole || axes == Array(axes.indices) else {
      return store(try mixedValues(axes, filler, region, kernel), indices, into: buffer)
    }
    // The elements between two steps on a batch axis are neighbors in the region and in the matrix.
    let length = dims[((axes.last ?? -1) + 1)...].reduce(1, *)
    var members: [Int: (region: Region, values: LargeArray<Float>?)] = [:]
    var start = indices.lowerBound
    while start < indices.upperBound {
      let end = min(indices.upperBound, (start / length + 1) * length)
      var (rest, batch, index) = (start, 0, 0)
      var (batchScale, indexScale) = (1, 1)
      for axis in dims.indices.reversed() {
        let place = rest % dims[axis]
        rest /= dims[axis]
        if axes.contains(axis) {
          batch += place * batchScale
          batchScale *= dims[axis]
        } else {
          index += place * indexScale
          indexScale *= dims[axis]
        }
      }
      let member = try members[batch] ?? filler.member(region, axes, batch, kernel)
      members[batch] = member
      let offset = (start - indices.lowerBound) * dtype.byteCount
      let memory = UnsafeMutableRawBufferPointer(
        rebasing: buffer[offset..<offset + (end - start) * dtype.byteCount])
      let range = index..<index + end - start
      if let values = member.values {
        filler.store(values, range, into: memory)
      } else {
        filler.fillIdentity(member.region.dims, range, into: memory)
      }
      start = end
    }
  }

  /// Returns the values of a batch whose axes are not the first axes. Every chunk then holds elements of many matrices,
  /// so the batch is kept whole.
  private func mixedValues(
    _ axes: [Int], _ filler: Recipe, _ region: Region, _ kernel: SIMDKernel
  ) throws -> LargeArray<Float> {
    let key = WholeTensorCache.Key(seed: seed, stream: stream, law: law, region: region)
    return try WholeTensorCache.shared.values(key, count: region.count, memory: wholeBytes(region)) {
      let all = try LargeArray<Float>(count: region.count)
      for batch in 0..<axes.reduce(1, { $0 * region.dims[$1] }) {
        let coordinates = Recipe.coordinates(of: batch, axes, region)
        let places = Region(region.dims).selecting(coordinates)
        let values = try filler.makeWhole(region.selecting(coordinates), kernel)
        for (index, value) in values.elements.enumerated() { all[places.word(of: index)] = value }
      }
      return all
    }
  }

  /// Returns the coordinates of one matrix of a batch.
  private static func coordinates(of batch: Int, _ axes: [Int], _ region: Region) -> [(axis: Int, place: Int)] {
    var rest = batch
    var coordinates: [(axis: Int, place: Int)] = []
    for axis in axes.reversed() {
      coordinates.append((axis, rest % region.dims[axis]))
      rest /= region.dims[axis]
    }
    return coordinates
  }

  /// Returns the region of one matrix of a batch, and its values if they can only be computed whole.
  private func member(
    _ region: Region, _ axes: [Int], _ batch: Int, _ kernel: SIMDKernel
  ) throws -> (region: Region, values: LargeArray<Float>?) {
    let member = region.selecting(Recipe.coordinates(of: batch, axes, region))
    return (member, law.needsWhole ? try wholeValues(member, kernel) : nil)
  }

  /// Fills a range of elements of the laws `eye` and `dirac`: zeros, then the elements that are not zero.
  private func fillIdentity(_ dims: [Int], _ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) {
    fillConstant(0, count: elements.count, into: buffer)
    func put(_ value: Float, at index: Int) {
      guard elements.contains(index) else { return }
      store(value, at: index - elements.lowerBound, in: buffer)
    }
    switch law {
    case .eye(let value):
      // The diagonal element of row r has the index r × (columns + 1).
      let first = elements.lowerBound / (dims[1] + 1)
      for row in first..<max(first, min(dims[0], dims[1])) {
        let index = row * (dims[1] + 1)
        guard index < elements.upperBound else { break }
        put(value, at: index)
      }
    case .dirac(let groups, .torch):
      let field = dims[2...].reduce(1, *)
      let outputSize = dims[1] * field
      guard outputSize > 0 else { return }
      let perGroup = dims[0] / groups
      let outputs = elements.lowerBound / outputSize..<(elements.upperBound + outputSize - 1) / outputSize
      for output in outputs where output % perGroup < dims[1] {
        put(1, at: (output * dims[1] + output % perGroup) * field + center(of: dims[2...]))
      }
    case .dirac(let groups, .keras):
      let (inputs, outputs) = (dims[dims.count - 2], dims[dims.count - 1])
      let first = center(of: dims.dropLast(2)) * inputs * outputs
      let perGroup = outputs / groups
      for input in 0..<min(inputs, perGroup) {
        for group in 0..<groups { put(1, at: first + input * outputs + group * perGroup + input) }
      }
    default: break
    }
  }

  /// The row-major index of the middle of spatial axes: ⌊size ÷ 2⌋ on each.
  private func center(of dims: ArraySlice<Int>) -> Int { dims.reduce(0) { $0 * $1 + $1 / 2 } }
}

extension LawPart {
  /// The range from the first element of the box to the last. A tensor may have thousands of boxes, each of which is
  /// looked at for each chunk, so nothing is allocated here.
  fileprivate func bounds(in shape: Shape) -> Range<Int> {
    var (first, last) = (0, 0)
    for axis in shape.dims.indices {
      let range = axis < box.count ? box[axis] : 0..<shape.dims[axis]
      if range.isEmpty { return 0..<0 }
      first = first * shape.dims[axis] + range.lowerBound
      last = last * shape.dims[axis] + range.upperBound - 1
    }
    return first..<last + 1
  }
}
