// A picture, for a page or for a file of its own.

/// A picture in SVG. Its shapes have classes; a page or a file says how the classes look.
struct Picture: Sendable {
  var width: Double
  var height: Double
  /// What the picture shows, in a sentence, for readers who cannot see it.
  var title: String
  var shapes: Markup

  /// The picture within a page, whose style sheet applies.
  ///
  /// - Parameter style: the classes of the element; a literal.
  func inline(_ style: Markup) -> Markup {
    """
    <svg class="\(style)" viewBox="0 0 \(at: width) \(at: height)" role="img" aria-label="\(shortened(title, limit: 1000))">\
    \(shapes)</svg>
    """
  }

  /// The text of a file, which needs no style sheet and no page: on white, in fonts that every reader has.
  var file: String {
    let margin = 10.0
    let (width, height) = (width + 2 * margin, height + 2 * margin)
    let svg: Markup = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(at: width)" height="\(at: height)" \
      viewBox="\(at: -margin) \(at: -margin) \(at: width) \(at: height)" role="img"><title>\(shortened(title, limit: 1000))</title>\
      <style>\(Markup(trusted: PictureStyle.file))</style>\
      <rect x="\(at: -margin)" y="\(at: -margin)" width="\(at: width)" height="\(at: height)" fill="#fff"/>\(shapes)</svg>

      """
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + svg.source
  }
}

extension Markup.StringInterpolation {
  /// Appends a coordinate with at most one decimal place, which is a tenth of a pixel.
  mutating func appendInterpolation(at coordinate: Double) {
    guard coordinate.magnitude < 1e6 else { return appendLiteral("0") }
    let tenths = Int((coordinate * 10).rounded())
    appendLiteral(tenths < 0 ? "-\(-tenths / 10)" : "\(tenths / 10)")
    if tenths % 10 != 0 { appendLiteral(".\(abs(tenths % 10))") }
  }
}
