// Tensor names, and the patterns that match them.

import WinitCore
import WinitSpec

extension FuzzTarget {
  /// The input is a pattern, a line break and a name. If the pattern has no wildcard, its captures inserted into the
  /// pattern give the name.
  static let name = FuzzTarget("name") { bytes in
    let halves = bytes.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
    guard let pattern = text(Array(halves[0])), let text = text(Array(halves[halves.count - 1])) else {
      return .refused("not UTF-8")
    }
    let name = TensorName(text)
    try expect(name.stream == TensorName(text).stream, "one name has two streams")
    try expect(
      !name.description.unicodeScalars.contains { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) },
      "the description has a control character")
    try expect(
      (name.problem == nil) == isAllowed(text), "`\(name)` is allowed although it should not be, or the reverse")
    let whole = Glob("*")
    try expect(whole.captured(text) == [:], "`*` does not match")
    // A spec refuses longer patterns.
    guard pattern.utf8.count <= 1000 else { return .refused("a pattern of more than 1000 characters") }
    let glob = Glob(pattern)
    guard let captured = glob.captured(text) else { return .refused("no match") }
    guard Set(glob.captures).count == glob.captures.count else { return .refused("duplicate capture") }
    try expect(Set(glob.captures) == Set(captured.keys), "the captures are \(captured)")
    try expect(captured.values.allSatisfy { !$0.isEmpty }, "a capture is empty")
    if !pattern.unicodeScalars.contains("*"), !pattern.unicodeScalars.contains("?") {
      let filled = fill(pattern, with: captured)
      try expect(same(filled, text), "`\(pattern)` with \(captured) gives `\(filled)`, not `\(text)`")
    }
    return .accepted
  }

  private static func isAllowed(_ text: String) -> Bool {
    !text.isEmpty && !same(text, "__metadata__") && !text.unicodeScalars.contains("\0")
  }

  /// Replaces each capture in a pattern by its text, scalar by scalar and all in one pass: a text can hold braces that
  /// look like a capture. The standard `replacing` compares characters.
  private static func fill(_ pattern: String, with captures: [String: String]) -> String {
    let words = captures.map { (word: Array("{\($0.key)}".unicodeScalars), text: $0.value) }
    let pattern = Array(pattern.unicodeScalars)
    var out = String.UnicodeScalarView()
    var place = 0
    while place < pattern.count {
      if let capture = words.first(where: { pattern[place...].starts(with: $0.word) }) {
        out.append(contentsOf: capture.text.unicodeScalars)
        place += capture.word.count
      } else {
        out.append(pattern[place])
        place += 1
      }
    }
    return String(out)
  }
}
