// The JSON parser: RFC 8259 without extensions, and without duplicate keys.

extension JSONValue {
  /// Parses UTF-8 bytes.
  ///
  /// The parser is stricter than most: the bytes must be valid UTF-8, an escape must not be a lone surrogate, an object
  /// must not have duplicate keys (compared as bytes), numbers must be finite, and arrays and objects nest at most 64
  /// deep.
  package init(parsing bytes: [UInt8]) throws(JSONError) {
    var parser = JSONParser(bytes, integersOnly: false)
    self = try parser.document()
  }

  /// Parses UTF-8 bytes in which every number must be written as an integer (not 1.0, 1e3 or -0) of at most 2⁵³ in
  /// magnitude.
  package init(parsingIntegers bytes: [UInt8]) throws(JSONError) {
    var parser = JSONParser(bytes, integersOnly: true)
    self = try parser.document()
  }

  /// Parses a text, as `init(parsing:)` parses its UTF-8 bytes.
  package init(parsing text: String) throws(JSONError) {
    try self.init(parsing: Array(text.utf8))
  }
}

/// A recursive-descent parser. Each function reads from `offset` on and moves `offset` behind what it read.
private struct JSONParser {
  static let maximumDepth = 64

  let bytes: [UInt8]
  let integersOnly: Bool
  var offset = 0

  init(_ bytes: [UInt8], integersOnly: Bool) {
    self.bytes = bytes
    self.integersOnly = integersOnly
  }

  mutating func document() throws(JSONError) -> JSONValue {
    let value = try self.value(depth: 0)
    skipSpace()
    guard offset == bytes.count else { throw error(.trailingText) }
    return value
  }

  func error(_ reason: JSONError.Reason, at place: Int? = nil) -> JSONError {
    JSONError(offset: place ?? offset, reason: reason)
  }

  var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
  }

  mutating func take(_ byte: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: byte) else { return false }
    offset += 1
    return true
  }

  mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    guard depth < Self.maximumDepth else { throw error(.tooDeep(limit: Self.maximumDepth)) }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return .object(try object(depth: depth))
    case UInt8(ascii: "["): return .array(try array(depth: depth))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case nil: throw error(.unexpectedEnd)
    default: return .number(try number())
    }
  }

  mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
    let word = Array(text.description.utf8)
    guard bytes[offset...].starts(with: word) else { throw error(.expected(text.description)) }
    offset += word.count
    return value
  }

  mutating func number() throws(JSONError) -> Double {
    let start = offset
    while let byte = next, (0x30...0x39).contains(byte) || "+-.eE".utf8.contains(byte) { offset += 1 }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    guard let value = JSONNumber.parse(text) else {
      throw error(offset == start ? .expected("a value") : .notANumber(text), at: start)
    }
    // Above 2⁵³ different integers have the same binary64 value.
    guard !integersOnly || Int(text).map({ $0.magnitude <= (1 << 53) && text != "-0" }) == true else {
      throw error(.notAnInteger(text), at: start)
    }
    return value
  }

  mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
    offset += 1
    var elements: [JSONValue] = []
    skipSpace()
    if take("]") { return elements }
    repeat {
      elements.append(try value(depth: depth + 1))
      skipSpace()
    } while take(",")
    guard take("]") else { throw error(.expected("`,` or `]`")) }
    return elements
  }

  mutating func object(depth: Int) throws(JSONError) -> [JSONValue.Member] {
    offset += 1
    var members: [JSONValue.Member] = []
    var seen: Set<[UInt8]> = []
    skipSpace()
    if take("}") { return members }
    repeat {
      skipSpace()
      let place = offset
      guard next == UInt8(ascii: "\"") else { throw error(.expected("a key in quotes")) }
      let key = try string()
      guard isNew(key, among: members, &seen) else { throw error(.duplicateKey(key), at: place) }
      skipSpace()
      guard take(":") else { throw error(.expected("`:`")) }
      members.append(.init(key, try value(depth: depth + 1)))
      skipSpace()
    } while take(",")
    guard take("}") else { throw error(.expected("`,` or `}`")) }
    return members
  }

  /// Returns whether no member has a key. The keys of a large object are kept in a set; in a small object, which most
  /// are, they are compared one by one.
  private func isNew(_ key: String, among members: [JSONValue.Member], _ seen: inout Set<[UInt8]>) -> Bool {
    let limit = 16
    if members.count < limit { return !members.contains { $0.key.utf8.elementsEqual(key.utf8) } }
    if members.count == limit { for member in members { seen.insert(Array(member.key.utf8)) } }
    return seen.insert(Array(key.utf8)).inserted
  }

  mutating func string() throws(JSONError) -> String {
    let start = offset
    offset += 1
    // A string without escapes is a range of the bytes.
    while let byte = next, byte >= 0x20, byte != UInt8(ascii: "\\") {
      offset += 1
      guard byte == UInt8(ascii: "\"") else { continue }
      guard let string = String(validating: bytes[start + 1..<offset - 1], as: UTF8.self) else {
        throw error(.notUTF8, at: start)
      }
      return string
    }
    offset = start + 1
    var text: [UInt8] = []
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        offset += 1
        guard let string = String(validating: text, as: UTF8.self) else {
          throw error(.notUTF8, at: start)
        }
        return string
      case UInt8(ascii: "\\"):
        try escape(into: &text)
      case 0..<0x20: throw error(.controlCharacter)
      default:
        text.append(byte)
        offset += 1
      }
    }
    throw error(.unterminatedString, at: start)
  }

  mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    let place = offset
    offset += 1
    let escaped = next
    offset += 1
    switch escaped {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(bytes[offset - 1])
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hex4(at: place)
      if (0xD800..<0xDC00).contains(code), offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"),
        bytes[offset + 1] == UInt8(ascii: "u")
      {
        offset += 2
        let low = try hex4(at: place)
        guard (0xDC00..<0xE000).contains(low) else { throw error(.loneSurrogate, at: place) }
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error(.loneSurrogate, at: place) }
      text.append(contentsOf: String(scalar).utf8)
    default: throw error(.unknownEscape, at: place)
    }
  }

  mutating func hex4(at place: Int) throws(JSONError) -> UInt32 {
    guard offset + 4 <= bytes.count else { throw error(.incompleteEscape, at: place) }
    var code: UInt32 = 0
    for byte in bytes[offset..<offset + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw error(.notHexadecimal, at: place)
      }
      code = code << 4 | UInt32(digit)
    }
    offset += 4
    return code
  }
}
