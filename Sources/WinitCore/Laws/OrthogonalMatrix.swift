// The orthogonal law: Q of a Gaussian matrix, by Householder reflections in blocks of 64 columns, in binary64.
// docs/law.md defines every operation. The sums of each element have one order, so the bits do not depend on threads or
// vectors.

/// A rows × columns matrix with orthonormal columns, or with orthonormal rows if there are fewer rows than columns.
///
/// The distribution is uniform (Haar), because the diagonal of R is made positive (Mezzadri, "How to generate random
/// matrices from the classical compact groups", 2007). `memory` gives the memory that the computation takes.
struct OrthogonalMatrix: Sendable {
  /// The number of columns that are reflected together. The law defines this number.
  static let block = 64
  /// The number of columns that are adjacent in memory.
  static let panel = SIMDKernel.panelWidth
  /// The number of rows that are processed at once, so that they stay in the cache.
  private static let strip = 256

  private let kernel: SIMDKernel
  private let threads: Int
  private let isCancelled: @Sendable () -> Bool
  /// The progress, which only the calling thread reports.
  private nonisolated(unsafe) let progress: PartialFill
  /// The height of the matrix that is factored: the matrix itself if it is tall, and its transpose if it is wide.
  private let height: Int
  /// The width of the matrix that is factored, which is at most its height.
  private let width: Int
  /// The elements. Panel p holds the columns 16p … 16p + 15, with row k at (p × height + k) × 16. Columns beyond the
  /// width are zero. No two tasks of a parallel loop write the same panels, rows or elements.
  private let matrix: LargeArray<Double>

  /// Returns the elements times a gain, in row-major order and in binary32.
  ///
  /// - Parameters:
  ///   - progress: is told the share of the work that is done.
  ///   - draws: fills the row-major elements of a range with standard normal draws.
  /// - Throws: `InsufficientMemory` if the system refuses the memory, or `CancellationError`.
  static func elements(
    rows: Int, columns: Int, gain: Double, kernel: SIMDKernel, threads: Int, progress: PartialFill,
    draws: @Sendable (Range<Int>, UnsafeMutableBufferPointer<Float>) -> Void
  ) throws -> LargeArray<Float> {
    guard rows > 0, columns > 0 else { return try LargeArray(count: 0) }
    let (height, width) = (max(rows, columns), min(rows, columns))
    let matrix = try LargeArray<Double>(count: paddedPanels(width) * height * panel)
    let work = OrthogonalMatrix(
      kernel: kernel, threads: threads, height: height, width: width, matrix: matrix, progress: progress)
    let isCancelled = progress.cancellationCheck
    let isWide = rows < columns
    nonisolated(unsafe) let target = matrix.elements
    concurrently(rows, threads: threads) { row in
      if isCancelled() { return }
      withUnsafeTemporaryAllocation(of: Float.self, capacity: columns) { buffer in
        draws(row * columns..<(row + 1) * columns, buffer)
        for column in 0..<columns {
          let place = isWide ? work.place(column, row) : work.place(row, column)
          target[place] = Double(buffer[column])
        }
      }
    }
    let signs = try work.orthogonalize()
    let result = try LargeArray<Float>(count: rows * columns)
    nonisolated(unsafe) let output = result.elements
    concurrently(rows, threads: threads) { row in
      for column in 0..<columns {
        let q = isWide ? target[work.place(column, row)] : target[work.place(row, column)]
        let sign = signs[isWide ? row : column]
        output[row * columns + column] = Float(gain * (sign * q))
      }
    }
    return result
  }

  /// Returns the number of panels of a matrix of this width: whole blocks of them.
  static func paddedPanels(_ width: Int) -> Int {
    let panels = (width + panel - 1) / panel
    return (panels + block / panel - 1) / (block / panel) * (block / panel)
  }

  private init(
    kernel: SIMDKernel, threads: Int, height: Int, width: Int, matrix: LargeArray<Double>, progress: PartialFill
  ) {
    (self.kernel, self.threads, self.height, self.width, self.matrix) = (
      kernel, threads, height, width, matrix
    )
    (self.progress, isCancelled) = (progress, progress.cancellationCheck)
  }

  /// Reports that the work of the blocks before `first`, and a share of the work of this block, is done. The work on a
  /// block is in proportion to its rows times its columns to the right; the reflections of its own columns, which use
  /// one thread, take the time of about 256 columns.
  private func report(first: Int, share: Double, isSecondHalf: Bool) {
    func work(from first: Int) -> Double {
      // The integral of (height − x) (width − x + 256) from `first` to the width.
      func integral(_ x: Double) -> Double {
        let (a, b) = (Double(height), Double(width) + 256)
        return a * b * x - (a + b) * x * x / 2 + x * x * x / 3
      }
      return integral(Double(width)) - integral(Double(min(first, width)))
    }
    let all = work(from: 0)
    let rest = work(from: first) - share * (work(from: first) - work(from: first + Self.block))
    progress.report(isSecondHalf ? 1 - 0.4 * (1 - rest / all) : 0.6 * (1 - rest / all))
  }

  /// The index of an element in `matrix`.
  private func place(_ row: Int, _ column: Int) -> Int {
    (column / Self.panel * height + row) * Self.panel + column % Self.panel
  }

  /// A block of 64 reflections, H = I − V T Vᵀ, which make the columns from `first` on triangular.
  private struct Reflections: Sendable {
    let first: Int
    /// V, a matrix of (height − first) × 64 in row-major order, unit lower trapezoidal.
    let v: LargeArray<Double>
    /// T, a matrix of 64 × 64 in row-major order, upper triangular.
    let t: [Double]
    /// The signs of the diagonal elements of R.
    let signs: [Double]
  }

  /// Replaces the matrix by Q. The reflections take much memory, which is free again at the end.
  ///
  /// - Returns: the signs of the diagonal elements of R.
  private func orthogonalize() throws -> [Double] {
    let reflections = try factor()
    try multiply(reflections)
    return reflections.flatMap(\.signs)
  }

  /// Factors the matrix: computes the reflections of each block of columns and applies them to the columns to the
  /// right.
  private func factor() throws -> [Reflections] {
    var blocks: [Reflections] = []
    for first in stride(from: 0, to: width, by: Self.block) {
      let reflections = try reflect(first)
      apply(reflections, toPanelsFrom: first / Self.panel + Self.block / Self.panel, transposed: true)
      try progress.check()
      blocks.append(reflections)
      report(first: first, share: 1, isSecondHalf: false)
    }
    return blocks
  }

  /// Computes Q: applies the reflections to the identity matrix, the last block first.
  ///
  /// The columns to the left of a block are skipped: they are still those of the identity, which are zero from the
  /// first row of the block on.
  private func multiply(_ reflections: [Reflections]) throws {
    matrix.elements.update(repeating: 0)
    for i in 0..<width { matrix[place(i, i)] = 1 }
    for block in reflections.reversed() {
      apply(block, toPanelsFrom: block.first / Self.panel, transposed: false)
      try progress.check()
      report(first: block.first, share: 0, isSecondHalf: true)
    }
  }

  /// Computes the Householder vectors of one block, one column after another.
  private func reflect(_ first: Int) throws -> Reflections {
    let (rows, size) = (height - first, Self.block)
    let columns = min(size, width - first)
    let memory = try LargeArray<Double>(count: rows * size)
    let v = memory.elements
    for column in 0..<columns {
      for row in 0..<rows { v[row * size + column] = matrix[place(first + row, first + column)] }
    }
    var (taus, signs) = ([Double](repeating: 0, count: size), [Double](repeating: 1, count: columns))
    for j in 0..<columns where !isCancelled() {
      report(first: first, share: 0.5 * Double(j) / Double(columns), isSecondHalf: false)
      let alpha = v[j * size + j]
      var squares = 0.0
      for row in j + 1..<max(j + 1, rows) { squares += v[row * size + j] * v[row * size + j] }
      var beta = alpha
      if squares > 0 {
        let norm = (alpha * alpha + squares).squareRoot()
        beta = alpha > 0 ? -norm : norm
        taus[j] = (beta - alpha) / beta
        let divisor = alpha - beta
        for row in j + 1..<rows { v[row * size + j] /= divisor }
      }
      if beta < 0 { signs[j] = -1 }
      v[j * size + j] = 1
      guard taus[j] != 0, j + 1 < columns else { continue }
      reflectRest(v, j, rows, taus[j])
    }
    // The elements above the diagonal are those of R, which is not needed.
    for row in 0..<min(rows, size) {
      for column in row + 1..<max(row + 1, size) { v[row * size + column] = 0 }
    }
    return Reflections(first: first, v: memory, t: triangle(v, rows, taus), signs: signs)
  }

  /// Reflects the columns of the block to the right of column j: w = τ (vᵀ C), C −= v w.
  private func reflectRest(_ v: UnsafeMutableBufferPointer<Double>, _ j: Int, _ rows: Int, _ tau: Double) {
    let size = Self.block
    withUnsafeTemporaryAllocation(of: Double.self, capacity: size) { sums in
      for column in j + 1..<size { sums[column] = 0 }
      for row in j..<rows {
        let factor = v[row * size + j]
        for column in j + 1..<size { sums[column] += factor * v[row * size + column] }
      }
      for column in j + 1..<size { sums[column] *= tau }
      for row in j..<rows {
        let factor = v[row * size + j]
        for column in j + 1..<size { v[row * size + column] -= factor * sums[column] }
      }
    }
  }

  /// Computes T of a block: T[j][j] = τⱼ, and the column above it is −τⱼ T (Vᵀ vⱼ).
  private func triangle(_ v: UnsafeMutableBufferPointer<Double>, _ rows: Int, _ taus: [Double]) -> [Double] {
    let size = Self.block
    var products = [Double](repeating: 0, count: size * size)
    products.withUnsafeMutableBufferPointer { products in
      guard let products = products.baseAddress, let v = v.baseAddress else { return }
      for column in stride(from: 0, to: size, by: Self.panel) {
        kernel.update(
          products + column, size, v, 1, size, v + column, size,
          size, rows,
          subtract: false)
      }
    }
    var t = [Double](repeating: 0, count: size * size)
    for j in 0..<size {
      t[j * size + j] = taus[j]
      for i in 0..<j {
        var sum = 0.0
        for k in i..<j { sum += t[i * size + k] * products[k * size + j] }
        t[i * size + j] = -taus[j] * sum
      }
    }
    return t
  }

  /// Applies a block of reflections, or its transpose, to the panels from `panel` on: W = Vᵀ C, W' = T W (or Tᵀ W),
  /// C −= V W'.
  private func apply(_ reflections: Reflections, toPanelsFrom panel: Int, transposed: Bool) {
    let (size, width, rows) = (Self.block, Self.panel, height - reflections.first)
    let panels = matrix.count / (height * width)
    guard panel < panels else { return }
    // Each task takes four panels, which share a strip of V in the cache.
    let tasks = (panels - panel + 3) / 4
    nonisolated(unsafe) let matrix = matrix.elements
    nonisolated(unsafe) let vectors = reflections.v.elements
    concurrently(tasks, threads: threads) { task in
      if isCancelled() { return }
      let mine = panel + 4 * task..<min(panel + 4 * task + 4, panels)
      withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * 4 * size * width) { scratch in
        scratch.initialize(repeating: 0)
        guard let sums = scratch.baseAddress, let columns = matrix.baseAddress else { return }
        let turned = sums + 4 * size * width
        guard let v = vectors.baseAddress else { return }
        for start in stride(from: 0, to: rows, by: Self.strip) {
          let count = min(Self.strip, rows - start)
          for (slot, p) in mine.enumerated() {
            let c = columns + (p * height + reflections.first + start) * width
            kernel.update(
              sums + slot * size * width, width, v + start * size, 1, size, c, width, size, count,
              subtract: false)
          }
        }
        reflections.t.withUnsafeBufferPointer { t in
          guard let t = t.baseAddress else { return }
          for slot in 0..<mine.count {
            kernel.update(
              turned + slot * size * width, width, t, transposed ? 1 : size,
              transposed ? size : 1,
              sums + slot * size * width, width, size, size, subtract: false)
          }
        }
        for start in stride(from: 0, to: rows, by: Self.strip) {
          let count = min(Self.strip, rows - start)
          for (slot, p) in mine.enumerated() {
            let c = columns + (p * height + reflections.first + start) * width
            kernel.update(
              c, width, v + start * size, size, 1, turned + slot * size * width, width, count, size,
              subtract: true)
          }
        }
      }
    }
  }
}
