// A histogram that needs no range before it sees the elements.

import Foundation

/// A histogram whose intervals have a power of two as width: interval i is [i·2^e, (i + 1)·2^e).
///
/// The width is the smallest power of two with which all elements lie in `capacity` adjacent intervals. When an element
/// lies outside, or when two histograms are added, neighbors are joined until all elements fit. So the counts do not
/// depend on the order, but for elements within 2⁻³¹ of a width from the border of an interval.
struct DyadicHistogram: Sendable {
  /// The number of intervals in memory. The elements lie in more than half as many, unless they are too close to each
  /// other for binary64.
  static let capacity = 4096

  /// The smallest and the largest element.
  private(set) var range: ClosedRange<Double>
  /// e, where 2^e is the width of an interval.
  private var exponent: Int
  /// The index of the first interval in memory.
  private var first: Int
  private var counts: [Int]

  /// Creates an empty histogram for elements of a range.
  init(_ range: ClosedRange<Double>) {
    self.range = range
    (exponent, first) = DyadicHistogram.window(range)
    counts = [Int](repeating: 0, count: DyadicHistogram.capacity)
  }

  /// Adds finite values.
  mutating func add(
    _ values: UnsafePointer<Double>, count: Int, range: ClosedRange<Double>, _ kernel: StatisticsKernel
  ) {
    include(range)
    kernel.count(values, count: count, scale: DyadicHistogram.scale(exponent), first: first, into: &counts)
  }

  /// Adds the counts of another histogram.
  mutating func add(_ other: DyadicHistogram) {
    include(other.range)
    let shift = min(63, exponent - other.exponent)
    for (i, count) in other.counts.enumerated() where count > 0 {
      counts[((other.first + i) >> shift) - first] += count
    }
  }

  /// Returns the counts of intervals of equal width between the smallest and the largest element, as NumPy's
  /// `histogram` counts them, but for elements in the interval of this histogram that holds a border: they count to the
  /// interval that holds the lower end of that one. Equal elements give one interval of width 0.
  func regrouped(_ intervals: Int) -> Histogram {
    let total = counts.reduce(0, +)
    guard range.lowerBound < range.upperBound else {
      return Histogram(low: range.lowerBound, high: range.upperBound, counts: [total])
    }
    let low = DyadicHistogram.scaled(range.lowerBound, exponent)
    let length = DyadicHistogram.scaled(range.upperBound, exponent) - low
    var groups = [Int](repeating: 0, count: intervals)
    for (i, count) in counts.enumerated() where count > 0 {
      let place = (Double(first + i) - low) / length * Double(intervals)
      groups[Int(min(max(place, 0), Double(intervals - 1)))] += count
    }
    return Histogram(low: range.lowerBound, high: range.upperBound, counts: groups)
  }

  /// Widens the range, and joins intervals if they would not fit.
  private mutating func include(_ other: ClosedRange<Double>) {
    guard other.lowerBound < range.lowerBound || other.upperBound > range.upperBound else { return }
    range = min(range.lowerBound, other.lowerBound)...max(range.upperBound, other.upperBound)
    let (newExponent, newFirst) = DyadicHistogram.window(range)
    if newExponent == exponent, DyadicHistogram.index(range.lowerBound, exponent) >= first,
      DyadicHistogram.index(range.upperBound, exponent) < first + DyadicHistogram.capacity
    {
      return
    }
    let shift = min(63, newExponent - exponent)
    var joined = [Int](repeating: 0, count: DyadicHistogram.capacity)
    for (i, count) in counts.enumerated() where count > 0 { joined[((first + i) >> shift) - newFirst] += count }
    (exponent, first, counts) = (newExponent, newFirst, joined)
  }

  /// Returns the exponent of the smallest width with which a range fits, and the first index of a window with the range
  /// in its middle.
  private static func window(_ range: ClosedRange<Double>) -> (exponent: Int, first: Int) {
    let magnitude = max(abs(range.lowerBound), abs(range.upperBound))
    guard magnitude > 0 else { return (-1074, -capacity / 2) }
    // Below 2^−52 of the largest element, binary64 has no further elements, and an index would have more than 53 bits.
    var exponent = max(-1074, Int(magnitude.exponent) - 52)
    let half = range.upperBound / 2 - range.lowerBound / 2
    if half > 0 { exponent = max(exponent, Int(half.exponent) - 11) }
    while true {
      let (low, high) = (index(range.lowerBound, exponent), index(range.upperBound, exponent))
      if high - low < capacity { return (exponent, low - (capacity - (high - low + 1)) / 2) }
      exponent += 1
    }
  }

  private static func index(_ value: Double, _ exponent: Int) -> Int {
    Int(scaled(value, exponent).rounded(.down))
  }

  /// Returns value·2^−exponent.
  private static func scaled(_ value: Double, _ exponent: Int) -> Double {
    let factors = scale(exponent)
    return value * factors.0 * factors.1
  }

  /// Returns two factors whose product is 2^−exponent. One factor could overflow.
  private static func scale(_ exponent: Int) -> (Double, Double) {
    let half = exponent / 2
    return (scalbn(1, -half), scalbn(1, half - exponent))
  }
}
