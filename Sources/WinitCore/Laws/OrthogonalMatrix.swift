// The orthogonal law: Q of a Gaussian matrix, by Householder reflections in blocks of 64 columns, in binary64.
// docs/law.md defines every operation. The sums of each element have one order, so the bits do not depend on threads or
// vectors.

import Synchronization

/// A rows × columns matrix with orthonormal columns, or with orthonormal rows if there are fewer rows than columns.
///
/// The distribution is uniform (Haar), because the diagonal of R is made positive (Mezzadri, "How to generate random
/// matrices from the classical compact groups", 2007). `memory` gives the memory that the computation takes.
struct OrthogonalMatrix: Sendable {
  /// The matrix that is factored: the matrix itself if it is tall, and its transpose if it is wide.
  private let matrix: PanelMatrix
  private let isWide: Bool
  private let kernel: SIMDKernel
  private let threads: Int
  private let progress: PartialFill

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
    let work = OrthogonalMatrix(
      matrix: try PanelMatrix(height: max(rows, columns), width: min(rows, columns)), isWide: rows < columns,
      kernel: kernel, threads: threads, progress: progress)
    try work.forEachStrip(rows) { strip in
      for piece in pieces(of: columns) {
        try withUnsafeTemporaryAllocation(of: Float.self, capacity: strip.count * piece.count) { buffer in
          try progress.check()
          for (place, row) in strip.enumerated() {
            let places = place * piece.count..<(place + 1) * piece.count
            draws(row * columns + piece.lowerBound..<row * columns + piece.upperBound, .init(rebasing: buffer[places]))
          }
          work.forEachSegment(strip, piece) { segment in
            let first = (segment.row - strip.lowerBound) * piece.count + segment.column - piece.lowerBound
            let step = work.isWide ? piece.count : 1
            for i in 0..<segment.count { segment.elements[i] = Double(buffer[first + i * step]) }
          }
        }
      }
    }
    let signs = try work.orthogonalize()
    let result = try LargeArray<Float>(count: rows * columns)
    nonisolated(unsafe) let output = result.elements
    try work.forEachStrip(rows) { strip in
      work.forEachSegment(strip, 0..<columns) { segment in
        let first = segment.row * columns + segment.column
        let (step, sign) = work.isWide ? (columns, segment.row) : (1, segment.column)
        for i in 0..<segment.count {
          output[first + i * step] = Float(gain * (signs[sign + i] * segment.elements[i]))
        }
      }
    }
    return result
  }

  /// Cuts the columns into pieces, whose draws need little memory.
  private static func pieces(of columns: Int) -> [Range<Int>] {
    let size = 1 << 16
    return stride(from: 0, to: columns, by: size).map { $0..<min($0 + size, columns) }
  }

  /// Runs a body for each 16 rows of the result, on all threads.
  private func forEachStrip(_ rows: Int, _ body: @Sendable (Range<Int>) throws -> Void) throws {
    let size = PanelMatrix.panelWidth
    try concurrently((rows + size - 1) / size, threads: threads) { strip in
      try progress.check()
      try body(strip * size..<min(strip * size + size, rows))
    }
  }

  /// Elements that are adjacent in the panels, at most 16 of them: of a column of the result if it is wide, and otherwise
  /// of a row.
  private struct Segment {
    let elements: UnsafeMutablePointer<Double>
    let count: Int
    /// The row of the first element in the result.
    let row: Int
    /// The column of the first element in the result.
    let column: Int
  }

  /// Calls a body with the elements of at most 16 rows, and of some columns from a multiple of 16 on, of the result.
  private func forEachSegment(_ strip: Range<Int>, _ columns: Range<Int>, _ body: (Segment) -> Void) {
    let size = PanelMatrix.panelWidth
    if isWide {
      // Each row of the result is a column of the panels, and `strip` is one panel.
      for column in columns {
        let elements = matrix.row(column, ofPanel: strip.lowerBound / size)
        body(Segment(elements: elements, count: strip.count, row: strip.lowerBound, column: column))
      }
      return
    }
    for row in strip {
      for column in stride(from: columns.lowerBound, to: columns.upperBound, by: size) {
        let elements = matrix.row(row, ofPanel: column / size)
        body(Segment(elements: elements, count: min(size, columns.upperBound - column), row: row, column: column))
      }
    }
  }

  /// Replaces the matrix by Q. The memory of the reflections is freed when this returns.
  ///
  /// - Returns: the signs of the diagonal elements of R.
  private func orthogonalize() throws -> [Double] {
    let work = Work(matrix, progress)
    let blocks = try factor(work)
    try multiply(blocks, work)
    return blocks.flatMap(\.signs)
  }

  /// Factors the matrix: computes the reflections of each block of columns and applies them to the columns to the
  /// right.
  ///
  /// The next block is computed as soon as its own columns are ready, while other threads apply the block before it to
  /// the columns further to the right.
  private func factor(_ work: Work) throws -> [ReflectionBlock] {
    var blocks = [try reflect(group: 0, work)]
    for group in 1..<max(1, matrix.groups) {
      let block = blocks[group - 1]
      let next = Mutex<ReflectionBlock?>(nil)
      try concurrently(matrix.groups - group, threads: threads) { task in
        try progress.check()
        block.apply(to: matrix, group: group + task, transposed: true, kernel: kernel)
        work.add(block.rows)
        guard task == 0 else { return }
        let made = try reflect(group: group, work)
        next.withLock { $0 = made }
      }
      if let made = next.withLock({ $0 }) { blocks.append(made) }
    }
    return blocks
  }

  private func reflect(group: Int, _ work: Work) throws -> ReflectionBlock {
    try ReflectionBlock(columnsFrom: group * ReflectionBlock.width, of: matrix, kernel: kernel) {
      try progress.check()
      work.add((matrix.height - group * ReflectionBlock.width) / Work.columnsOfOneApplication)
    }
  }

  /// Computes Q: applies the reflections to the identity matrix, the last block first.
  ///
  /// The columns to the left of a block are skipped: they are still those of the identity, which are zero from the
  /// first row of the block on. Groups are independent of each other; up to four of them share a block while it is in
  /// the cache. Those with the most blocks come first, so that the threads end at about the same time.
  private func multiply(_ blocks: [ReflectionBlock], _ work: Work) throws {
    let size = max(1, min(4, matrix.groups / (4 * threads)))
    try concurrently((matrix.groups + size - 1) / size, threads: threads) { task in
      let end = matrix.groups - task * size
      let groups = max(0, end - size)..<end
      for group in groups { matrix.setIdentity(group: group) }
      for (index, block) in blocks[..<end].enumerated().reversed() {
        for group in max(index, groups.lowerBound)..<end {
          try progress.check()
          block.apply(to: matrix, group: group, transposed: false, kernel: kernel)
          work.add(block.rows)
        }
      }
    }
  }

  /// The work that is done, of which threads report the share. Its unit is one row of the application of a block to a
  /// group.
  private final class Work: Sendable {
    /// The number of columns whose reflection takes about as long as the application of a block to a group.
    static let columnsOfOneApplication = 16

    private let done = Atomic(0)
    private let total: Double
    private let progress: PartialFill

    init(_ matrix: PanelMatrix, _ progress: PartialFill) {
      let width = ReflectionBlock.width
      total = (0..<matrix.groups).reduce(0.0) { sum, group in
        let applications = 2 * (matrix.groups - group) - 1 + width / Self.columnsOfOneApplication
        return sum + Double(matrix.height - group * width) * Double(applications)
      }
      self.progress = progress
    }

    func add(_ rows: Int) {
      progress.report(Double(done.add(rows, ordering: .relaxed).newValue) / total)
    }
  }
}
