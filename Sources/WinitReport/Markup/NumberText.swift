// Numbers as text in pages and pictures.

import Foundation

/// Returns a number with four significant digits, such as `0.02000` or `3.052e-5`; a dash for a number that is unknown
/// or not finite.
func numberText(_ number: Double?) -> String {
  guard let number, number.isFinite else { return "–" }
  if number == 0 { return "0" }
  if number.magnitude < 1e15, number == number.rounded(), number.magnitude < 10_000 {
    return String(format: "%.0f", number)
  }
  return shortExponent(String(format: number.magnitude < 1e-3 || number.magnitude >= 1e5 ? "%.3e" : "%#.4g", number))
}

/// Returns a number with at most `digits` significant digits, without zeros at the end, for labels.
func shortNumberText(_ number: Double, digits: Int = 3) -> String {
  guard number.isFinite else { return "–" }
  return shortExponent(String(format: "%.\(digits)g", number))
}

/// Removes the sign and the zeros of an exponent: `1e-05` is `1e-5`.
private func shortExponent(_ text: String) -> String {
  guard let e = text.firstIndex(of: "e"), let exponent = Int(text[text.index(after: e)...]) else {
    return text.hasSuffix(".") ? String(text.dropLast()) : text
  }
  return "\(text[..<e])e\(exponent)"
}

/// Returns an integer with commas between thousands.
func countText(_ count: Int) -> String {
  var digits = String(count.magnitude)
  var groups: [String] = []
  while digits.count > 3 {
    groups.insert(String(digits.suffix(3)), at: 0)
    digits.removeLast(3)
  }
  return (count < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
}

/// Returns a sum that is `Int.max` if it does not fit, for counts of a foreign document.
func saturatingSum(_ numbers: some Sequence<Int>) -> Int {
  numbers.reduce(0) { sum, number in
    let (result, overflow) = sum.addingReportingOverflow(number)
    return overflow ? .max : result
  }
}

/// Returns "1 error" or "2 errors".
func plural(_ count: Int, _ noun: String) -> String { "\(countText(count)) \(noun)\(count == 1 ? "" : "s")" }
