// Records in SQLite's file format: the types of their values, and the values.

import Foundation
import GRDB

/// A value of a record.
enum RecordValue: Equatable {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)
  case blob([UInt8])

  var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
  var text: String? { if case .text(let value) = self { value } else { nil } }
  var blob: [UInt8]? { if case .blob(let value) = self { value } else { nil } }

  /// The value for a statement.
  var databaseValue: DatabaseValue {
    switch self {
    case .null: .null
    case .integer(let value): value.databaseValue
    case .real(let value): value.databaseValue
    case .text(let value): value.databaseValue
    case .blob(let value): Data(value).databaseValue
    }
  }
}

/// The type of a value of a record.
enum RecordType: Equatable {
  case null
  /// A number of 0 to 8 bytes. One of no bytes is 0 or 1, as the type itself says.
  case integer(byteCount: Int, constant: Int64)
  case real
  case text(Int)
  case blob(Int)

  init?(_ code: Int64) {
    switch code {
    case 0: self = .null
    case 1...4: self = .integer(byteCount: Int(code), constant: 0)
    case 5: self = .integer(byteCount: 6, constant: 0)
    case 6: self = .integer(byteCount: 8, constant: 0)
    case 7: self = .real
    case 8, 9: self = .integer(byteCount: 0, constant: code - 8)
    case 12...(2 * Int64(Store.maximumValueSize) + 13):
      self = code.isMultiple(of: 2) ? .blob(Int(code - 12) / 2) : .text(Int(code - 13) / 2)
    default: return nil
    }
  }

  var byteCount: Int {
    switch self {
    case .null: 0
    case .integer(let count, _), .text(let count), .blob(let count): count
    case .real: 8
    }
  }

  var isInteger: Bool { if case .integer = self { true } else { false } }
  var isText: Bool { if case .text = self { true } else { false } }
}

/// The header of a record: the types of its values.
struct RecordHeader {
  let types: [RecordType]
  /// The size of the header, behind which the values begin, in bytes.
  let byteCount: Int

  /// The maximum number of columns of a table of a registry.
  private static let maximumColumnCount = 32

  /// Reads a header; nil if it is not one of a record of this size.
  init?(_ bytes: ArraySlice<UInt8>, recordSize: Int) {
    var position = bytes.startIndex
    guard let size = bytes.varint(&position, end: bytes.endIndex), size >= 1, size <= bytes.count else { return nil }
    byteCount = Int(size)
    let end = bytes.startIndex + byteCount
    var (types, total) = ([RecordType](), byteCount)
    while position < end {
      guard types.count < RecordHeader.maximumColumnCount, let code = bytes.varint(&position, end: end),
        let type = RecordType(code)
      else { return nil }
      types.append(type)
      total += type.byteCount
    }
    guard total == recordSize else { return nil }
    self.types = types
  }

  /// Returns the values of a record with this header; nil if a text is not UTF-8.
  func values(_ record: [UInt8]) -> [RecordValue]? {
    var (values, position) = ([RecordValue](), byteCount)
    for type in types {
      guard position + type.byteCount <= record.count else { return nil }
      let bytes = record[position..<position + type.byteCount]
      position += type.byteCount
      switch type {
      case .null: values.append(.null)
      case .integer(0, let constant): values.append(.integer(constant))
      case .integer:
        // The first byte has the sign.
        let start: Int64 = (bytes.first ?? 0) >= 0x80 ? -1 : 0
        values.append(.integer(bytes.reduce(start) { $0 << 8 | Int64($1) }))
      case .real: values.append(.real(Double(bitPattern: bytes.reduce(0) { $0 << 8 | UInt64($1) })))
      case .text:
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        values.append(.text(text))
      case .blob: values.append(.blob(Array(bytes)))
      }
    }
    return values
  }
}
