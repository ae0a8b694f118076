// Patterns for texts of the metadata, and the conditions of a filter that use them.

/// A pattern for a whole text: `*` stands for any characters, also for none, and `?` for one character. `\*` and `\?`
/// stand for the characters themselves, and a backslash before any other character for itself. Case counts.
package struct TextPattern: Sendable, Hashable {
  private enum Part: Sendable, Hashable {
    case any, one
    case character(Unicode.Scalar)
  }

  private let parts: [Part]

  private init(parts: [Part]) { self.parts = parts }

  /// Creates the pattern that matches one text.
  package init(literal text: String) { parts = text.unicodeScalars.map(Part.character) }

  /// Reads a pattern. Every text is a pattern.
  package init(parsing text: some StringProtocol) {
    var parts: [Part] = []
    var rest = Substring(text).unicodeScalars
    while let scalar = rest.popFirst() {
      switch scalar {
      case "*": parts.append(.any)
      case "?": parts.append(.one)
      case "\\" where rest.first == "*" || rest.first == "?": parts.append(.character(rest.removeFirst()))
      default: parts.append(.character(scalar))
      }
    }
    self.parts = parts
  }

  /// The only text that matches; nil for a pattern with wildcards.
  var literal: String? {
    var text = String.UnicodeScalarView()
    for part in parts {
      guard case .character(let scalar) = part else { return nil }
      text.append(scalar)
    }
    return String(text)
  }

  /// The pattern for SQLite's GLOB.
  var glob: String {
    parts.map { part in
      switch part {
      case .any: "*"
      case .one: "?"
      // Alone in brackets, a character stands for itself.
      case .character(let scalar): "*?[".unicodeScalars.contains(scalar) ? "[\(scalar)]" : String(scalar)
      }
    }.joined()
  }

  /// The pattern of the texts that contain a match, in lower case as SQLite's `lower` makes it, which changes only
  /// ASCII letters.
  var anywhere: TextPattern {
    let lower = parts.map { part in
      guard case .character(let scalar) = part, ("A"..."Z").contains(scalar) else { return part }
      return .character(Unicode.Scalar(UInt8(scalar.value) + 32))
    }
    return TextPattern(parts: [.any] + lower + [.any])
  }
}

/// A condition on a text.
package struct TextCondition: Sendable {
  package let pattern: TextPattern
  /// Whether the text must not match.
  package let isNegated: Bool

  package init(_ pattern: TextPattern, isNegated: Bool = false) {
    (self.pattern, self.isNegated) = (pattern, isNegated)
  }
}

/// A condition on the tags of a run.
package struct TagCondition: Sendable {
  package let key: TextPattern
  /// The pattern of the value; nil for any value.
  package let value: TextPattern?
  /// Whether no tag of the run may match.
  package let isNegated: Bool

  package init(key: TextPattern, value: TextPattern?, isNegated: Bool = false) {
    (self.key, self.value, self.isNegated) = (key, value, isNegated)
  }
}
