// A picture of one value for each weight: bars from 0, with lines at values that have a meaning.

/// A bar chart along the weights of one run.
struct BarChart {
  var title: String
  var yLabel: String
  /// The number of the run, which gives the color.
  var style: Int
  /// The value above which a finding begins.
  var mark: Double
  var values: [LineChart.Value]

  func picture(width: Double, height: Double, hasLabels: Bool) -> Picture {
    var frame = ChartFrame(
      width: width, height: height, scale: Scale(.linear(marks: [mark]), values: values.map(\.y) + [1.2]),
      indices: values.map(\.index))
    frame.top = 22
    frame.xLabel = "weight"
    let color = RunStyle(style).color
    let next = frame.x((values.map(\.index).min() ?? 0) + 1) - frame.x(values.map(\.index).min() ?? 0)
    let barWidth = Swift.max(1, Swift.min(18, next * 0.7))
    var shapes: Markup = "<text class=\"tx\" x=\"0\" y=\"11\">\(yLabel)</text>"
    shapes += frame.background
    func bar(_ value: LineChart.Value) -> Markup {
      let (x, y) = frame.place(value)
      return "M\(at: x - barWidth / 2) \(at: frame.y(0))V\(at: y)h\(at: barWidth)V\(at: frame.y(0))z"
    }
    let shown = values.filter { frame.scale.canShow($0.y) }
    if hasLabels, shown.count <= 400 {
      shapes +=
        "<g class=\"pt \(color)\">\(shown.markup { "<path d=\"\(bar($0))\"><title>\($0.label)</title></path>" })</g>"
    } else {
      shapes += "<path class=\"pt \(color)\" d=\"\(shown.markup(bar))\"/>"
    }
    return Picture(width: width, height: height, title: title, shapes: shapes)
  }
}
