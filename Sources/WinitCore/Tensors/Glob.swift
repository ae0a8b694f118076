// Patterns that match tensor names.

/// A pattern on a whole name. `*` matches any characters, dots included, `?` matches one, and `{name}` matches one or
/// more and captures them; every other character matches itself. A capture takes as few characters as the match allows,
/// the first capture first.
package struct Glob: Sendable {
  private enum Part: Sendable, Hashable {
    case character(Unicode.Scalar)
    case one
    case any
    case capture(String)
  }

  /// The pattern as it is written.
  package let text: String
  private let parts: [Part]
  /// The characters after the last wildcard: the end of every name that matches.
  private let end: String
  /// Whether `*` is the only wildcard.
  private let isSimple: Bool

  /// The names of the captures.
  package var captures: [String] {
    parts.compactMap { if case .capture(let name) = $0 { name } else { nil } }
  }

  /// Whether every name that matches begins with a known character.
  package var isAnchored: Bool { if case .character = parts.first { true } else { false } }

  /// The characters before the first wildcard: the beginning of every name that matches.
  package let start: String

  package init(_ text: String) {
    self.text = text
    var parts: [Part] = []
    var rest = Substring(text).unicodeScalars
    while let scalar = rest.popFirst() {
      switch scalar {
      case "*": if parts.last != .any { parts.append(.any) }
      case "?": parts.append(.one)
      case "{":
        let name = String(Substring(rest.prefix { $0 != "}" }))
        // Braces around anything but a name match themselves.
        let isName = name.first.map { $0.isLetter || $0 == "_" } ?? false
        if isName, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }),
          rest.count > name.unicodeScalars.count
        {
          parts.append(.capture(name))
          rest.removeFirst(name.unicodeScalars.count + 1)
        } else {
          parts.append(.character(scalar))
        }
      default: parts.append(.character(scalar))
      }
    }
    self.parts = parts
    func isCharacter(_ part: Part) -> Bool { if case .character = part { true } else { false } }
    func characters(of parts: ArraySlice<Part>) -> String {
      var view = String.UnicodeScalarView()
      for case .character(let scalar) in parts { view.append(scalar) }
      return String(view)
    }
    start = characters(of: parts.prefix(while: isCharacter))
    let lastWildcard = parts.lastIndex { !isCharacter($0) }
    end = lastWildcard.map { characters(of: parts[($0 + 1)...]) } ?? ""
    isSimple = parts.filter { !isCharacter($0) } == [.any]
  }

  package func matches(_ name: String) -> Bool { captured(name) != nil }

  /// Returns the text of each capture; nil if the name does not match. Takes at most pattern × name steps.
  package func captured(_ name: String) -> [String: String]? {
    // Most names do not have the start and the end of a pattern.
    let (start, end) = (start.utf8, end.utf8)
    guard name.utf8.count >= start.count + end.count, name.utf8.starts(with: start),
      name.utf8.suffix(end.count).elementsEqual(end)
    else { return nil }
    if isSimple { return [:] }
    let name = Array(name.unicodeScalars)
    // For each wildcard, the first start from which the rest of the pattern failed. From a later start it fails too.
    var failedFrom = [Int](repeating: .max, count: parts.count)
    var lengths: [Int] = []

    func match(_ p: Int, _ n: Int) -> Bool {
      var (p, n) = (p, n)
      while p < parts.count {
        switch parts[p] {
        case .character(let scalar):
          guard n < name.count, name[n] == scalar else { return false }
        case .one:
          guard n < name.count else { return false }
        case .any, .capture:
          guard n < failedFrom[p] else { return false }
          let isCapture = parts[p] != .any
          // A final `*` matches the rest of the name.
          if !isCapture, p == parts.count - 1 { return true }
          var length = isCapture ? 1 : 0
          while n + length <= name.count {
            if isCapture { lengths.append(length) }
            starts.append(n)
            if match(p + 1, n + length) { return true }
            starts.removeLast()
            if isCapture { lengths.removeLast() }
            length += 1
          }
          failedFrom[p] = n
          return false
        }
        p += 1
        n += 1
      }
      return n == name.count
    }
    var starts: [Int] = []
    guard match(0, 0) else { return nil }
    // `starts` has one entry for each `*` and each capture, in order.
    var result: [String: String] = [:]
    var rest = lengths[...]
    let wildcards = parts.filter { if case .character = $0 { false } else { $0 != .one } }
    for (part, start) in zip(wildcards, starts) {
      guard case .capture(let key) = part, let length = rest.popFirst() else { continue }
      var text = String.UnicodeScalarView()
      text.append(contentsOf: name[start..<start + length])
      result[key] = String(text)
    }
    return result
  }
}
