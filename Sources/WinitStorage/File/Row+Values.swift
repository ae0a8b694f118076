// Checked values of rows: a file from elsewhere can hold text where a number is expected.

import GRDB

extension Row {
  /// Returns the value of a column. (GRDB's subscript ends the process if the value has an unexpected type.)
  ///
  /// - Throws: `UnexpectedValueType`, which `Store.read` and `Store.write` translate to `StoreError.damaged`.
  func value<Value: DatabaseValueConvertible>(
    _ column: String, _ type: Value.Type = Value.self
  ) throws -> Value {
    do { return try decode(forColumn: column) } catch is RowDecodingError {
      throw UnexpectedValueType(column: column)
    }
  }

  /// Returns the number in a column, which must be in a range.
  ///
  /// - Throws: `UnexpectedValueType` or `ValueOutOfRange`, which `Store.read` and `Store.write` translate to
  ///   `StoreError.damaged`.
  func number(_ column: String, in range: ClosedRange<Int>) throws -> Int {
    let number: Int = try value(column)
    guard range.contains(number) else { throw ValueOutOfRange(column: column, number: number) }
    return number
  }
}

/// A value of a type that its column never has in a registry, such as text for a number, or NULL.
struct UnexpectedValueType: Error {
  let column: String
}

/// A number that its column never has in a registry.
struct ValueOutOfRange: Error {
  let column: String
  let number: Int
}
