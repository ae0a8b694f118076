// The text of a progress bar, which fits a number of columns.

/// A progress bar as text: label, bar, percentage, amounts, rate and the time that is left.
///
/// In a narrow terminal the bar becomes shorter; then the rate, the amounts, the bar and the time left are left out, in
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
      (true, [percent, amounts, rate, left]), (true, [percent, amounts, left]), (true, [percent, left]),
      (false, [percent, left]), (false, [percent]),
    ]
    for form in forms {
      let end = form.parts.compactMap(\.self).joined(separator: "  ")
      let room = columns - width(label) - 1 - width(end)
      if !form.hasBar {
        if room >= 0 { return "\(label) \(end)" }
      } else if room > Self.shortestBar {
        return "\(label) \(bar(share, min(room - 1, Self.longestBar), hasBlocks)) \(end)"
      }
    }
    let room = columns - percent.count - 1
    return room > 1 ? "\(shortened(room)) \(percent)" : columns >= percent.count ? percent : ""
  }

  private func bar(_ share: Double, _ width: Int, _ hasBlocks: Bool) -> String {
    let filled = Int(share * Double(width))
    return String(repeating: hasBlocks ? "█" : "#", count: filled)
      + String(repeating: hasBlocks ? "░" : ".", count: width - filled)
  }

  /// Returns the label with `…` in its middle.
  private func shortened(_ room: Int) -> String {
    var (head, tail) = ("", "")
    for character in label {
      guard width(head) + width(String(character)) <= (room - 1) / 2 else { break }
      head.append(character)
    }
    for character in label.reversed() {
      guard width(head) + 1 + width(tail) + width(String(character)) <= room else { break }
      tail = String(character) + tail
    }
    return head + "…" + tail
  }

  /// Returns `0:42` or `1:02:03`.
  private func clock(_ seconds: Double) -> String {
    let all = Int(min(seconds.rounded(.up), 359_999))
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return all < 3600 ? "\(all / 60):\(two(all % 60))" : "\(all / 3600):\(two(all / 60 % 60)):\(two(all % 60))"
  }

  /// Returns the number of columns of a text: two for a wide character, none for a combining one.
  private func width(_ text: String) -> Int {
    text.unicodeScalars.reduce(0) { sum, scalar in
      switch scalar.properties.generalCategory {
      case .nonspacingMark, .enclosingMark, .format: sum
      default: sum + (isWide(scalar.value) ? 2 : 1)
      }
    }
  }

  private func isWide(_ value: UInt32) -> Bool {
    switch value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF,
      0x20000...0x3FFFD:
      true
    default: false
    }
  }
}
