// Trees written as formulas.

import WinitCore

extension ExpressionTree {
  static func + (left: Self, right: Self) -> Self { .binary(.add, left, right) }
  static func - (left: Self, right: Self) -> Self { .binary(.subtract, left, right) }
  static func * (left: Self, right: Self) -> Self { .binary(.multiply, left, right) }
  static func / (left: Self, right: Self) -> Self { .binary(.divide, left, right) }
  static prefix func - (operand: Self) -> Self { .unary(.negate, operand) }

  static func min(_ left: Self, _ right: Self) -> Self { .binary(.min, left, right) }
  static func max(_ left: Self, _ right: Self) -> Self { .binary(.max, left, right) }
  static func pow(_ base: Self, _ exponent: Self) -> Self { .binary(.pow, base, exponent) }
  static func floor(_ operand: Self) -> Self { .unary(.floor, operand) }
  static func exp(_ operand: Self) -> Self { .unary(.exp, operand) }
  static func expm1(_ operand: Self) -> Self { .unary(.expm1, operand) }
  static func log(_ operand: Self) -> Self { .unary(.log, operand) }
  static func sin(_ operand: Self) -> Self { .unary(.sin, operand) }
  static func cos(_ operand: Self) -> Self { .unary(.cos, operand) }
}
