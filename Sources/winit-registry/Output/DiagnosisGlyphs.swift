// The characters of the pictures in a terminal: blocks and lines, or ASCII where the locale is not UTF-8.

import Foundation
import WinitCore

/// The characters with which histograms and bars are drawn.
struct DiagnosisGlyphs {
  /// The heights of a bar, the lowest first. A height of 0 is a space.
  let heights: [Character]
  /// The axis of a bar, its marks at 1e-3 and 1e3, its mark at 1, the bar and its end.
  let axis: Character
  let mark: Character
  let one: Character
  let bar: Character
  let end: Character
  /// The ends of a bar that leaves the axis.
  let below: Character
  let above: Character
  let times: Character
  let minus: Character
  /// Whether the locale is not UTF-8, so that messages are written in ASCII.
  let isASCII: Bool

  static let unicode = DiagnosisGlyphs(
    heights: Array("▁▂▃▄▅▆▇█"), axis: "·", mark: "│", one: "┊", bar: "━", end: "●", below: "◀", above: "▶", times: "×",
    minus: "−", isASCII: false)
  static let ascii = DiagnosisGlyphs(
    heights: Array(".:-=+*#@"), axis: " ", mark: "|", one: ":", bar: "=", end: "o", below: "<", above: ">", times: "x",
    minus: "-", isASCII: true)

  /// The signs of messages, and how ASCII writes them.
  private static let spellings: [Character: String] = [
    "±": "+-", "×": "x", "−": "-", "–": "-", "·": "*", "²": "^2", "³": "^3", "…": "...", "≤": "<=", "≥": ">=",
    "≈": "about ", "√": "sqrt",
  ]

  /// Returns a message of the program in the characters of the locale: `1/√fan_in` is `1/sqrt(fan_in)` in ASCII. What
  /// is in backticks, such as a name, stays as it is.
  func message(_ text: String) -> String {
    guard isASCII, text.utf8.contains(where: { $0 >= 0x80 }) else { return text }
    let parts = text.split(separator: "`", omittingEmptySubsequences: false)
    return parts.enumerated().map { i, part in i % 2 == 0 ? DiagnosisGlyphs.spelled(part) : String(part) }
      .joined(separator: "`")
  }

  private static func spelled(_ text: Substring) -> String {
    var (result, rest) = ("", text[...])
    while let character = rest.popFirst() {
      result += spellings[character] ?? String(character)
      guard character == "√" else { continue }
      let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
      if !word.isEmpty { result += "(\(word))" }
      rest = rest[word.endIndex...]
    }
    return result
  }

  /// The characters for the locale of the process.
  static var current: DiagnosisGlyphs { StatusLine.hasBlocks ? .unicode : .ascii }

  /// A histogram as one character for each interval.
  ///
  /// - Parameter counts: the number of elements in each interval.
  func histogram(_ counts: [Double]) -> String {
    guard let most = counts.max(), most > 0 else { return "" }
    return String(
      counts.map { count in
        count == 0 ? " " : heights[min(heights.count - 1, Int(count / most * Double(heights.count)))]
      })
  }

  /// The number of decades that a bar shows on each side of 1.
  static let decades = 6

  /// A bar on a logarithmic axis from 1e-6 to 1e6, from 1 to a value, with marks at 1e-3 and 1e3.
  ///
  /// - Parameter cells: the number of characters of a decade.
  func bar(_ value: Double?, cells: Int) -> String {
    let half = cells * DiagnosisGlyphs.decades
    var line = [Character](repeating: axis, count: 2 * half + 1)
    line[half] = one
    (line[half - 3 * cells], line[half + 3 * cells]) = (mark, mark)
    guard let value, value >= 0 else { return String(line) }
    let place = value == 0 ? -.infinity : log10(value)
    let end = max(0, min(2 * half, half + Int((Double(cells) * max(-100, min(100, place))).rounded())))
    for index in min(end, half)...max(end, half) where line[index] == axis { line[index] = bar }
    let limit = Double(DiagnosisGlyphs.decades)
    line[end] = place < -limit ? below : place > limit ? above : self.end
    return String(line)
  }

  /// The title above bars: the powers of ten of the marks, at their places.
  static func scale(cells: Int) -> String { cells == 2 ? "1e-6 1e-3   1    1e3  1e6" : "  1e-3  1e3  " }
}

extension Terminal {
  /// Whether the standard output takes colors: it is a terminal, and $NO_COLOR is not set.
  static var hasColor: Bool {
    return isatty(STDOUT_FILENO) == 1 && (environmentVariable("NO_COLOR") ?? "").isEmpty
      && environmentVariable("TERM") != "dumb"
  }
}
