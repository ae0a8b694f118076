// Values of rows, whatever stands in them: a file from elsewhere can hold text where a number is due.

import GRDB

extension Row {
  /// The value of a column. (GRDB's subscript ends the process where it is of another kind.)
  ///
  /// - Throws: `ValueOfAnotherKind`, which `Store.read` and `write` make a `StoreError.damaged` of.
  func value<Value: DatabaseValueConvertible>(
    _ column: String, _ type: Value.Type = Value.self
  ) throws -> Value {
    do { return try decode(forColumn: column) } catch is RowDecodingError {
      throw ValueOfAnotherKind(column: column)
    }
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

/// Text where a number is due, or nothing where something is.
struct ValueOfAnotherKind: Error {
  let column: String
}

/// A number that no registry holds.
struct ValueOutOfRange: Error {
  let column: String
  let number: Int
}
