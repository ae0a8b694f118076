// The text form of numbers: JSON's grammar when reading, ECMAScript's shortest form when writing.

/// Reads and writes the text form of numbers.
package enum JSONNumber {
  /// Returns the binary64 number nearest to a text that follows JSON's grammar for numbers (RFC 8259, section 6).
  /// Returns nil for any other text, and for a number that is too large.
  package static func parse(_ text: some StringProtocol) -> Double? {
    guard isNumber(text.utf8), let value = Double(String(text)), value.isFinite else { return nil }
    return value
  }

  /// Returns true if the text is a JSON number: no leading zeros, no plus sign, and digits on both sides of a point.
  package static func isNumber(_ text: some Collection<UInt8>) -> Bool {
    var rest = text[...]
    func isDigit(_ byte: UInt8?) -> Bool { byte.map { (0x30...0x39).contains($0) } ?? false }
    func digits() -> Bool {
      guard isDigit(rest.first) else { return false }
      while isDigit(rest.first) { rest.removeFirst() }
      return true
    }
    if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
    if rest.first == UInt8(ascii: "0") { rest.removeFirst() } else if !digits() { return false }
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      guard digits() else { return false }
    }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest.removeFirst()
      if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
      guard digits() else { return false }
    }
    return rest.isEmpty
  }

  /// Returns a finite number as ECMAScript writes it (ECMA-262, Number::toString), which RFC 8785 prescribes: the
  /// shortest digits that read back as the same binary64 number, without an exponent between 10⁻⁶ and 10²¹, and with an
  /// exponent otherwise.
  package static func text(_ value: Double) -> String {
    precondition(value.isFinite, "JSON cannot represent \(value)")
    if value == 0 { return "0" }
    let (digits, point) = shortestDigits(value.magnitude)
    let sign = value < 0 ? "-" : ""
    switch point {
    case digits.count...21:
      return sign + digits + String(repeating: "0", count: point - digits.count)
    case 1...21:
      return sign + digits.prefix(point) + "." + digits.dropFirst(point)
    case -5...0:
      return sign + "0." + String(repeating: "0", count: -point) + digits
    default:
      let exponent = point - 1
      let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
      return sign + digits.prefix(1) + fraction + (exponent < 0 ? "e-" : "e+") + "\(exponent.magnitude)"
    }
  }

  /// Returns the digits d₁d₂…, without zeros at either end, and the position of the point: value = 0.d₁d₂… × 10^point.
  ///
  /// Swift's `description` gives the shortest digits, and the nearest of these. Only its layout differs from
  /// ECMAScript's.
  private static func shortestDigits(_ value: Double) -> (digits: String, point: Int) {
    var digits: [UInt8] = []
    var (point, exponent) = (0, 0)
    var isFraction = false
    var text = value.description
    text.withUTF8 { bytes in
      for (i, byte) in bytes.enumerated() {
        switch byte {
        case UInt8(ascii: "."): isFraction = true
        case UInt8(ascii: "e"):
          exponent = Int(String(decoding: bytes[(i + 1)...], as: UTF8.self)) ?? 0
          return
        default:
          // Zeros before the first other digit move the point only if they are in the fraction.
          if byte != UInt8(ascii: "0") || !digits.isEmpty { digits.append(byte) }
          if isFraction ? digits.isEmpty : !digits.isEmpty { point += isFraction ? -1 : 1 }
        }
      }
    }
    while digits.last == UInt8(ascii: "0") { digits.removeLast() }
    return (String(decoding: digits, as: UTF8.self), digits.isEmpty ? 0 : point + exponent)
  }
}
