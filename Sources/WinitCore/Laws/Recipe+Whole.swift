// Laws whose elements cannot be computed without the whole tensor.

import Foundation

extension Recipe {
  /// Fills a range of elements from the whole tensor.
  func fillWhole(_ elements: Range<Int>, into buffer: UnsafeMutableRawBufferPointer, _ kernel: SIMDKernel) {
    let values = WholeTensorCache.shared.elements(of: self, kernel: kernel)
    let size = dtype.byteCount
    for (place, index) in elements.enumerated() {
      let value = values[index]
      switch dtype {
      case .float64:
        buffer.storeBytes(
          of: Double(value).bitPattern.littleEndian, toByteOffset: size * place, as: UInt64.self)
      case .float16:
        buffer.storeBytes(of: value.float16Bits.littleEndian, toByteOffset: size * place, as: UInt16.self)
      case .bfloat16:
        buffer.storeBytes(of: value.bfloat16Bits.littleEndian, toByteOffset: size * place, as: UInt16.self)
      default:
        buffer.storeBytes(of: value.bitPattern.littleEndian, toByteOffset: size * place, as: UInt32.self)
      }
    }
  }

  /// Computes all elements of the tensor, in binary32.
  func makeWhole(_ kernel: SIMDKernel) -> [Float] {
    let dims = shape.dims
    switch law {
    case .orthogonal(let gain, let rows):
      return rows > 0 ? orthogonal(rows, shape.elementCount / rows, from: 0, gain, kernel) : []
    case .deltaOrthogonal(let gain):
      let (rows, columns) = (dims[dims.count - 2], dims[dims.count - 1])
      let middle = dims.dropLast(2).reduce(0) { $0 * $1 + ($1 - 1) / 2 } * rows * columns
      var values = [Float](repeating: 0, count: shape.elementCount)
      guard !values.isEmpty else { return [] }
      values.replaceSubrange(
        middle..<middle + rows * columns, with: orthogonal(rows, columns, from: middle, gain, kernel))
      return values
    case .sparse(let std, let zeros): return sparse(std, zeros, kernel)
    default: return []
    }
  }

  /// Returns an orthogonal matrix from the draws of the elements from `first` on.
  private func orthogonal(_ rows: Int, _ columns: Int, from first: Int, _ gain: Double, _ kernel: SIMDKernel)
    -> [Float]
  {
    let normal = Recipe(
      unchecked: .normal(mean: 0, std: 1), seed: seed, stream: stream, dtype: .float32, shape: shape)
    return OrthogonalMatrix.elements(
      rows: rows, columns: columns, gain: gain, kernel: kernel,
      threads: ProcessInfo.processInfo.activeProcessorCount
    ) { range, row in
      normal.fill(
        first + range.lowerBound..<first + range.upperBound, into: UnsafeMutableRawBufferPointer(row),
        kernel: kernel)
    }
  }

  /// Returns the elements of the law `sparse`: in each column, the `zeros` elements with the smallest keys are 0. The
  /// key of element i is the word with index i + 2⁶³. Of elements with equal keys, the upper element comes first.
  private func sparse(_ std: Float, _ zeros: Int, _ kernel: SIMDKernel) -> [Float] {
    let (rows, columns) = (shape.dims[0], shape.dims[1])
    let normal = Recipe(
      unchecked: .normal(mean: 0, std: std), seed: seed, stream: stream, dtype: .float32, shape: shape)
    var values = [Float](unsafeUninitializedCapacity: rows * columns) { buffer, count in
      normal.fill(0..<rows * columns, into: UnsafeMutableRawBufferPointer(buffer), kernel: kernel)
      count = rows * columns
    }
    guard zeros > 0 else { return values }
    let words = WordStream(seed: seed, stream: stream)
    for column in 0..<columns {
      let keys = (0..<rows).map { row in
        let index = row * columns + column
        let word = words.block((UInt64(index) >> 2) + (1 << 61))[index & 3]
        return UInt64(word) << 32 | UInt64(row)
      }
      for key in keys.sorted().prefix(zeros) { values[Int(key & 0xFFFF_FFFF) * columns + column] = 0 }
    }
    return values
  }
}
