// The text of a progress bar, which fits a number of columns.

/// A progress bar as text: label, bar, percentage, amounts, rate and the time that is left.
///
/// In a narrow terminal the bar becomes shorter; then the amounts, the rate, the bar and the time left are left out, in
/// this order; then the label is shortened.
struct ProgressLine {
  let label: String
  let done: Int
  let total: Int
  let unit: ProgressBar.Unit
  /// The rate; nil if it is not known.
  let perSecond: Double?

  private static let longestBar = 30
  private static let shortestBar = 8

  /// Returns the line, which takes at most this number of columns.
  func text(columns: Int, hasBlocks: Bool) -> String {
    let share = min(1, max(0, Double(done) / Double(total)))
    let percent = "\(Int(share * 100))%"
    let amounts =
      unit == .bytes ? "\(humanBytes(done)) of \(humanBytes(total))" : "\(grouped(done)) of \(grouped(total))"
    let rate = perSecond.map { unit == .bytes ? "\(humanBytes(Int($0)))/s" : "\(grouped(Int($0)))/s" }
    let left = perSecond.flatMap { $0 > 0 ? "\(clock(Double(total - done) / $0)) left" : nil }
    // From the fullest form to the shortest.
    let forms: [(hasBar: Bool, parts: [String?])] = [
      (true, [percent, amounts, rate, left]), (true, [percent, rate, left]), (true, [percent, left]),
      (false, [percent, left]), (false, [percent]),
    ]
    for form in forms {
      let end = form.parts.compactMap(\.self).joined(separator: "  ")
      let room = columns - displayWidth(label) - 1 - displayWidth(end)
      if !form.hasBar {
        if room >= 0 { return "\(label) \(end)" }
      } else if room > Self.shortestBar {
        return "\(label) \(bar(share, min(room - 1, Self.longestBar), hasBlocks)) \(end)"
      }
    }
    let room = columns - percent.count - 1
    return room > 1 ? "\(shortened(label, to: room, at: .middle)) \(percent)" : columns >= percent.count ? percent : ""
  }

  private func bar(_ share: Double, _ width: Int, _ hasBlocks: Bool) -> String {
    let filled = Int(share * Double(width))
    return String(repeating: hasBlocks ? "█" : "#", count: filled)
      + String(repeating: hasBlocks ? "░" : ".", count: width - filled)
  }

  /// Returns `0:42` or `1:02:03`.
  private func clock(_ seconds: Double) -> String {
    let all = Int(min(seconds.rounded(.up), 359_999))
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return all < 3600 ? "\(all / 60):\(two(all % 60))" : "\(all / 3600):\(two(all / 60 % 60)):\(two(all % 60))"
  }
}
