// How the runs of a picture are told apart.

/// The color, the dashes and the marker of a run.
struct RunStyle {
  /// Class names of `PictureStyle`.
  let color: Markup
  let dash: Markup
  let marker: Marker

  /// - Parameter variant: the number of the curve among those of the run.
  init(_ number: Int, variant: Int = 0) {
    color = Markup(trusted: "c\(number % PictureStyle.colorCount)")
    // 5 and 6 have no common factor, so that 30 runs look different.
    dash = Markup(trusted: "d\((number + variant) % PictureStyle.dashCount)")
    marker = Marker.all[(number + variant) % Marker.all.count]
  }

  /// A short line with a marker, beside the name of the run.
  var sample: Markup {
    "<path class=\"ln \(color) \(dash)\" d=\"M1 6H31\"/><path class=\"pt \(color)\" d=\"\(marker.path(16, 6, 3.2))\"/>"
  }
}

/// The shape of a point.
enum Marker: CaseIterable {
  case circle, square, triangle, diamond

  static let all = Marker.allCases

  /// The outline of the marker around a point, as the data of a path.
  func path(_ x: Double, _ y: Double, _ radius: Double) -> Markup {
    switch self {
    case .circle:
      "M\(at: x - radius) \(at: y)a\(at: radius) \(at: radius) 0 1 0 \(at: 2 * radius) 0a\(at: radius) \(at: radius) 0 1 0 \(at: -2 * radius) 0z"
    case .square: "M\(at: x - radius) \(at: y - radius)h\(at: 2 * radius)v\(at: 2 * radius)h\(at: -2 * radius)z"
    case .triangle: "M\(at: x) \(at: y - radius * 1.2)l\(at: radius * 1.2) \(at: radius * 2)h\(at: -radius * 2.4)z"
    case .diamond:
      "M\(at: x) \(at: y - radius * 1.3)l\(at: radius * 1.3) \(at: radius * 1.3)l\(at: -radius * 1.3) \(at: radius * 1.3)l\(at: -radius * 1.3) \(at: -radius * 1.3)z"
    }
  }
}
