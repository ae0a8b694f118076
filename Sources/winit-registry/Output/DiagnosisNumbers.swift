// Numbers of a diagnosis in a table: three digits, and a range where the tensors of a family differ.

import Foundation

/// Formats a number with three significant digits: `0.0200`, `1.24`, `-3.1e-05`.
func significant(_ value: Double?) -> String {
  guard let value, value.isFinite else { return "" }
  if value == 0 { return "0" }
  let size = abs(value)
  if size < 1e-3 || size >= 1e5 { return String(format: "%.1e", value) }
  let digits = max(0, 2 - Int(log10(size).rounded(.down)))
  return String(format: "%.\(digits)f", value)
}

/// Formats the numbers of a family: one number if they print alike, else the lowest and the highest.
func range(of values: [Double]) -> String {
  guard let low = values.min(), let high = values.max() else { return "" }
  let texts = (significant(low), significant(high))
  return texts.0 == texts.1 ? texts.0 : "\(texts.0) to \(texts.1)"
}
