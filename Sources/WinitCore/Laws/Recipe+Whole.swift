// Laws whose elements cannot be computed without the whole tensor.

import Foundation

extension Recipe {
  /// Fills a range of indices of a region from the values of the whole region.
  func fillWhole(
    _ region: Region, _ indices: Range<Int>, into buffer: UnsafeMutableRawBufferPointer, _ kernel: SIMDKernel
  ) throws {
    store(try wholeValues(region, kernel), indices, into: buffer)
  }

  /// Stores a range of values.
  func store(_ values: LargeArray<Float>, _ indices: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) {
    let values = values.elements
    for (place, index) in indices.enumerated() { store(values[index], at: place, in: buffer) }
  }

  /// Returns the values of a whole region, in binary32, from the cache or computed.
  func wholeValues(_ region: Region, _ kernel: SIMDKernel) throws -> LargeArray<Float> {
    let key = WholeTensorCache.Key(seed: seed, stream: stream, law: law, region: region)
    return try WholeTensorCache.shared.values(key, count: region.count, memory: wholeBytes(region)) {
      try makeWhole(region, kernel)
    }
  }

  /// Computes the values of a whole region, in binary32.
  func makeWhole(_ region: Region, _ kernel: SIMDKernel) throws -> LargeArray<Float> {
    guard region.count > 0 else { return try LargeArray(count: 0) }
    let dims = region.dims
    let progress = PartialFill(byteCount: region.count * dtype.byteCount)
    switch law {
    case .orthogonal(let gain, _) where dims.count == 1: return try unitVector(region, gain, kernel, progress)
    case .orthogonal(let gain, let rows): return try orthogonal(region, rows, gain, kernel, progress)
    case .deltaOrthogonal(let gain, let layout):
      let spatial = layout == .keras ? 0..<dims.count - 2 : 2..<dims.count
      let middle = spatial.map { (axis: $0, place: (dims[$0] - 1) / 2) }
      let matrix = region.selecting(middle)
      let values = try orthogonal(matrix, matrix.dims[0], gain, kernel, progress)
      // The matrix lies at the same places in the region's own row-major order.
      let places = Region(dims).selecting(middle)
      let all = try LargeArray<Float>(count: region.count)
      for (index, value) in values.elements.enumerated() { all[places.word(of: index)] = value }
      return all
    case .sparse(let std, let zeros): return try sparse(region, std, zeros, kernel, progress)
    default: return try LargeArray(count: 0)
    }
  }

  /// Fills memory with normal draws of a range of indices of a region.
  private func fillNormal(
    _ region: Region, _ indices: Range<Int>, std: Float = 1, into memory: UnsafeMutableBufferPointer<Float>,
    _ kernel: SIMDKernel
  ) {
    let normal = Recipe(
      unchecked: .normal(mean: 0, std: std), seed: seed, stream: stream, dtype: .float32, shape: shape)
    region.forEachExtent(in: indices) { extent, word, stride in
      let first = extent.lowerBound - indices.lowerBound
      guard stride > 1 else {
        normal.fillDraws(
          word..<word + extent.count,
          into: UnsafeMutableRawBufferPointer(
            UnsafeMutableBufferPointer(rebasing: memory[first..<first + extent.count])), kernel)
        return
      }
      for i in 0..<extent.count {
        normal.fillDraws(
          word + i * stride..<word + i * stride + 1,
          into: UnsafeMutableRawBufferPointer(
            UnsafeMutableBufferPointer(rebasing: memory[first + i..<first + i + 1])), .scalar)
      }
    }
  }

  /// Returns an orthogonal matrix from the draws of a region.
  private func orthogonal(
    _ region: Region, _ rows: Int, _ gain: Double, _ kernel: SIMDKernel, _ progress: PartialFill
  ) throws -> LargeArray<Float> {
    try OrthogonalMatrix.elements(
      rows: rows, columns: region.count / rows, gain: gain, kernel: kernel,
      threads: ProcessInfo.processInfo.activeProcessorCount, progress: progress
    ) { range, row in
      withLawArithmetic { fillNormal(region, range, into: row, kernel) }
    }
  }

  /// Returns normal draws of a whole region.
  private func normalDraws(
    _ region: Region, std: Float = 1, _ kernel: SIMDKernel, _ progress: PartialFill
  ) throws -> LargeArray<Float> {
    let draws = try LargeArray<Float>(count: region.count)
    for start in stride(from: 0, to: region.count, by: chunkSize) {
      try progress.check()
      let indices = start..<min(start + chunkSize, region.count)
      fillNormal(region, indices, std: std, into: .init(rebasing: draws.elements[indices]), kernel)
      progress.report(0.5 * Double(indices.upperBound) / Double(region.count))
    }
    return draws
  }

  /// Returns a vector of length `gain` in a random direction.
  private func unitVector(
    _ region: Region, _ gain: Double, _ kernel: SIMDKernel, _ progress: PartialFill
  ) throws -> LargeArray<Float> {
    let vector = try normalDraws(region, kernel, progress)
    var sums = NormSums()
    for draw in vector.elements { sums.add(Double(draw)) }
    let norm = sums.norm
    for index in 0..<region.count { vector[index] = Float(gain * (Double(vector[index]) / norm)) }
    return vector
  }

  /// Returns the elements of the law `sparse`: in each column, the `zeros` elements with the smallest keys are 0. The
  /// key of the element with word i is the word with index i + 2⁶³. Of elements with equal keys, the upper element
  /// comes first.
  private func sparse(
    _ region: Region, _ std: Float, _ zeros: Int, _ kernel: SIMDKernel, _ progress: PartialFill
  ) throws -> LargeArray<Float> {
    let (rows, columns) = (region.dims[0], region.dims[1])
    let values = try normalDraws(region, std: std, kernel, progress)
    guard zeros > 0 else { return values }
    let words = WordStream(seed: seed, stream: stream)
    for column in 0..<columns {
      try progress.check()
      progress.report(0.5 + 0.5 * Double(column) / Double(columns))
      let keys = (0..<rows).map { row in
        let index = region.first + row * region.strides[0] + column * region.strides[1]
        let word = words.block((UInt64(index) >> 2) + (1 << 61))[index & 3]
        return UInt64(word) << 32 | UInt64(row)
      }
      for key in keys.sorted().prefix(zeros) { values[Int(key & 0xFFFF_FFFF) * columns + column] = 0 }
    }
    return values
  }
}
