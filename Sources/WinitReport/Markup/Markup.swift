// HTML and SVG text, in which text of a document is always escaped.

import WinitJSON

/// HTML or SVG text. A literal is markup; an interpolated string is text, and is escaped. So a name from a document
/// cannot become markup, wherever it stands.
struct Markup: Sendable, ExpressibleByStringInterpolation {
  private(set) var source: String

  init(stringLiteral value: String) { source = value }
  init(stringInterpolation: StringInterpolation) { source = stringInterpolation.source }

  /// Creates markup from a text that is markup already.
  init(trusted source: String) { self.source = source }

  static func += (left: inout Markup, right: Markup) { left.source += right.source }

  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var source = ""

    init(literalCapacity: Int, interpolationCount: Int) {
      source.reserveCapacity(literalCapacity + 16 * interpolationCount)
    }

    mutating func appendLiteral(_ literal: String) { source += literal }
    mutating func appendInterpolation(_ markup: Markup) { source += markup.source }
    mutating func appendInterpolation(_ markup: Markup?) { source += markup?.source ?? "" }
    mutating func appendInterpolation(_ list: [Markup]) { for markup in list { source += markup.source } }
    mutating func appendInterpolation(_ number: Int) { source += String(number) }
    mutating func appendInterpolation(_ text: String) { source += Markup.escaped(text) }
  }

  /// Returns a text in which markup has no meaning, and in which control characters, characters of the writing
  /// direction and those that XML excludes are visible as `\u202e`.
  static func escaped(_ text: String) -> String {
    var isPlain = true
    for byte in text.utf8 where byte < 0x20 || byte > 0x7E || entity(byte) != nil { isPlain = false }
    if isPlain { return text }
    var result = ""
    for scalar in escapingControls(text.unicodeScalars).unicodeScalars {
      if scalar.isASCII, let entity = entity(UInt8(scalar.value)) {
        result += entity
      } else if scalar.value & 0xFFFE == 0xFFFE {
        result += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func entity(_ byte: UInt8) -> String? {
    switch byte {
    case UInt8(ascii: "&"): "&amp;"
    case UInt8(ascii: "<"): "&lt;"
    case UInt8(ascii: ">"): "&gt;"
    case UInt8(ascii: "\""): "&quot;"
    case UInt8(ascii: "'"): "&#39;"
    default: nil
    }
  }
}

extension Sequence {
  /// Returns the markup of each element, one after the other.
  func markup(_ transform: (Element) -> Markup) -> Markup {
    reduce(into: Markup("")) { $0 += transform($1) }
  }
}
