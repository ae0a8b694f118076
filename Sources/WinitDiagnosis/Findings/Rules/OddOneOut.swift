// The members of a sequence that do not lie where their neighbors say.

import Foundation

/// Finds the members of a family whose scale differs from that of their neighbors.
package enum OddOneOut {
  /// A member that does not fit.
  package struct Member: Equatable {
    /// The place in the sequence.
    package let place: Int
    /// The value over the one that the neighbors give.
    package let ratio: Double
  }

  /// The least ratio between a member and its neighbors, and for the first and the last member, which have neighbors on
  /// one side only. Healthy models stay below: 1.14 was not reached in 15 of them, 1.5 not in 32.
  private static let inside = log(1.14)
  private static let atEnd = log(1.5)
  /// The least number of standard errors.
  private static let errors = 10.0
  /// A sequence with more members that do not fit than this has no common scale.
  private static let maximum = 64

  /// Returns the members that do not fit, from the logarithms of their standard deviations and the relative standard
  /// error of each. Takes the largest residual away and looks again, until none is large. A residual is the distance
  /// from the median of the 6 lines through pairs of the 4 nearest members, so that a scale that changes with the depth
  /// is no fault.
  package static func members(_ logs: [Double], errors standardErrors: [Double]) -> [Member] {
    var places = Array(logs.indices)
    var odd: [Member] = []
    var residuals = places.indices.map { residual(at: $0, places, logs) }
    while places.count >= 5 {
      guard let worst = residuals.indices.max(by: { abs(residuals[$0]) < abs(residuals[$1]) }) else { break }
      let (place, distance) = (places[worst], residuals[worst])
      let isEnd = worst == 0 || worst == places.count - 1
      guard abs(distance) > (isEnd ? atEnd : inside), abs(distance) > errors * standardErrors[place] else { break }
      odd.append(Member(place: place, ratio: exp(distance)))
      guard odd.count <= min(maximum, max(2, logs.count / 4)) else { return [] }
      places.remove(at: worst)
      residuals.remove(at: worst)
      for i in max(0, worst - 5)..<min(places.count, worst + 5) { residuals[i] = residual(at: i, places, logs) }
    }
    return odd.sorted { $0.place < $1.place }
  }

  /// The logarithm of the standard deviation minus the median of the lines.
  private static func residual(at index: Int, _ places: [Int], _ logs: [Double]) -> Double {
    let place = places[index]
    let window = places[max(0, index - 4)..<min(places.count, index + 5)].filter { $0 != place }
    let nearest = window.sorted { (abs($0 - place), $0) < (abs($1 - place), $1) }.prefix(4).sorted()
    var heights: [Double] = []
    for (i, first) in nearest.enumerated() {
      for second in nearest[(i + 1)...] {
        let slope = (logs[second] - logs[first]) / Double(second - first)
        heights.append(logs[first] + slope * Double(place - first))
      }
    }
    heights.sort()
    let middle = heights.count / 2
    guard !heights.isEmpty else { return 0 }
    let median = heights.count.isMultiple(of: 2) ? (heights[middle - 1] + heights[middle]) / 2 : heights[middle]
    return logs[place] - median
  }
}
