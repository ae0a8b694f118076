// A tensor name that may hold captures, such as `{prefix}.weight`.

/// The texts that the pattern of a rule captured.
struct Captures: Sendable {
  let texts: [String: String]
  /// The text before the names that the rule sees: the prefix of a preset's names.
  let prefix: String

  init(_ texts: [String: String] = [:], prefix: String = "") { (self.texts, self.prefix) = (texts, prefix) }

  subscript(name: String) -> String? { texts[name] }

  /// Returns these captures with another text for a name.
  func setting(_ name: String, to text: String) -> Captures {
    Captures(texts.merging([name: text]) { $1 }, prefix: prefix)
  }
}

/// A tensor name in which `{capture}` stands for a text that the pattern of a rule captured.
struct NameTemplate: Sendable {
  let text: String

  /// Returns the name with each `{capture}` replaced, after the prefix. Braces in the captured texts stay as they are.
  func filled(with captures: Captures) -> String {
    guard !captures.texts.isEmpty else { return captures.prefix + text }
    var filled = captures.prefix.unicodeScalars
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
