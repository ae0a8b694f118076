// The definition of a block of reflections: steps 1 to 3 of docs/law.md, "Orthogonal", one element at a time.

extension ReflectionBlock {
  /// Copies the columns of a block to V. Columns beyond the width of the matrix are zeros.
  static func copy(_ matrix: PanelMatrix, _ first: Int, into v: UnsafeMutablePointer<Double>) {
    for row in first..<matrix.height {
      for column in 0..<width {
        let (panel, place) = (first + column).quotientAndRemainder(dividingBy: PanelMatrix.panelWidth)
        v[(row - first) * width + column] = matrix.row(row, ofPanel: panel)[place]
      }
    }
  }

  /// Computes column j of V and its τ, and reflects the columns to its right: w = τ (vᵀ C), C −= v w.
  ///
  /// - Returns: the sign of the diagonal element of R, and τ.
  static func reflect(_ v: UnsafeMutablePointer<Double>, _ rows: Int, _ j: Int) -> (sign: Double, tau: Double) {
    let alpha = v[j * width + j]
    var (squares, beta, tau) = (0.0, alpha, 0.0)
    for row in j + 1..<max(j + 1, rows) { squares += v[row * width + j] * v[row * width + j] }
    if squares > 0 {
      let norm = (alpha * alpha + squares).squareRoot()
      beta = alpha > 0 ? -norm : norm
      tau = (beta - alpha) / beta
      let divisor = alpha - beta
      for row in j + 1..<rows { v[row * width + j] /= divisor }
    }
    v[j * width + j] = 1
    for column in j + 1..<max(j + 1, width) where tau != 0 {
      var sum = 0.0
      for row in j..<rows { sum += v[row * width + j] * v[row * width + column] }
      let w = sum * tau
      for row in j..<rows { v[row * width + column] -= v[row * width + j] * w }
    }
    return (beta < 0 ? -1 : 1, tau)
  }

  /// Clears the elements above the diagonal, which are those of R.
  static func clearUpperTriangle(_ v: UnsafeMutablePointer<Double>, _ rows: Int) {
    for row in 0..<min(rows, width) {
      for column in row + 1..<max(row + 1, width) { v[row * width + column] = 0 }
    }
  }

  /// Computes T: T[j][j] = τⱼ, and the column above it is −τⱼ T (Vᵀ vⱼ).
  static func triangle(_ v: UnsafeMutablePointer<Double>, _ rows: Int, _ taus: [Double]) -> [Double] {
    var t = [Double](repeating: 0, count: width * width)
    for j in 0..<width {
      t[j * width + j] = taus[j]
      let products = (0..<j).map { i in
        var sum = 0.0
        for row in 0..<rows { sum += v[row * width + i] * v[row * width + j] }
        return sum
      }
      for i in 0..<j {
        var sum = 0.0
        for k in i..<j { sum += t[i * width + k] * products[k] }
        t[i * width + j] = -taus[j] * sum
      }
    }
    return t
  }

  /// Applies the reflections, or their transpose, to a panel.
  func applyScalar(to matrix: PanelMatrix, panel: Int, transposed: Bool) {
    let (v, rows, width) = (self.v.start, self.rows, Self.width)
    for column in 0..<PanelMatrix.panelWidth {
      let w = (0..<width).map { k in
        var sum = 0.0
        for row in 0..<rows { sum += v[row * width + k] * matrix.row(first + row, ofPanel: panel)[column] }
        return sum
      }
      let turned = (0..<width).map { i in
        var sum = 0.0
        for k in 0..<width { sum += (transposed ? t[k * width + i] : t[i * width + k]) * w[k] }
        return sum
      }
      for row in 0..<rows {
        let c = matrix.row(first + row, ofPanel: panel)
        for k in 0..<width { c[column] -= v[row * width + k] * turned[k] }
      }
    }
  }
}
