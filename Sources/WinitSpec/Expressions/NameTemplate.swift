// A tensor name that may hold captures, such as `{prefix}.weight`.

/// A tensor name in which `{capture}` stands for a text that the pattern of a rule captured.
struct NameTemplate: Sendable {
  let text: String

  /// Returns the name with each `{capture}` replaced. Braces in the captured texts stay as they are.
  func filled(with captures: [String: String]) -> String {
    guard !captures.isEmpty else { return text }
    var filled = String.UnicodeScalarView()
    var rest = Substring(text).unicodeScalars
    while let open = rest.firstIndex(of: "{") {
      filled.append(contentsOf: rest[..<open])
      rest = rest[rest.index(after: open)...]
      if let close = rest.firstIndex(of: "}"), let captured = captures[String(rest[..<close])] {
        filled.append(contentsOf: captured.unicodeScalars)
        rest = rest[rest.index(after: close)...]
      } else {
        filled.append("{")
      }
    }
    filled.append(contentsOf: rest)
    return String(filled)
  }
}
