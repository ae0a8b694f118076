// The loops over elements in C, which are compiled for each instruction set.

import CWinitKernels
import WinitCore

/// The loops over elements of the statistics. All kernels give the same bits; they differ only in speed.
///
/// Swift compiles a function for one instruction set, the oldest. With it, a diagnosis takes twice as long.
struct StatisticsKernel: Sendable {
  private let number: winit_kernel

  /// - Parameter kernel: what the fill uses. `scalar` means the narrowest vectors.
  init(_ kernel: SIMDKernel) {
    number = kernel.number ?? SIMDKernel.narrowest
  }

  /// The formats that `read` reads.
  enum Format { case float32, float64, float16, bfloat16 }

  /// Reads little-endian elements, without an alignment, exactly. −0 gives 0.
  func read(_ bytes: UnsafeRawBufferPointer, _ format: Format, count: Int, into values: UnsafeMutablePointer<Double>) {
    let (code, size) =
      switch format {
      case .float32: (WINIT_FLOAT32, 4)
      case .float64: (WINIT_FLOAT64, 8)
      case .float16: (WINIT_FLOAT16, 2)
      case .bfloat16: (WINIT_BFLOAT16, 2)
      }
    precondition(bytes.count / size >= count, "the bytes must hold the elements")
    winit_statistics_read(number, bytes.baseAddress, count, code.rawValue, values)
  }

  /// What one look at some values shows.
  struct Scan {
    var zeros: Int
    var sum: Double
    /// Whether all values are finite.
    var isFinite: Bool
    /// The smallest and the largest value; 0...0 if one is not finite.
    var range: ClosedRange<Double>
  }

  /// - Precondition: there is at least one value.
  func scan(_ values: UnsafePointer<Double>, count: Int) -> Scan {
    precondition(count > 0, "a scan needs a value")
    let found = winit_statistics_scan(number, values, count)
    let isFinite = found.is_finite != 0
    return Scan(
      zeros: Int(found.zeros), sum: found.sum, isFinite: isFinite, range: isFinite ? found.low...found.high : 0...0)
  }

  /// Returns the sums of the powers 1 to 4 of the deviations of values from a center.
  func powers(_ values: UnsafePointer<Double>, count: Int, center: Double) -> (Double, Double, Double, Double) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 4) { sums in
      winit_statistics_powers(number, values, count, center, sums.baseAddress)
      return (sums[0], sums[1], sums[2], sums[3])
    }
  }

  /// Adds finite values to the counts of intervals.
  ///
  /// - Parameters:
  ///   - scale: two factors; their product is 1 ÷ the width of an interval.
  ///   - first: the index of the first interval.
  func count(
    _ values: UnsafePointer<Double>, count: Int, scale: (Double, Double), first: Int, into counts: inout [Int]
  ) {
    var intervals = winit_intervals(scale: scale, first: Double(first), capacity: UInt64(counts.count))
    counts.withUnsafeMutableBytes { counts in
      winit_statistics_count(number, values, count, &intervals, counts.assumingMemoryBound(to: Int64.self).baseAddress)
    }
  }

  /// The hashes to which the terms of consecutive elements are added.
  enum HashSide {
    /// All elements belong to the unit of the first hash; each has a factor.
    case one(factors: UnsafePointer<UInt64>, UnsafeMutablePointer<UInt64>)
    /// Each element belongs to the unit of its own hash; all have one factor.
    case each(factor: UInt64, UnsafeMutablePointer<UInt64>)

    var side: winit_hash_side {
      switch self {
      case .one(let factors, let hashes): winit_hash_side(factors: factors, factor: 0, hashes: hashes)
      case .each(let factor, let hashes): winit_hash_side(factors: nil, factor: factor, hashes: hashes)
      }
    }
  }

  /// Adds the terms of values to the hashes of their units.
  ///
  /// - Parameter isWide: whether binary32 does not hold every value.
  func hash(_ values: UnsafePointer<Double>, count: Int, isWide: Bool, _ first: HashSide, _ second: HashSide? = nil) {
    withUnsafeTemporaryAllocation(of: winit_hash_side.self, capacity: 2) { sides in
      sides.initializeElement(at: 0, to: first.side)
      if let second { sides.initializeElement(at: 1, to: second.side) }
      winit_statistics_hash(number, values, count, sides.baseAddress, second == nil ? 1 : 2, isWide ? 1 : 0)
    }
  }
}
