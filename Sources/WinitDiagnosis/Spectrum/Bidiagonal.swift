// The singular values of a bidiagonal matrix.

/// An upper bidiagonal matrix: a diagonal, and the elements right of it.
///
/// Its singular values are the eigenvalues ≥ 0 of the symmetric tridiagonal matrix with zeros on the diagonal and
/// d₁, e₁, d₂, e₂, … beside it (Golub and Kahan, 1965). Bisection with Sturm's sequence gives the smallest ones to as
/// many digits as the largest (Demmel and Kahan, 1990).
struct Bidiagonal {
  var diagonal: [Double]
  /// One element less than the diagonal.
  var upper: [Double]

  /// The largest singular value.
  var largest: Double { singularValue(diagonal.count - 1) }
  /// The smallest singular value.
  var smallest: Double { singularValue(0) }

  /// Returns a singular value by its rank, from 0 for the smallest.
  private func singularValue(_ rank: Int) -> Double {
    var squares: [Double] = []
    for i in diagonal.indices {
      squares.append(diagonal[i] * diagonal[i])
      if i < upper.count { squares.append(upper[i] * upper[i]) }
    }
    // No singular value is above the largest sum of two neighbors.
    var (low, high) = (0.0, 0.0)
    for i in diagonal.indices {
      let beside = (i < upper.count ? abs(upper[i]) : 0, i > 0 ? abs(upper[i - 1]) : 0)
      high = max(high, abs(diagonal[i]) + max(beside.0, beside.1))
    }
    guard high > 0 else { return 0 }
    high *= 1 + 0x1p-40
    // Below this, a value is a rounding error of the matrix.
    let least = high * 0x1p-60
    while high - low > high * 0x1p-50, high > least {
      let middle = low > 0 ? (low * high).squareRoot() : high / 2
      let split = middle > low && middle < high ? middle : low + (high - low) / 2
      guard split > low, split < high else { break }
      if count(below: split, squares) > rank { high = split } else { low = split }
    }
    return high <= least ? 0 : low + (high - low) / 2
  }

  /// The number of singular values below a positive number: of the eigenvalues, as many are negative as singular
  /// values there are.
  private func count(below x: Double, _ squares: [Double]) -> Int {
    var pivot = -x
    var negative = 1
    for square in squares {
      // A pivot of 0 stands for a small negative one.
      if pivot == 0 { pivot = -Double.leastNormalMagnitude }
      pivot = -x - square / pivot
      if pivot < 0 { negative += 1 }
    }
    return negative - diagonal.count
  }
}
