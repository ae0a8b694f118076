// Text of users and files in messages: quoted, on one line, and at most 80 characters long.

extension DefaultStringInterpolation {
  /// Appends a text in backticks. Characters that control a terminal, line breaks included, are escaped as in JSON. Of a
  /// text with more than 80 characters, only the beginning and the end are appended, and then its length.
  package mutating func appendInterpolation(quoted text: some CustomStringConvertible) {
    appendLiteral(quotedText(text.description))
  }
}

/// The maximum number of characters (Unicode scalars) that a message quotes, of which some are the end of the text.
private let quotedLimit = 80
private let quotedEnd = 24

private func quotedText(_ text: String) -> String {
  // A text of one `Character` can have any length.
  let scalars = text.unicodeScalars
  guard scalars.count > quotedLimit else { return "`\(escapingControls(scalars))`" }
  let start = escapingControls(scalars.prefix(quotedLimit - 1 - quotedEnd))
  return "`\(start)…\(escapingControls(scalars.suffix(quotedEnd)))` (\(scalars.count) characters)"
}

/// Escapes the characters that control a terminal, as JSON does.
///
/// - Parameter kept: control characters that are not escaped.
package func escapingControls(_ scalars: some Collection<Unicode.Scalar>, except kept: Set<Unicode.Scalar> = [])
  -> String
{
  var result = String.UnicodeScalarView()
  for scalar in scalars {
    if !isControl(scalar) || kept.contains(scalar) {
      result.append(scalar)
    } else {
      for unit in String(scalar).utf16 {
        let digits = String(unit, radix: 16)
        // `+=` of this view copies it, and its time would be quadratic.
        for scalar in "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".unicodeScalars {
          result.append(scalar)
        }
      }
    }
  }
  return String(result)
}

private func isControl(_ scalar: Unicode.Scalar) -> Bool {
  // Most characters are ASCII, and the properties take time.
  if scalar.isASCII { return scalar.value < 32 || scalar.value == 127 }
  return switch scalar.properties.generalCategory {
  // Format characters include those that change the writing direction.
  case .control, .format, .lineSeparator, .paragraphSeparator: true
  default: false
  }
}
