// Tensor names, and patterns on them.

import WinitCore
import WinitSpec

extension FuzzTarget {
  /// A pattern, a line break and a name: what is captured, put back into the pattern, is the name wherever there is no other
  /// wild part.
  static let name = FuzzTarget("name") { bytes in
    let halves = bytes.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
    guard let pattern = text(Array(halves[0])), let text = text(Array(halves[halves.count - 1])) else {
      return .refused("no text")
    }
    let name = TensorName(text)
    try expect(name.stream == TensorName(text).stream, "two streams")
    try expect(
      !name.description.unicodeScalars.contains { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) },
      "a control character is shown")
    try expect((name.problem == nil) == isAllowed(text), "`\(name)` is allowed or is not")
    let whole = Glob("*")
    try expect(whole.captured(text) == [:], "`*` does not match")
    // Longer patterns a spec refuses.
    guard pattern.utf8.count <= 1000 else { return .refused("a pattern of more than 1000 characters") }
    let glob = Glob(pattern)
    guard let captured = glob.captured(text) else { return .refused("no match") }
    guard Set(glob.captures).count == glob.captures.count else { return .refused("a capture stands twice") }
    try expect(Set(glob.captures) == Set(captured.keys), "captured \(captured)")
    try expect(captured.values.allSatisfy { !$0.isEmpty }, "an empty capture")
    if !pattern.unicodeScalars.contains("*"), !pattern.unicodeScalars.contains("?"),
      captured.values.allSatisfy({ !$0.unicodeScalars.contains("{") })
    {
      let filled = captured.reduce(pattern) { replace("{\($1.key)}", by: $1.value, in: $0) }
      try expect(same(filled, text), "`\(pattern)` with \(captured) is `\(filled)`, not `\(text)`")
    }
    return .accepted
  }

  private static func isAllowed(_ text: String) -> Bool {
    !text.isEmpty && !same(text, "__metadata__") && !text.unicodeScalars.contains("\0")
  }

  /// By scalars, which `replacing` does not do.
  private static func replace(_ word: String, by other: String, in text: String) -> String {
    let (word, text) = (Array(word.unicodeScalars), Array(text.unicodeScalars))
    var out = String.UnicodeScalarView()
    var place = 0
    while place < text.count {
      if text[place...].starts(with: word) {
        out.append(contentsOf: other.unicodeScalars)
        place += word.count
      } else {
        out.append(text[place])
        place += 1
      }
    }
    return String(out)
  }
}
