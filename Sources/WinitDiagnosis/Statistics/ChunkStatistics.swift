// The statistics of one chunk, which add up to those of a tensor.

import WinitCore

/// What the elements of one chunk show. The value depends on the chunk alone, so that any thread can compute it.
package struct ChunkStatistics: Sendable {
  /// The number of whole elements.
  var count = 0
  var zeros = 0
  var nan = 0
  var infinite = 0
  var moments = Moments()
  /// The smallest and the largest finite element; nil if there is none.
  var range: ClosedRange<Double>?
  var histogram: DyadicHistogram?
  var units: UnitHashes?
  /// The bits of an element of 6 bits that also lies in the chunk before, and in the chunk after.
  var head: SplitElement?
  var tail: SplitElement?

  init() {}

  /// The bits of an element that lie in one chunk.
  struct SplitElement: Sendable {
    var bits: Int
    var bitCount: Int
  }

  /// Adds everything but the units and the split elements.
  mutating func add(_ other: ChunkStatistics) {
    count += other.count
    zeros += other.zeros
    nan += other.nan
    infinite += other.infinite
    moments.add(other.moments)
    guard let added = other.range else { return }
    range = range.map { min($0.lowerBound, added.lowerBound)...max($0.upperBound, added.upperBound) } ?? added
    guard let histogram = other.histogram else { return }
    if self.histogram == nil { self.histogram = histogram } else { self.histogram?.add(histogram) }
  }

  /// Adds consecutive elements.
  ///
  /// - Parameter values: the elements. They are changed.
  mutating func add(
    _ values: UnsafeMutablePointer<Double>, count: Int, hasHistogram: Bool, _ kernel: StatisticsKernel
  ) {
    self.count += count
    guard count > 0 else { return }
    var finite = count
    var scan = kernel.scan(values, count: count)
    if !scan.isFinite {
      finite = removeNonFinite(values, count: count)
      guard finite > 0 else { return }
      scan = kernel.scan(values, count: finite)
    }
    zeros += scan.zeros
    let block = scan.range
    range = range.map { min($0.lowerBound, block.lowerBound)...max($0.upperBound, block.upperBound) } ?? block
    if hasHistogram {
      if histogram == nil { histogram = DyadicHistogram(block) }
      histogram?.add(values, count: finite, range: block, kernel)
    }
    moments.add(Moments(of: values, count: finite, scan, kernel))
  }

  /// Moves the finite elements together, counts the others, and returns the number of finite elements.
  private mutating func removeNonFinite(_ values: UnsafeMutablePointer<Double>, count: Int) -> Int {
    var kept = 0
    for i in 0..<count {
      if values[i].isFinite {
        values[kept] = values[i]
        kept += 1
      } else if values[i].isNaN {
        nan += 1
      } else {
        infinite += 1
      }
    }
    return kept
  }
}
