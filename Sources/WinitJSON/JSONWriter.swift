// The JSON writer: the canonical form of RFC 8785, and two forms that keep the order of members.

extension JSONValue {
  /// The canonical form of RFC 8785: no white space, members sorted by the UTF-16 code units of their keys, numbers in
  /// ECMAScript's shortest form, and only the escapes that JSON requires.
  package var canonical: String { JSONWriter.text(of: self, indent: nil, sorted: true) }

  /// A form without white space, with the members in their own order.
  package var compact: String { JSONWriter.text(of: self, indent: nil, sorted: false) }

  /// A form for people, with the members in their own order. The indent is two spaces; arrays without arrays and
  /// objects are on one line.
  package var pretty: String { JSONWriter.text(of: self, indent: 0, sorted: false) }

  fileprivate var isScalar: Bool {
    switch self {
    case .array, .object: false
    default: true
    }
  }
}

/// Appends the bytes of values, because a manifest has millions of characters and appending each to a `String` is slow.
private struct JSONWriter {
  private var out: [UInt8] = []
  private let sorted: Bool

  static func text(of value: JSONValue, indent: Int?, sorted: Bool) -> String {
    var writer = JSONWriter(sorted: sorted)
    writer.write(value, indent: indent)
    return String(decoding: writer.out, as: UTF8.self)
  }

  private init(sorted: Bool) { self.sorted = sorted }

  private mutating func write(_ value: JSONValue, indent: Int?) {
    switch value {
    case .null: append("null")
    case .bool(let value): append(value ? "true" : "false")
    case .number(let value): write(value)
    case .string(let text): quote(text)
    case .array(let elements):
      let inner = elements.allSatisfy(\.isScalar) ? nil : indent
      out.append(UInt8(ascii: "["))
      for (i, element) in elements.enumerated() {
        separate(i, indent: inner, spaced: indent != nil)
        write(element, indent: inner.map { $0 + 1 })
      }
      close("]", isEmpty: elements.isEmpty, indent: inner)
    case .object(let members):
      out.append(UInt8(ascii: "{"))
      for (i, member) in (sorted ? inOrder(members) : members).enumerated() {
        separate(i, indent: indent, spaced: indent != nil)
        quote(member.key)
        append(indent == nil ? ":" : ": ")
        write(member.value, indent: indent.map { $0 + 1 })
      }
      close("}", isEmpty: members.isEmpty, indent: indent)
    }
  }

  private mutating func append(_ text: StaticString) {
    out.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Writes what is before an item of an array or an object.
  private mutating func separate(_ index: Int, indent: Int?, spaced: Bool) {
    if index > 0 { append(spaced && indent == nil ? ", " : ",") }
    if let indent { startLine(indent + 1) }
  }

  private mutating func close(_ bracket: Unicode.Scalar, isEmpty: Bool, indent: Int?) {
    if let indent, !isEmpty { startLine(indent) }
    out.append(UInt8(ascii: bracket))
  }

  private mutating func startLine(_ indent: Int) {
    out.append(UInt8(ascii: "\n"))
    for _ in 0..<indent { append("  ") }
  }

  /// Returns members in the order of the UTF-16 code units of their keys. Most members are written in this order
  /// already, and are not sorted again.
  private func inOrder(_ members: [JSONValue.Member]) -> [JSONValue.Member] {
    let isOrdered = zip(members, members.dropFirst()).allSatisfy { !Self.precedes($1.key, $0.key) }
    return isOrdered ? members : members.sorted { Self.precedes($0.key, $1.key) }
  }

  /// Compares keys by their UTF-16 code units. Where the first difference is in ASCII, bytes have the same order.
  private static func precedes(_ a: String, _ b: String) -> Bool {
    var (left, right) = (a.utf8.makeIterator(), b.utf8.makeIterator())
    while true {
      switch (left.next(), right.next()) {
      case (_, nil): return false
      case (nil, _): return true
      case (let x?, let y?) where x != y:
        return x < 0x80 && y < 0x80 ? x < y : a.utf16.lexicographicallyPrecedes(b.utf16)
      default: break
      }
    }
  }

  private mutating func write(_ number: Double) {
    guard number.magnitude < 0x1p53, var rest = Int(exactly: number) else {
      out.append(contentsOf: JSONNumber.text(number).utf8)
      return
    }
    if rest < 0 { out.append(UInt8(ascii: "-")) }
    let start = out.count
    repeat {
      out.append(UInt8(ascii: "0") + UInt8((rest % 10).magnitude))
      rest /= 10
    } while rest != 0
    out[start...].reverse()
  }

  /// Writes a string with quotes and escapes.
  private mutating func quote(_ text: String) {
    out.append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { bytes in
      var start = 0
      for (i, byte) in bytes.enumerated()
      where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        out.append(contentsOf: bytes[start..<i])
        escape(byte)
        start = i + 1
      }
      out.append(contentsOf: bytes[start...])
    }
    out.append(UInt8(ascii: "\""))
  }

  private mutating func escape(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""): append("\\\"")
    case UInt8(ascii: "\\"): append("\\\\")
    case 0x08: append("\\b")
    case 0x09: append("\\t")
    case 0x0A: append("\\n")
    case 0x0C: append("\\f")
    case 0x0D: append("\\r")
    default:
      append(byte < 0x10 ? "\\u000" : "\\u00")
      out.append(contentsOf: String(byte, radix: 16).utf8)
    }
  }
}
