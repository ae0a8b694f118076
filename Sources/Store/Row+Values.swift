// Values of rows, whatever stands in them: a file from elsewhere can hold text where a number is due.

import GRDB

extension Row {
  /// The value of a column. (GRDB's subscript ends the process where it is of another kind.)
  ///
  /// - Throws: `RowDecodingError`, which `Store.read` and `write` make a `StoreError.damaged` of.
  func value<Value: DatabaseValueConvertible>(
    _ column: String, _ type: Value.Type = Value.self
  ) throws -> Value {
    try decode(forColumn: column)
  }

  /// A number of a column that must lie in a range.
  ///
  /// - Throws: `ValueOutOfRange`.
  func number(_ column: String, in range: ClosedRange<Int>) throws -> Int {
    let number: Int = try value(column)
    guard range.contains(number) else { throw ValueOutOfRange(column: column, number: number) }
    return number
  }
}

/// A number that no registry holds.
struct ValueOutOfRange: Error {
  let column: String
  let number: Int
}
