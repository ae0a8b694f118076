// Numbers in the messages of findings.

import Foundation

/// The text of numbers in messages.
enum NumberText {
  /// A number with three significant digits: `0.408`, `1.7e-6`, `12.5`.
  static func of(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-inf" : "inf" }
    if value == value.rounded(), abs(value) < 100_000 { return String(Int(value)) }
    let text = String(format: "%.3g", value)
    guard let mark = text.firstIndex(of: "e") else { return text }
    let exponent = Int(text[text.index(after: mark)...]) ?? 0
    return "\(text[..<mark])e\(exponent)"
  }

  /// A range of numbers: `0.41 to 0.58`, or one number where both have the same text.
  static func range(_ values: [Double]) -> String {
    guard let low = values.min(), let high = values.max() else { return "" }
    let (first, last) = (of(low), of(high))
    return first == last ? first : "\(first) to \(last)"
  }

  /// A count with commas: `9,216`.
  static func count(_ value: Int) -> String {
    var digits = String(value.magnitude)
    var groups: [Substring] = []
    while digits.count > 3 {
      groups.insert(digits.suffix(3), at: 0)
      digits.removeLast(3)
    }
    return (value < 0 ? "-" : "") + ([Substring(digits)] + groups).joined(separator: ",")
  }
}
