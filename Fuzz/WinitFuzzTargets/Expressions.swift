// The parser of expressions in specs.

import WinitInitializers
import WinitSpec

extension FuzzTarget {
  /// An expression is refused with a reason, or its value is finite and does not change in parentheses.
  static let expression = FuzzTarget("expression") { bytes in
    guard let text = text(bytes) else { return .refused("not UTF-8") }
    let expression: Expression
    do throws(Expression.Failure) { expression = try Expression(parsing: text) } catch {
      try expect(!error.message.isEmpty, "the error has no message")
      return .refused(error.message)
    }
    func value(_ expression: Expression) throws(Expression.Failure) -> Double {
      try expression.value({ $0 == "x" ? 3 : $0 == "fan_in" ? 0.5 : nil }, dims: [7, 0, 1 << 53])
    }
    let number: Double
    do throws(Expression.Failure) { number = try value(expression) } catch { return .refused(error.message) }
    try expect(number.isFinite, "the value is \(number)")
    // The expression in parentheses may exceed the limits of length and depth.
    if let inside = try? Expression(parsing: "(\(text))") {
      try expect(try value(inside) == number, "the value of `\(text)` changes in parentheses")
    }
    return .accepted
  }
}
