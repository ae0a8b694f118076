// The value of a scheme's parameter.

import WinitJSON

/// The value of a scheme's parameter: a number or a word. A text is parsed once, when the argument is created.
package enum SchemeArgument: Sendable, Hashable {
  /// A number. `text` is the number as written, if the binary64 value does not determine it: a number that rounds to 0,
  /// or a number of at least 2⁵³, because binary64 rounds integers there. Otherwise `text` is nil.
  case number(Double, text: String? = nil)
  /// A word, or a text that is not a number of JSON's grammar.
  case word(String)

  /// Reads a text as a spec writes it: a number by JSON's grammar, otherwise a word.
  package init(text: String) {
    guard let value = JSONNumber.parse(text) else {
      self = .word(text)
      return
    }
    let isExact = value == 0 ? !SchemeArgument.hasNonzeroDigit(text) : value.magnitude < 0x1p53
    self = .number(value, text: isExact || text == JSONNumber.text(value) ? nil : text)
  }

  /// A binary64 number.
  package init(_ value: Double) { self = .number(value) }

  /// An integer, which is kept exactly.
  package init(_ value: Int) { self.init(text: String(value)) }

  /// The argument as text, for errors and words.
  package var text: String {
    switch self {
    case .word(let text): text
    case .number(let value, let text): text ?? (value.isFinite ? JSONNumber.text(value) : "\(value)")
    }
  }

  /// Whether a number was written that binary64 rounds to 0.
  var roundsToZero: Bool {
    if case .number(0, let text?) = self { SchemeArgument.hasNonzeroDigit(text) } else { false }
  }

  /// The argument in a record.
  var json: JSONValue {
    switch self {
    case .number(let value, _) where value.isFinite: .number(value)
    default: .string(text)
    }
  }

  /// Whether a number's text has a digit other than 0 before its exponent.
  private static func hasNonzeroDigit(_ number: String) -> Bool {
    number.prefix { $0 != "e" && $0 != "E" }.contains { !"-0.".contains($0) }
  }
}

extension SchemeArgument: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
  /// A number.
  package init(floatLiteral value: Double) { self.init(value) }

  /// An integer, which is kept exactly.
  package init(integerLiteral value: Int) { self.init(value) }

  /// A text, read as a spec writes it.
  package init(stringLiteral text: String) { self.init(text: text) }
}
