// Vector files: known answers as text, with `#` comments and rows of columns separated by white space.

package import Foundation

/// A row of a vector file.
package struct VectorRow: Sendable, CustomStringConvertible {
  /// The line number of the row, from 1.
  package let line: Int
  package let columns: [String]

  package var description: String { "line \(line)" }

  package subscript(column: Int) -> String { columns[column] }

  /// Reads a column as a decimal number.
  package func decimal(_ column: Int) throws -> UInt64 { try parse(columns[column], radix: 10) }

  /// Reads a column as a hexadecimal number.
  package func hex(_ column: Int) throws -> UInt64 { try parse(columns[column], radix: 16) }

  /// Reads a column as a hexadecimal number of 32 bits.
  package func hex32(_ column: Int) throws -> UInt32 { UInt32(try hex(column)) }

  /// Reads a column as the hexadecimal bits of a binary32 number.
  package func float(_ column: Int) throws -> Float { Float(bitPattern: try hex32(column)) }

  /// Reads a column as the hexadecimal bits of a binary64 number.
  package func double(_ column: Int) throws -> Double { Double(bitPattern: try hex(column)) }

  /// Reads a column as text, given as the hexadecimal digits of its UTF-8 bytes.
  package func text(_ column: Int) -> String { String(decoding: bytes(column), as: UTF8.self) }

  /// Reads a column as bytes in hexadecimal digits.
  package func bytes(_ column: Int) -> [UInt8] {
    var digits = columns[column][...]
    var bytes: [UInt8] = []
    while let byte = UInt8(digits.prefix(2), radix: 16) {
      bytes.append(byte)
      digits = digits.dropFirst(2)
    }
    return bytes
  }

  private func parse(_ text: String, radix: Int) throws -> UInt64 {
    guard let value = UInt64(text, radix: radix) else { throw VectorError(text: text, line: line) }
    return value
  }
}

/// A column of a vector file that cannot be read.
package struct VectorError: Error {
  package let text: String
  package let line: Int
}

/// The files of Tests/Vectors.
package enum VectorFile {
  package static let directory = repository.appending(path: "Tests/Vectors")

  /// The root folder of the repository from which the tests were built.
  package static let repository = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Returns the rows of a file. A file without rows is an error, so that no test passes without data.
  package static func rows(_ name: String) throws -> [VectorRow] {
    let text = try String(contentsOf: directory.appending(path: name), encoding: .utf8)
    var rows: [VectorRow] = []
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let columns = line.split(whereSeparator: \.isWhitespace).map(String.init)
      if let first = columns.first, !first.hasPrefix("#") {
        rows.append(VectorRow(line: number + 1, columns: columns))
      }
    }
    guard !rows.isEmpty else { throw VectorError(text: "no rows in \(name)", line: 0) }
    return rows
  }

  /// Returns the text of a file.
  package static func text(_ name: String) throws -> String {
    try String(contentsOf: directory.appending(path: name), encoding: .utf8)
  }
}
