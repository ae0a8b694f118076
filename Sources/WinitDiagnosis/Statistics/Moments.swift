// The sums of powers of the elements' deviations from their mean, of a block, a chunk or a tensor.

import Foundation

/// The number of some values, their mean, and the sums of the powers 2, 3 and 4 of their deviations from the mean.
///
/// The sums of two sets of values give those of both (Chan, Golub and LeVeque, 1979; Pébay, 2008, "Formulas for robust,
/// one-pass parallel computation of covariances and arbitrary-order statistical moments", equations 2.1, 3.1 and
/// after). The mean has two parts, because the mean of many chunks must be more exact than their deviations. All
/// numbers are in units of 2^exponent, because the fourth power of a binary64 number can overflow and underflow.
struct Moments: Sendable, Equatable {
  private(set) var count = 0
  private(set) var exponent = 0
  private(set) var mean = 0.0
  private(set) var meanLow = 0.0
  private(set) var second = 0.0
  private(set) var third = 0.0
  private(set) var fourth = 0.0

  /// The moments of no value.
  init() {}

  /// The largest exponent of two, up or down, of values whose fourth powers need no scale.
  private static let safeExponent = 150

  /// Computes the moments of finite values in two passes, of which the scan is the first.
  ///
  /// - Parameter values: the values. They are multiplied by a power of two if their fourth powers would overflow or
  ///   underflow.
  init(
    of values: UnsafeMutablePointer<Double>, count: Int, _ scan: StatisticsKernel.Scan, _ kernel: StatisticsKernel
  ) {
    guard count > 0 else { return }
    self.count = count
    var total = scan.sum
    let magnitude = max(abs(scan.range.lowerBound), abs(scan.range.upperBound))
    if magnitude > 0, abs(Int(magnitude.exponent)) > Moments.safeExponent {
      exponent = Int(magnitude.exponent)
      for i in 0..<count { values[i] = scalbn(values[i], -exponent) }
      total = kernel.scan(values, count: count).sum
    }
    guard scan.range.lowerBound < scan.range.upperBound else {
      mean = values[0]
      return
    }
    let center = total / Double(count)
    // `center` is the mean but for its rounding: move the moments to the mean.
    let n = Double(count)
    let (s1, s2, s3, s4) = kernel.powers(values, count: count, center: center)
    let shift = s1 / n
    (mean, meanLow) = Moments.sum(center, shift)
    second = max(0, s2 - shift * s1)
    third = s3 - shift * (3 * s2 - 2 * shift * s1)
    fourth = max(0, s4 - shift * (4 * s3 - shift * (6 * s2 - 3 * shift * s1)))
  }

  /// Adds other values.
  mutating func add(_ other: Moments) {
    guard other.count > 0 else { return }
    guard count > 0 else {
      self = other
      return
    }
    var other = other
    let common = isZero ? other.exponent : other.isZero ? exponent : max(exponent, other.exponent)
    move(toExponent: common)
    other.move(toExponent: common)
    let total = Double(count + other.count)
    let (a, b) = (Double(count) / total, Double(other.count) / total)
    let weight = Double(count) * b
    let (high, low) = Moments.sum(other.mean, -mean)
    let delta = high + (low + (other.meanLow - meanLow))
    let square = delta * delta
    fourth +=
      other.fourth + square * square * weight * (a * a - a * b + b * b)
      + 6 * square * (a * a * other.second + b * b * second) + 4 * delta * (a * other.third - b * third)
    third += other.third + square * delta * weight * (a - b) + 3 * delta * (a * other.second - b * second)
    second += other.second + square * weight
    let (sum, rest) = Moments.sum(mean, delta * b)
    (mean, meanLow) = Moments.sum(sum, meanLow + rest)
    count += other.count
  }

  /// Whether all values are 0, so that any exponent fits them.
  private var isZero: Bool { mean == 0 && meanLow == 0 && second == 0 }

  /// Changes the unit. What is too small in the larger unit becomes 0.
  private mutating func move(toExponent new: Int) {
    guard new != exponent else { return }
    let steps = exponent - new
    mean = scalbn(mean, steps)
    meanLow = scalbn(meanLow, steps)
    second = scalbn(second, 2 * steps)
    third = scalbn(third, 3 * steps)
    fourth = scalbn(fourth, 4 * steps)
    exponent = new
  }

  /// The sum of two numbers, and what its rounding lost (Knuth, The Art of Computer Programming 2, 4.2.2, theorem B).
  private static func sum(_ x: Double, _ y: Double) -> (Double, Double) {
    let sum = x + y
    let yRounded = sum - x
    let xRounded = sum - yRounded
    return (sum, (x - xRounded) + (y - yRounded))
  }
}
