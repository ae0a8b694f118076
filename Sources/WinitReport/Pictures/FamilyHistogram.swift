// The histograms of a family of tensors in one picture.

import WinitDiagnosis

/// The densities of the members of a family as outlines over each other, with the density of their law. Each outline
/// is that of its own histogram: nothing is counted into other intervals.
struct FamilyHistogram {
  private let label: String
  private let members: [Histogram]
  private let density: LawDensity?
  private let omitted: Int

  /// The maximum number of outlines.
  private static let maximumOutlines = 64

  /// Creates the picture; nil if no member has a histogram with elements in intervals that have a width.
  init?(_ family: TensorFamily) {
    let all = family.members.compactMap(\.histogram).filter {
      $0.low < $0.high && ($0.high - $0.low).isFinite && $0.counts.contains { $0 > 0 }
    }
    if all.isEmpty { return nil }
    members = Array(all.prefix(FamilyHistogram.maximumOutlines))
    omitted = all.count - members.count
    label = family.label
    // Members of one scheme can have different laws, for which there is no common curve.
    let densities = family.members.map { LawDensity($0.law) }
    density = densities.allSatisfy { $0 == densities[0] } ? densities[0] : nil
  }

  func picture(width: Double, height: Double) -> Picture {
    let low = members.map(\.low).min() ?? 0
    let high = members.map(\.high).max() ?? 1
    guard (high - low).isFinite else { return Picture(width: width, height: height, title: label, shapes: "") }
    let heights = members.map(densities)
    let law = curve(from: low, to: high)
    let tallest = heights.compactMap { $0.max() }.max() ?? 1
    let top = Swift.min(Swift.max(tallest, law.map(\.y).max() ?? 0), 2.5 * tallest)
    let (left, right, head, bottom) = (12.0, width - 12, 40.0, height - 30)
    func x(_ value: Double) -> Double { left + (value - low) / (high - low) * (right - left) }
    func y(_ density: Double) -> Double { bottom - Swift.min(density, top) / top * (bottom - head) }
    func outline(_ member: Histogram, _ heights: [Double]) -> Markup {
      let width = (member.high - member.low) / Double(heights.count)
      let steps = heights.enumerated().markup { i, height in
        "V\(at: y(height))H\(at: x(member.low + width * Double(i + 1)))"
      }
      return "M\(at: x(member.low)) \(at: bottom)\(steps)V\(at: bottom)"
    }
    let outlines = zip(members, heights).map(outline)
    var shapes: Markup = "<text class=\"tt\" x=\"\(at: left)\" y=\"16\">\(shortened(label, limit: 44))</text>"
    shapes += "<text class=\"tx\" x=\"\(at: left)\" y=\"31\">\(caption)</text>"
    if outlines.count == 1 {
      shapes += "<path class=\"hb\" d=\"\(outlines)z\"/>"
    } else {
      shapes += outlines.markup { "<path class=\"ho\" d=\"\($0)\"/>" }
    }
    let line = law.enumerated().markup { i, point in
      "\(Markup(trusted: i == 0 ? "M" : " "))\(at: x(point.x)) \(at: y(point.y))"
    }
    if !law.isEmpty { shapes += "<path class=\"hd\" d=\"\(line)\"/>" }
    shapes += "<path class=\"ax\" d=\"M\(at: left) \(at: bottom)H\(at: right)\"/>"
    let ends = [(low, "start"), (high, "end")] + (low < 0 && high > 0 ? [(0, "middle")] : [])
    shapes += ends.markup { value, anchor in
      "<text class=\"tx\" x=\"\(at: x(value))\" y=\"\(at: bottom + 16)\" text-anchor=\"\(anchor)\">\(shortNumberText(value))</text>"
    }
    return Picture(width: width, height: height, title: "Histogram of \(label): \(caption)", shapes: shapes)
  }

  private var caption: String {
    let count = members.count == 1 ? "" : "\(plural(members.count, "tensor")); "
    let rest = omitted > 0 ? "\(countText(omitted)) more not shown; " : ""
    return count + rest + (density.map { "curve: \($0.description)" } ?? "no common density of the law")
  }

  /// The fraction of the elements per unit in each interval.
  private func densities(_ member: Histogram) -> [Double] {
    let total = member.counts.reduce(0.0) { $0 + Double($1) }
    let width = (member.high - member.low) / Double(member.counts.count)
    return member.counts.map { width > 0 ? Double($0) / total / width : 0 }.map { $0.isFinite ? $0 : 0 }
  }

  private func curve(from low: Double, to high: Double) -> [(x: Double, y: Double)] {
    guard let density else { return [] }
    if case .constant = density { return [] }
    var values = (0...96).map { low + (high - low) * Double($0) / 96 }
    for jump in density.jumps where jump > low && jump < high { values += [jump.nextDown, jump, jump.nextUp] }
    return values.sorted().map { ($0, density.density($0)) }.filter { $0.1.isFinite }
  }
}
