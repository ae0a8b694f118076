// A picture of values along the layers of one run or of several: lines for theory, points for measurements.

/// A line chart over the layers.
struct LineChart {
  /// A value of one layer. The index is that of the layer.
  struct Value {
    var index: Int
    var y: Double
    /// The layer and its value, which a browser shows beside the pointer.
    var label: String
  }

  /// The values of one run.
  struct Series {
    /// The number of the run, which gives color, dashes and markers.
    var style: Int
    /// The number of the curve among those of the run, which are dashed in different ways.
    var variant = 0
    var name: String
    /// What theory says of the layers on the main path.
    var theory: [Value] = []
    /// What a pass measured of the layers on the main path.
    var measured: [Value] = []
    /// Values of layers inside residual branches, which are no part of the curve.
    var branches: [Value] = []

    var values: [Value] { theory + measured + branches }

    /// The first and the last value of the curve, as measured if it was, and by theory otherwise; nil without two.
    var ends: (first: Value, last: Value, isMeasured: Bool)? {
      let isMeasured = measured.contains { $0.y.isFinite }
      let values = (isMeasured ? measured : theory).filter(\.y.isFinite)
      guard let first = values.first, let last = values.last, first.index < last.index else { return nil }
      return (first, last, isMeasured)
    }
  }

  var title: String
  /// The name of the vertical axis.
  var yLabel: String
  var kind: Scale.Kind
  var series: [Series]

  /// Draws the chart. Points of a long series have no labels, because the table behind the picture has them.
  func picture(width: Double, height: Double, hasLabels: Bool) -> Picture {
    var frame = ChartFrame(
      width: width, height: height, scale: Scale(kind, values: series.flatMap { $0.values.map(\.y) }),
      indices: series.flatMap { $0.values.map(\.index) })
    let legend = ChartLegend(series, width: width)
    frame.top = legend.height + 24
    frame.hasMarksAtLeft = hasMarksAtLeft(frame.scale)
    var shapes = legend.shapes
    shapes += "<text class=\"tx\" x=\"0\" y=\"\(at: legend.height + 11)\">\(yLabel)</text>"
    shapes += frame.background
    for series in series { shapes += draw(series, in: frame, hasLabels: hasLabels && series.values.count <= 400) }
    return Picture(width: width, height: height, title: title, shapes: shapes)
  }

  /// Whether the curves are farther from the marks at their first layers than at their last ones. A logarithmic axis
  /// is marked below, and a linear one above.
  private func hasMarksAtLeft(_ scale: Scale) -> Bool {
    let ends = series.compactMap { series -> (Double, Double)? in
      let values = (series.theory + series.measured).filter { scale.canShow($0.y) }.sorted { $0.index < $1.index }
      guard let first = values.first, let last = values.last else { return nil }
      return (scale.fraction(first.y), scale.fraction(last.y))
    }
    let (first, last) = ends.reduce((0, 0)) { ($0.0 + $1.0, $0.1 + $1.1) }
    if case .logarithmic = kind { return first > last }
    return first < last
  }

  private func draw(_ series: Series, in frame: ChartFrame, hasLabels: Bool) -> Markup {
    let style = RunStyle(series.style, variant: series.variant)
    var shapes: Markup = ""
    if !series.measured.isEmpty, series.theory.isEmpty {
      shapes += line(series.measured, "ln thin \(style.color)", frame)
    }
    shapes += line(series.theory, "ln \(style.color) \(style.dash)", frame)
    shapes += points(series.branches, "off \(style.color)", Marker.all[0], radius: 2.2, frame, hasLabels)
    shapes += points(series.measured, "pt \(style.color)", style.marker, radius: 3.2, frame, hasLabels)
    // A theory without measurements has invisible points, for their labels.
    if series.measured.isEmpty, hasLabels {
      shapes += series.theory.filter { frame.scale.canShow($0.y) }.markup {
        let (x, y) = frame.place($0)
        return
          "<circle cx=\"\(at: x)\" cy=\"\(at: y)\" r=\"5\" fill-opacity=\"0\"><title>\($0.label)</title></circle>"
      }
    }
    return shapes + zeros(series, frame, style)
  }

  /// A line through the values, with a gap where one cannot be shown.
  private func line(_ values: [Value], _ classes: Markup, _ frame: ChartFrame) -> Markup {
    var path: Markup = ""
    var isDown = false
    for value in values {
      guard frame.scale.canShow(value.y) else {
        isDown = false
        continue
      }
      let (x, y) = frame.place(value)
      path += "\(Markup(trusted: isDown ? "L" : "M"))\(at: x) \(at: y)"
      isDown = true
    }
    return path.source.isEmpty ? "" : "<path class=\"\(classes)\" d=\"\(path)\"/>"
  }

  private func points(
    _ values: [Value], _ classes: Markup, _ marker: Marker, radius: Double, _ frame: ChartFrame, _ hasLabels: Bool
  ) -> Markup {
    let shown = values.filter { frame.scale.canShow($0.y) }
    if shown.isEmpty { return "" }
    func path(_ value: Value) -> Markup {
      let (x, y) = frame.place(value)
      return marker.path(x, y, radius)
    }
    guard hasLabels else { return "<path class=\"\(classes)\" d=\"\(shown.markup(path))\"/>" }
    let labeled = shown.markup { "<path d=\"\(path($0))\"><title>\($0.label)</title></path>" }
    return "<g class=\"\(classes)\">\(labeled)</g>"
  }

  /// Triangles on the lower edge for values that are exactly 0, which a logarithmic axis does not reach.
  private func zeros(_ series: Series, _ frame: ChartFrame, _ style: RunStyle) -> Markup {
    guard case .logarithmic = kind else { return "" }
    let zeros = (series.measured + series.theory).filter { $0.y == 0 }
    if zeros.isEmpty { return "" }
    let path = zeros.markup {
      let x = frame.x($0.index)
      return "M\(at: x - 4) \(at: frame.bottom - 9)h8l-4 7z"
    }
    return "<path class=\"pt \(style.color)\" d=\"\(path)\"><title>exactly 0</title></path>"
  }
}

extension Markup {
  static func + (left: Markup, right: Markup) -> Markup { Markup(trusted: left.source + right.source) }
}
