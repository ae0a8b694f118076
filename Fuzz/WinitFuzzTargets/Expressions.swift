// Arithmetic in a spec.

import WinitSpec

extension FuzzTarget {
  /// An expression has a value that is finite, the same each time, or says why not; white space at its ends is nothing.
  static let expression = FuzzTarget("expression") { bytes in
    guard let text = text(bytes) else { return .refused("no text") }
    let expression: Expression
    do throws(Expression.Failure) { expression = try Expression(parsing: text) } catch {
      try expect(!error.message.isEmpty, "no reason")
      return .refused(error.message)
    }
    func value(_ expression: Expression) throws(Expression.Failure) -> Double {
      try expression.value({ $0 == "x" ? 3 : $0 == "fan_in" ? 0.5 : nil }, dims: [7, 0, 1 << 53])
    }
    let number: Double
    do throws(Expression.Failure) { number = try value(expression) } catch { return .refused(error.message) }
    try expect(number.isFinite, "the value is \(number)")
    // Within what is allowed of length and depth.
    if let inside = try? Expression(parsing: "(\(text))") {
      try expect(try value(inside) == number, "`\(text)` has another value in parentheses")
    }
    return .accepted
  }
}
