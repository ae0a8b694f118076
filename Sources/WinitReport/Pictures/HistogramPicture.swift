// The histogram of a tensor, with the density of its law.

import WinitDiagnosis

/// A histogram for a row of a table: bars, and the density of the law as a curve.
struct HistogramPicture {
  static let width = 168.0
  static let height = 40.0
  /// The maximum number of bars. More intervals are merged, so that a picture takes less than 1 kB.
  static let maximumBars = 48

  /// The bounds and the numbers of elements of the bars.
  let low: Double
  let high: Double
  let bars: [Double]
  private let total: Double
  private let density: LawDensity?

  /// Creates the picture; nil for a histogram without elements.
  init?(_ histogram: Histogram?, _ density: LawDensity?) {
    guard let histogram, !histogram.counts.isEmpty else { return nil }
    let counts = histogram.counts.map { Double($0) }
    total = counts.reduce(0, +)
    guard total > 0 else { return nil }
    let size = (counts.count + HistogramPicture.maximumBars - 1) / HistogramPicture.maximumBars
    bars = stride(from: 0, to: counts.count, by: size).map { start in
      counts[start..<Swift.min(start + size, counts.count)].reduce(0, +)
    }
    low = histogram.low
    // The last bar may reach beyond the histogram, where nothing is.
    let intervals = Double(bars.count * size) / Double(counts.count)
    high = intervals == 1 ? histogram.high : histogram.low + (histogram.high - histogram.low) * intervals
    self.density = density
  }

  /// Draws the picture; `title` says what it shows.
  func picture(title: String) -> Picture {
    let (width, height) = (HistogramPicture.width, HistogramPicture.height)
    guard low < high else { return single(title) }
    let step = width / Double(bars.count)
    let curve = curvePoints
    let tallest = bars.max() ?? 1
    // A density far above the bars, as that of a much smaller scale, is cut off.
    let top = Swift.min(Swift.max(tallest, curve.map(\.y).max() ?? 0), 2.5 * tallest)
    func y(_ count: Double) -> Double { height - 1 - (height - 3) * Swift.min(count, top) / top }
    var outline: Markup = "M0 \(at: height - 1)"
    for (i, bar) in bars.enumerated() { outline += "V\(at: y(bar))H\(at: step * Double(i + 1))" }
    var shapes: Markup = "<path class=\"hb\" d=\"\(outline)V\(at: height - 1)z\"/>"
    if !curve.isEmpty {
      let line = curve.enumerated().markup { i, point in
        "\(Markup(trusted: i == 0 ? "M" : " "))\(at: point.x) \(at: y(point.y))"
      }
      shapes += "<path class=\"hd\" d=\"\(line)\"/>"
    }
    return Picture(width: width, height: height, title: title, shapes: shapes)
  }

  /// All elements are one value: a bar in the middle.
  private func single(_ title: String) -> Picture {
    let (width, height) = (HistogramPicture.width, HistogramPicture.height)
    return Picture(
      width: width, height: height, title: title,
      shapes: "<path class=\"hb\" d=\"M\(at: width / 2 - 2) \(at: height - 1)V2h4V\(at: height - 1)z\"/>")
  }

  /// The curve of the density, in numbers of elements for each bar.
  private var curvePoints: [(x: Double, y: Double)] {
    // The width of a foreign histogram may not be finite.
    guard let density, (high - low).isFinite else { return [] }
    if case .constant = density { return [] }
    let barWidth = (high - low) / Double(bars.count)
    let count = 32
    var values = (0...count).map { low + (high - low) * Double($0) / Double(count) }
    // A jump is vertical: a point just before it and one just behind it.
    for jump in density.jumps where jump > low && jump < high { values += [jump.nextDown, jump, jump.nextUp] }
    return values.sorted().compactMap { value in
      let expected = density.density(value) * barWidth * total
      guard expected.isFinite else { return nil }
      return ((value - low) / (high - low) * HistogramPicture.width, expected)
    }
  }
}
