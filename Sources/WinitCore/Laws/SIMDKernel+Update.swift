// The inner loop of matrix products in binary64.

import CWinitKernels

extension SIMDKernel {
  /// The number of columns that `update` computes at once.
  package static let panelWidth = 16

  /// Updates rows of 16 numbers: C[i] ±= Σₖ a(i, k) × B[k], in ascending order of k, one product and one sum at a time,
  /// each rounded to binary64. winit_kernels.h describes the parameters of `winit_update`. All kernels give the same
  /// bits.
  package func update(
    _ c: UnsafeMutablePointer<Double>, _ cRow: Int, _ a: UnsafePointer<Double>, _ aRow: Int, _ aK: Int,
    _ b: UnsafePointer<Double>, _ bRow: Int, _ rows: Int, _ count: Int, subtract: Bool
  ) {
    if let number {
      winit_update(number, c, cRow, a, aRow, aK, b, bRow, rows, count, subtract ? 1 : 0)
      return
    }
    for i in 0..<rows {
      for k in 0..<count {
        let factor = a[i * aRow + k * aK]
        for j in 0..<Self.panelWidth {
          let product = factor * b[k * bRow + j]
          c[i * cRow + j] = subtract ? c[i * cRow + j] - product : c[i * cRow + j] + product
        }
      }
    }
  }
}
