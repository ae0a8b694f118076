// Names in YAML, told apart by their bytes.

/// Yams compares keys as Swift strings, so that two spellings of é, which are two tensor names, would be one key
/// given twice. Every character of the basic plane that could take part in an equivalence is replaced, one for
/// one, by a character of private use, which has none; lines and columns stay.
enum Spelling {
  private static let base: UInt32 = 0xF0000
  private static let encoded = base + 0xA1...base + 0xFFFD

  static func encode(_ text: String) -> String {
    var out = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      // White space, breaks and the byte order mark mean something to YAML.
      let keep =
        scalar.value < 0xA1 || scalar.value > 0xFFFD || [0x2028, 0x2029, 0xFEFF].contains(scalar.value)
      out.append(keep ? scalar : Unicode.Scalar(base + scalar.value) ?? scalar)
    }
    return String(out)
  }

  /// The line of the first character that `decode` would take for a replaced one.
  static func firstUnsafeLine(_ text: String) -> Int? {
    guard let place = text.unicodeScalars.firstIndex(where: { encoded.contains($0.value) }) else {
      return nil
    }
    return text.unicodeScalars[..<place].count { $0 == "\n" } + 1
  }

  static func decode(_ text: String) -> String {
    var out = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      out.append(encoded.contains(scalar.value) ? Unicode.Scalar(scalar.value - base) ?? scalar : scalar)
    }
    return String(out)
  }
}
