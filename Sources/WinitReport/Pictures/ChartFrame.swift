// The plane of a chart: its margins, its axes and its grid.

/// The plane of a chart, from values to coordinates.
struct ChartFrame {
  let width: Double
  let height: Double
  let scale: Scale
  private let firstIndex: Int
  private let lastIndex: Int
  var top = 24.0
  /// Whether the texts of marks stand at the left end, because the values are farther from the marks there.
  var hasMarksAtLeft = false
  /// The name of the horizontal axis.
  var xLabel: Markup = "layer"

  private static let left = 46.0
  private static let right = 14.0

  init(width: Double, height: Double, scale: Scale, indices: [Int]) {
    (self.width, self.height, self.scale) = (width, height, scale)
    (firstIndex, lastIndex) = (indices.min() ?? 0, indices.max() ?? 1)
  }

  var bottom: Double { height - 38 }
  private var left: Double { ChartFrame.left }
  private var plotWidth: Double { width - left - ChartFrame.right }

  func x(_ index: Int) -> Double {
    let last = Swift.max(lastIndex, firstIndex + 1)
    // Points do not lie on the axes.
    return left + 10 + Double(index - firstIndex) / Double(last - firstIndex) * (plotWidth - 20)
  }

  func y(_ value: Double) -> Double { bottom - scale.fraction(value) * (bottom - top) }

  func place(_ value: LineChart.Value) -> (x: Double, y: Double) { (x(value.index), y(value.y)) }

  /// The grid, the axes with their numbers, and the marks with the regions beyond them.
  var background: Markup {
    var shapes = regions
    let ticks = scale.ticks(most: bottom - top > 180 ? 9 : 6)
    let lines = ticks.markup { "M\(at: left) \(at: y($0.value))h\(at: plotWidth)" }
    shapes += "<path class=\"gl\" d=\"\(lines)\"/>"
    shapes += ticks.markup {
      "<text class=\"tx\" x=\"\(at: left - 7)\" y=\"\(at: y($0.value) + 4)\" text-anchor=\"end\">\($0.label)</text>"
    }
    shapes += "<path class=\"ax\" d=\"M\(at: left) \(at: bottom)h\(at: plotWidth)\"/>"
    shapes += layerNumbers
    let middle = left + plotWidth / 2
    return shapes
      + "<text class=\"tx\" x=\"\(at: middle)\" y=\"\(at: height - 4)\" text-anchor=\"middle\">\(xLabel)</text>"
  }

  /// The numbers of layers, counted from 1, below the horizontal axis.
  private var layerNumbers: Markup {
    let most = Swift.max(2, Int(plotWidth / 48))
    let span = lastIndex - firstIndex
    let steps = [1, 2, 5].flatMap { unit in [1, 10, 100, 1000, 10_000].map { unit * $0 } }.sorted()
    let step = steps.first { span / $0 < most } ?? Swift.max(1, span)
    var numbers = Array(stride(from: (firstIndex / step + 1) * step, through: lastIndex + 1, by: step))
    if step > 1, numbers.first.map({ $0 - firstIndex - 1 > step / 2 }) ?? true { numbers.insert(firstIndex + 1, at: 0) }
    return numbers.markup {
      "<text class=\"tx\" x=\"\(at: x($0 - 1))\" y=\"\(at: bottom + 16)\" text-anchor=\"middle\">\($0)</text>"
    }
  }

  /// The regions in which a finding begins.
  private var regions: Markup {
    scale.marks.filter { scale.fraction($0) > 0 && scale.fraction($0) < 1 }.markup { mark in
      let edge = y(mark)
      // A mark below the middle of a logarithmic scale is a lower bound.
      let isLower = isLowerBound(mark)
      let (start, size) = isLower ? (edge, bottom - edge) : (top, edge - top)
      let label: Markup = "warning \(isLower ? "below" : "above") \(shortNumberText(mark))"
      return """
        <rect class="out" x="\(at: left)" y="\(at: start)" width="\(at: plotWidth)" height="\(at: size)"/>\
        <path class="mk" d="M\(at: left) \(at: edge)h\(at: plotWidth)"/>\
        <text class="tm" x="\(at: hasMarksAtLeft ? left + 5 : width - ChartFrame.right - 5)" \
        y="\(at: isLower || edge - top < 14 ? edge + 13 : edge - 5)" text-anchor="\(hasMarksAtLeft ? "start" : "end")">\(label)</text>
        """
    }
  }

  private func isLowerBound(_ mark: Double) -> Bool {
    if case .logarithmic = scale.kind { return mark < 1 }
    return false
  }
}
