// Errors of the JSON parser.

/// The position and the reason at which a text stops being JSON.
package struct JSONError: Error, Equatable, CustomStringConvertible {
  /// The offset of the byte at which the text stops being JSON.
  package let offset: Int
  /// What is wrong at the offset.
  package let reason: Reason

  /// What is wrong at the offset, as text.
  package var problem: String { reason.description }

  /// The message for a person.
  package var description: String { "not valid JSON at byte \(offset): \(reason)" }

  /// What is wrong with a text.
  package enum Reason: Equatable, Sendable, CustomStringConvertible {
    /// The input ends before a value.
    case unexpectedEnd
    /// The input goes on after the value.
    case trailingText
    /// One of these is missing.
    case expected(String)
    /// Arrays and objects nest deeper than allowed.
    case tooDeep(limit: Int)
    /// A number does not follow JSON's grammar, or is too large.
    case notANumber(String)
    /// A number is not an integer where only integers are allowed.
    case notAnInteger(String)
    /// An object has a key twice.
    case duplicateKey(String)
    /// A string is not valid UTF-8.
    case notUTF8
    /// A string contains a control character without an escape.
    case controlCharacter
    /// A string has no closing quote.
    case unterminatedString
    /// An escape sequence starts with an unknown character.
    case unknownEscape
    /// The input ends within an escape sequence.
    case incompleteEscape
    /// An escape sequence `\u` has a character that is not a hexadecimal digit.
    case notHexadecimal
    /// An escape sequence is one half of a surrogate pair.
    case loneSurrogate

    package var description: String {
      switch self {
      case .unexpectedEnd: "unexpected end of input, a value was expected"
      case .trailingText: "unexpected text after the value"
      case .expected(let what): "expected \(what)"
      case .tooDeep(let limit): "nested more than \(limit) deep"
      case .notANumber(let text): "\(quoted: text) is not a finite JSON number"
      case .notAnInteger(let text): "\(quoted: text) is not an integer of at most 2⁵³"
      case .duplicateKey(let key): "duplicate key \(quoted: key)"
      case .notUTF8: "the string is not valid UTF-8"
      case .controlCharacter: "the string contains an unescaped control character"
      case .unterminatedString: "the string has no closing quote"
      case .unknownEscape: "unknown escape sequence"
      case .incompleteEscape: "incomplete escape sequence"
      case .notHexadecimal: "the escape sequence `\\u` needs four hexadecimal digits"
      case .loneSurrogate: "lone surrogate"
      }
    }
  }
}
