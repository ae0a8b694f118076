// Names of tensors and runs on a page.

/// Returns the beginning and the end of a text that is longer than `limit` characters, and the text otherwise. The
/// characters are Unicode scalars, because one character of Swift can have any length.
func shortened(_ text: String, limit: Int = 160) -> String {
  let scalars = text.unicodeScalars
  guard scalars.count > limit else { return text }
  let end = limit / 3
  return String(scalars.prefix(limit - 1 - end)) + "…" + String(scalars.suffix(end))
}

extension Markup {
  /// A name in the font of code.
  static func code(_ name: String) -> Markup {
    name.isEmpty ? "<em>(empty)</em>" : "<code>\(shortened(name))</code>"
  }

  /// A text of a document, with what it puts into backticks in the font of code.
  static func prose(_ text: String) -> Markup {
    let text = shortened(text, limit: 1200)
    let parts = text.split(separator: "`", omittingEmptySubsequences: false)
    // A backtick without a partner is a character.
    guard parts.count % 2 == 1 else { return "\(text)" }
    return parts.enumerated().markup { i, part in i % 2 == 0 ? "\(String(part))" : "<code>\(String(part))</code>" }
  }
}
