// A block of Householder reflections of the orthogonal law, computed and applied by the C kernels.

import CWinitKernels

/// The 64 reflections H = I − V T Vᵀ that make 64 columns of a matrix triangular (docs/law.md, "Orthogonal").
///
/// The kernel `scalar` computes and applies the block with Swift code, which is the definition. All kernels give the
/// same bits.
struct ReflectionBlock: Sendable {
  /// The number of columns that are reflected together. The law defines this number.
  static let width = 64

  /// The first column of the block, and the first row that the reflections change.
  let first: Int
  /// V, a matrix of (height − first) × 64 in row-major order, unit lower trapezoidal.
  let v: LargeArray<Double>
  /// T, a matrix of 64 × 64 in row-major order, upper triangular.
  let t: [Double]
  /// The signs of the diagonal elements of R, 64 of them.
  let signs: [Double]

  /// The number of rows of V.
  var rows: Int { v.count / Self.width }

  /// Computes the reflections of the columns from `first` on. The matrix keeps its elements.
  ///
  /// - Parameter check: is called before each column, and can end the computation by an error.
  init(columnsFrom first: Int, of matrix: PanelMatrix, kernel: SIMDKernel, check: () throws -> Void) throws {
    let rows = matrix.height - first
    let memory = try LargeArray<Double>(count: rows * Self.width)
    var taus = [Double](repeating: 0, count: Self.width)
    var signs = [Double](repeating: 1, count: Self.width)
    var t = [Double](repeating: 0, count: Self.width * Self.width)
    let columns = 0..<min(Self.width, matrix.width - first)
    let v = memory.start
    if let number = kernel.number {
      winit_reflect_begin(number, matrix.start, matrix.height, first, v)
      for j in columns {
        try check()
        signs[j] = winit_reflect_column(number, v, rows, j, &taus[j])
      }
      winit_reflect_end(number, v, rows, taus, &t)
    } else {
      Self.copy(matrix, first, into: v)
      for j in columns {
        try check()
        (signs[j], taus[j]) = Self.reflect(v, rows, j)
      }
      Self.clearUpperTriangle(v, rows)
      t = Self.triangle(v, rows, taus)
    }
    (self.first, self.v, self.t, self.signs) = (first, memory, t, signs)
  }

  /// Applies the reflections, or their transpose, to a group of panels: W = Vᵀ C, W' = T W (or Tᵀ W), C −= V W'.
  func apply(to matrix: PanelMatrix, group: Int, transposed: Bool, kernel: SIMDKernel) {
    let panel = group * PanelMatrix.groupSize
    guard let number = kernel.number else {
      for panel in panel..<panel + PanelMatrix.groupSize {
        applyScalar(to: matrix, panel: panel, transposed: transposed)
      }
      return
    }
    withUnsafeTemporaryAllocation(of: Double.self, capacity: Int(WINIT_ORTHOGONAL_SCRATCH)) { scratch in
      _ = winit_orthogonal_apply(
        number, matrix.start, matrix.height, first, v.start, t, transposed ? 1 : 0, panel, PanelMatrix.groupSize,
        scratch.baseAddress)
    }
  }
}
