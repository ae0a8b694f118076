// Laws whose elements cannot be computed without the whole tensor.

import Foundation

extension Recipe {
  /// Fills a range of indices of a region from the values of the whole region.
  func fillWhole(
    _ region: Region, _ indices: Range<Int>, into buffer: UnsafeMutableRawBufferPointer, _ kernel: SIMDKernel
  ) {
    store(wholeValues(region, kernel), indices, into: buffer)
  }

  /// Stores a range of values.
  func store(_ values: [Float], _ indices: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) {
    for (place, index) in indices.enumerated() { store(values[index], at: place, in: buffer) }
  }

  /// Returns the values of a whole region, in binary32, from the cache or computed.
  func wholeValues(_ region: Region, _ kernel: SIMDKernel) -> [Float] {
    let key = WholeTensorCache.Key(seed: seed, stream: stream, law: law, region: region)
    return WholeTensorCache.shared.values(key, count: region.count) { makeWhole(region, kernel) }
  }

  /// Computes the values of a whole region, in binary32.
  func makeWhole(_ region: Region, _ kernel: SIMDKernel) -> [Float] {
    guard region.count > 0 else { return [] }
    let dims = region.dims
    switch law {
    case .orthogonal(let gain, _) where dims.count == 1: return unitVector(region, gain, kernel)
    case .orthogonal(let gain, let rows): return orthogonal(region, rows, gain, kernel)
    case .deltaOrthogonal(let gain, let layout):
      let spatial = layout == .keras ? 0..<dims.count - 2 : 2..<dims.count
      let middle = spatial.map { (axis: $0, place: (dims[$0] - 1) / 2) }
      let matrix = region.selecting(middle)
      let values = orthogonal(matrix, matrix.dims[0], gain, kernel)
      // The matrix lies at the same places in the region's own row-major order.
      let places = Region(dims).selecting(middle)
      var all = [Float](repeating: 0, count: region.count)
      for (index, value) in values.enumerated() { all[places.word(of: index)] = value }
      return all
    case .sparse(let std, let zeros): return sparse(region, std, zeros, kernel)
    default: return []
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
  private func orthogonal(_ region: Region, _ rows: Int, _ gain: Double, _ kernel: SIMDKernel) -> [Float] {
    OrthogonalMatrix.elements(
      rows: rows, columns: region.count / rows, gain: gain, kernel: kernel,
      threads: ProcessInfo.processInfo.activeProcessorCount
    ) { range, row in
      withLawArithmetic { fillNormal(region, range, into: row, kernel) }
    }
  }

  /// Returns a vector of length `gain` in a random direction.
  private func unitVector(_ region: Region, _ gain: Double, _ kernel: SIMDKernel) -> [Float] {
    let draws = [Float](unsafeUninitializedCapacity: region.count) { buffer, count in
      fillNormal(region, 0..<region.count, into: buffer, kernel)
      count = region.count
    }
    var sums = NormSums()
    for draw in draws { sums.add(Double(draw)) }
    let norm = sums.norm
    return draws.map { Float(gain * (Double($0) / norm)) }
  }

  /// Returns the elements of the law `sparse`: in each column, the `zeros` elements with the smallest keys are 0. The
  /// key of the element with word i is the word with index i + 2⁶³. Of elements with equal keys, the upper element
  /// comes first.
  private func sparse(_ region: Region, _ std: Float, _ zeros: Int, _ kernel: SIMDKernel) -> [Float] {
    let (rows, columns) = (region.dims[0], region.dims[1])
    var values = [Float](unsafeUninitializedCapacity: region.count) { buffer, count in
      fillNormal(region, 0..<region.count, std: std, into: buffer, kernel)
      count = region.count
    }
    guard zeros > 0 else { return values }
    let words = WordStream(seed: seed, stream: stream)
    for column in 0..<columns {
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
