// A small line of one value for each member of a family.

/// A line of values without axes. The vertical range is at least ±10% of the values, so that noise looks like noise.
struct Sparkline {
  let values: [Double]

  /// Creates the line; nil with fewer than two finite values.
  init?(_ values: [Double?]) {
    self.values = values.compactMap { $0 }.filter { $0.isFinite && $0.magnitude < 1e300 }
    if self.values.count < 2 { return nil }
  }

  func picture(title: String) -> Picture {
    let (width, height) = (96.0, 22.0)
    let (low, high) = (values.min() ?? 0, values.max() ?? 0)
    let middle = (low + high) / 2
    let reach = Swift.max((high - low) / 2, 0.1 * middle.magnitude)
    func y(_ value: Double) -> Double {
      reach > 0 ? height / 2 - (value - middle) / reach * (height / 2 - 3) : height / 2
    }
    // A line has at most a point for each pixel.
    let step = Swift.max(1, values.count / Int(width))
    let shown = stride(from: 0, to: values.count, by: step).map { values[$0] }
    let line = shown.enumerated().markup { i, value in
      let x = 2 + (width - 4) * Double(i) / Double(Swift.max(1, shown.count - 1))
      return "\(Markup(trusted: i == 0 ? "M" : " "))\(at: x) \(at: y(value))"
    }
    let end = shown.last ?? 0
    let shapes: Markup = """
      <path class="sp" d="\(line)"/><circle class="sd" cx="\(at: width - 2)" cy="\(at: y(end))" r="2"/>
      """
    return Picture(width: width, height: height, title: title, shapes: shapes)
  }
}
