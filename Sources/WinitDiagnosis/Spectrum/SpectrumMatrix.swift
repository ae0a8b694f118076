// The elements of a weight as matrices [outputs, inputs × receptive field], whose singular values are asked for.

package import WinitCore
package import WinitInitializers

/// The matrices of a weight in memory: one for each index of its batch.
///
/// The chunks of the tensor are stored in any order, by any number of threads. Elements of dtypes below binary64 take
/// four bytes each, which holds all of them exactly.
// Sendable: each element is written by the one thread that stores its chunk, before the spectrum is computed.
package final class SpectrumMatrix: @unchecked Sendable {
  let axes: WeightAxes
  private let decoder: ElementDecoder
  private let count: Int
  /// The elements: batch, then rows, then columns. One of both is nil.
  private let singles: LargeArray<Float>?
  private let doubles: LargeArray<Double>?
  /// Whether rows are outputs. The transpose has the same singular values, so that most layouts need no permutation.
  private let rowsAreOutputs: Bool
  /// Whether the elements in memory have the order of the tensor.
  private let isInOrder: Bool

  /// The number of rows and columns of a matrix.
  let rows: Int
  let columns: Int

  /// Returns nil for a tensor that is not a matrix with at least two rows and two columns: a vector, and a tensor whose
  /// axes have no roles. Also for integers, complex numbers, and numbers of 6 bits, which lie in two chunks.
  ///
  /// - Throws: `InsufficientMemory` if the system refuses the memory.
  package init?(shape: Shape, dtype: DType, fanSource: FanSource) throws {
    let decoder = ElementDecoder(dtype)
    guard decoder.isFloating, dtype.bitCount != 6, let axes = WeightAxes(shape, fanSource), axes.inputs > 0 else {
      return nil
    }
    let (outputs, size) = (axes.outputs / axes.batch, axes.outputSize)
    guard outputs > 1, size > 1 else { return nil }
    (self.axes, self.decoder, count) = (axes, decoder, shape.elementCount)
    // In order: batch first, then outputs, then all others; or the others before the outputs.
    let roles = axes.axes.map(\.role).drop { $0 == .batch }
    let isOutputFirst = roles.first == .output && !roles.dropFirst().contains { $0 == .output || $0 == .batch }
    let isOutputLast = roles.last == .output && !roles.dropLast().contains { $0 == .output || $0 == .batch }
    isInOrder = isOutputFirst || isOutputLast
    rowsAreOutputs = isOutputFirst || !isOutputLast
    (rows, columns) = rowsAreOutputs ? (outputs, size) : (size, outputs)
    singles = dtype == .float64 ? nil : try LargeArray(count: count)
    doubles = dtype == .float64 ? try LargeArray(count: count) : nil
  }

  /// The memory that the elements of a tensor take, in bytes.
  package static func byteCount(_ shape: Shape, _ dtype: DType) -> Int {
    shape.elementCount * (dtype == .float64 ? 8 : 4)
  }

  /// Stores the elements of a chunk.
  ///
  /// - Parameter bytes: the canonical bytes of the chunk.
  package func store(_ bytes: UnsafeRawBufferPointer, chunk: Chunk) {
    precondition(bytes.count == chunk.byteCount, "the bytes must be those of the chunk")
    let elements = chunk.elements(decoder.dtype)
    let end = min(elements.upperBound, count)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 1024) { buffer in
      guard let block = buffer.baseAddress else { return }
      for start in stride(from: elements.lowerBound, to: end, by: 1024) {
        let size = min(1024, end - start)
        let bit = (start - elements.lowerBound) * decoder.dtype.bitCount
        decoder.read(bytes, firstBit: bit, count: size, into: block)
        for i in 0..<size {
          let place = isInOrder ? start + i : place(of: start + i)
          if let doubles { doubles[place] = block[i] } else { singles?[place] = Float(block[i]) }
        }
      }
    }
  }

  /// Returns the place in memory of an element of the tensor. Rows are outputs, and the batch comes first.
  private func place(of element: Int) -> Int {
    var rest = element
    var (matrix, row, column) = (0, 0, 0)
    var (matrices, rows) = (1, 1)
    for axis in axes.axes.reversed() {
      let coordinate = rest % axis.length
      rest /= axis.length
      switch axis.role {
      case .batch:
        matrix += coordinate * matrices
        matrices *= axis.length
      case .output:
        row += coordinate * rows
        rows *= axis.length
      case .input, .field: column += coordinate * axis.outputPlace
      }
    }
    return (matrix * rows + row) * columns + column
  }

  /// Returns the row of a matrix of the batch, widened to binary64.
  func read(row: Int, of matrix: Int, into values: UnsafeMutablePointer<Double>) {
    let start = (matrix * rows + row) * columns
    if let doubles {
      for i in 0..<columns { values[i] = doubles.elements[start + i] }
    } else if let singles {
      for i in 0..<columns { values[i] = Double(singles.elements[start + i]) }
    }
  }

  /// An element of a matrix of the batch.
  subscript(row: Int, column: Int, of matrix: Int) -> Double {
    let place = (matrix * rows + row) * columns + column
    return if let doubles { doubles.elements[place] } else { singles.map { Double($0.elements[place]) } ?? 0 }
  }

  /// The largest magnitude of an element; nil if an element is not finite.
  var largestMagnitude: Double? {
    var largest = 0.0
    func look(_ value: Double) {
      largest = value.isNaN || largest.isNaN ? .nan : max(largest, abs(value))
    }
    if let doubles { for value in doubles.elements { look(value) } }
    if let singles { for value in singles.elements { look(Double(value)) } }
    return largest.isFinite ? largest : nil
  }
}
