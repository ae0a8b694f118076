// The names of the runs above a chart.

/// The legend of a chart: each run with a sample of its line, in as many rows as the width needs.
struct ChartLegend {
  let shapes: Markup
  let height: Double

  private static let rowHeight = 19.0

  init(_ series: [LineChart.Series], width: Double) {
    var (x, row) = (0.0, 0)
    var shapes: Markup = ""
    let limit = Swift.max(12, Int((width - 44) / 6.6))
    for series in series {
      let name = shortened(series.name, limit: limit)
      // The width of a letter is about 6.4; the browser's font is not known.
      let itemWidth = 38 + 6.6 * Double(name.unicodeScalars.count) + 18
      if x > 0, x + itemWidth > width { (x, row) = (0, row + 1) }
      let y = Double(row) * ChartLegend.rowHeight
      shapes += """
        <g transform="translate(\(at: x) \(at: y + 2))">\(RunStyle(series.style, variant: series.variant).sample)\
        <text class="tt" x="38" y="10">\(name)</text></g>
        """
      x += itemWidth
    }
    self.shapes = shapes
    height = series.isEmpty ? 0 : Double(row + 1) * ChartLegend.rowHeight + 4
  }
}
