// The JSON writer: the canonical form of RFC 8785, and two forms that keep the order of members.

extension JSONValue {
  /// The canonical form of RFC 8785: no white space, members sorted by the UTF-16 code units of their keys, numbers in
  /// ECMAScript's shortest form, and only the escapes that JSON requires.
  package var canonical: String {
    var out = ""
    write(to: &out, indent: nil, sorted: true)
    return out
  }

  /// A form without white space, with the members in their own order.
  package var compact: String {
    var out = ""
    write(to: &out, indent: nil, sorted: false)
    return out
  }

  /// A form for people, with the members in their own order. The indent is two spaces; arrays without arrays and
  /// objects are on one line.
  package var pretty: String {
    var out = ""
    write(to: &out, indent: 0, sorted: false)
    return out
  }

  private func write(to out: inout String, indent: Int?, sorted: Bool) {
    switch self {
    case .null: out += "null"
    case .bool(let value): out += value ? "true" : "false"
    case .number(let value): out += JSONNumber.text(value)
    case .string(let text): JSONValue.quote(text, to: &out)
    case .array(let elements):
      let inner = elements.allSatisfy(\.isScalar) ? nil : indent
      JSONValue.list(elements, "[", "]", indent: inner, spaced: indent != nil, to: &out) { element, out in
        element.write(to: &out, indent: inner.map { $0 + 1 }, sorted: sorted)
      }
    case .object(let members):
      let ordered =
        sorted ? members.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) } : members
      JSONValue.list(ordered, "{", "}", indent: indent, spaced: indent != nil, to: &out) { member, out in
        JSONValue.quote(member.key, to: &out)
        out += indent == nil ? ":" : ": "
        member.value.write(to: &out, indent: indent.map { $0 + 1 }, sorted: sorted)
      }
    }
  }

  private var isScalar: Bool {
    switch self {
    case .array, .object: false
    default: true
    }
  }

  /// Writes an array or an object.
  private static func list<Item>(
    _ items: [Item], _ open: String, _ close: String, indent: Int?, spaced: Bool, to out: inout String,
    each: (Item, inout String) -> Void
  ) {
    out += open
    for (i, item) in items.enumerated() {
      if i > 0 { out += spaced && indent == nil ? ", " : "," }
      if let indent { out += "\n" + String(repeating: "  ", count: indent + 1) }
      each(item, &out)
    }
    if let indent, !items.isEmpty { out += "\n" + String(repeating: "  ", count: indent) }
    out += close
  }

  /// Writes a string with quotes and escapes.
  private static func quote(_ text: String, to out: inout String) {
    out += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\u{8}": out += "\\b"
      case "\t": out += "\\t"
      case "\n": out += "\\n"
      case "\u{C}": out += "\\f"
      case "\r": out += "\\r"
      case "\0"..<" ":
        let hex = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }
}
