// JSON values, with the order of members and the bytes of strings preserved.

/// A JSON value. Objects keep the order of their members. Keys are compared as UTF-8 bytes and never normalized.
package enum JSONValue: Sendable {
  /// `null`
  case null
  /// `true` or `false`
  case bool(Bool)
  /// A binary64 number, which must be finite when it is written.
  case number(Double)
  /// A string.
  case string(String)
  /// An array.
  case array([JSONValue])
  /// An object, whose keys are all different as bytes.
  case object([Member])

  /// A member of an object: a key and its value.
  package struct Member: Sendable {
    /// The key.
    package let key: String
    /// The value.
    package let value: JSONValue

    /// Creates a member.
    package init(_ key: String, _ value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  /// The value of the member with a key, or nil if there is none or this is not an object.
  package subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
  }

  /// The elements, or nil if this is not an array.
  package var arrayValue: [JSONValue]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  /// The members, or nil if this is not an object.
  package var objectValue: [Member]? {
    if case .object(let members) = self { members } else { nil }
  }

  /// The text, or nil if this is not a string.
  package var stringValue: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// The truth value, or nil if this is neither `true` nor `false`.
  package var boolValue: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// The number, or nil if this is not a number.
  package var numberValue: Double? {
    if case .number(let number) = self { number } else { nil }
  }

  /// The number as an integer, or nil if this is not an integer of at most 2⁵³ in magnitude.
  package var integerValue: Int? {
    guard case .number(let number) = self, number.magnitude <= 0x1p53 else { return nil }
    return Int(exactly: number)
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByDictionaryLiteral,
  ExpressibleByArrayLiteral, ExpressibleByIntegerLiteral
{
  /// Creates a string.
  package init(stringLiteral value: String) { self = .string(value) }
  /// Creates `true` or `false`.
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  /// Creates an object whose members have the order of the literal.
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(elements.map { Member($0.0, $0.1) })
  }
  /// Creates an array.
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  /// Creates a number.
  package init(integerLiteral value: Int) { self = .number(Double(value)) }
  /// Creates a number from an integer, which must be at most 2⁵³ in magnitude.
  package static func integer(_ value: Int) -> JSONValue { .number(Double(value)) }
}
