// The axes of pictures: from values to coordinates.

import Foundation

/// A vertical axis with a logarithmic or a linear scale.
struct Scale {
  enum Kind: Equatable {
    /// Powers of ten. The marks are values at which a finding begins.
    case logarithmic(marks: [Double])
    /// From 0 to 1, or beyond where a value is.
    case linear(marks: [Double])
  }

  let kind: Kind
  /// The bounds: exponents of ten on a logarithmic scale.
  let low: Double
  let high: Double

  /// Creates the axis that shows every value that can be shown.
  init(_ kind: Kind, values: some Sequence<Double>) {
    self.kind = kind
    let shown = values.filter { Scale.canShow($0, kind) }
    switch kind {
    case .logarithmic(let marks):
      let exponents = shown.map { log10($0) }
      var low = (exponents.min() ?? -1).rounded(.down)
      var high = (exponents.max() ?? 1).rounded(.up)
      // A mark within a decade of the values is shown, and the axis has at least two decades.
      for mark in marks.map({ log10($0) }) {
        if mark < low, mark >= low - 1 { low = mark - 0.5 }
        if mark > high, mark <= high + 1 { high = mark + 0.5 }
      }
      if high - low < 2 {
        let middle = (exponents.min() ?? 0) / 2 + (exponents.max() ?? 0) / 2
        (low, high) = middle - low < high - middle ? (high - 2, high) : (low, low + 2)
      }
      (self.low, self.high) = (low, high)
    case .linear(let marks):
      let all = shown + marks
      (low, high) = (Swift.min(0, all.min() ?? 0), Swift.max(1, (all.max() ?? 1) * 1.02))
    }
  }

  private static func canShow(_ value: Double, _ kind: Kind) -> Bool {
    if case .logarithmic = kind { return value > 0 && value.isFinite }
    return value.magnitude < 1e9
  }

  func canShow(_ value: Double) -> Bool { Scale.canShow(value, kind) }

  /// Where a value is between the lower bound, 0, and the upper bound, 1.
  func fraction(_ value: Double) -> Double {
    if case .logarithmic = kind { return (log10(value) - low) / (high - low) }
    return (value - low) / (high - low)
  }

  var marks: [Double] {
    switch kind {
    case .logarithmic(let marks), .linear(let marks): marks
    }
  }

  /// The values of the grid lines, with their labels. `most` is the maximum number of lines.
  func ticks(most: Int) -> [(value: Double, label: Markup)] {
    switch kind {
    case .logarithmic:
      let step = [1, 2, 3, 5, 10, 20, 50, 100, 200].first { (high - low) / Double($0) < Double(most) } ?? 500
      let first = Int((low / Double(step)).rounded(.up)) * step
      return stride(from: first, through: Int(high.rounded(.down)), by: step).map { (pow(10, Double($0)), power($0)) }
    case .linear:
      let step = [0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10].first { (high - low) / $0 < Double(most) } ?? (high - low)
      let count = Int(((high - low) / step).rounded(.down))
      let first = (low / step).rounded(.up)
      return (0...count).map { (first + Double($0)) * step }.filter { $0 <= high }
        .map { ($0, "\(shortNumberText($0))") }
    }
  }

  /// A power of ten with its exponent raised. 1 and 10 are numbers.
  private func power(_ exponent: Int) -> Markup {
    if exponent == 0 || exponent == 1 { return exponent == 0 ? "1" : "10" }
    return "10<tspan dy=\"-4\" font-size=\"9\">\(exponent < 0 ? "−\(-exponent)" : "\(exponent)")</tspan>"
  }
}
