// Writing: RFC 8785's canonical bytes, or the same values laid out for people.

extension JSONValue {
  /// The canonical form of RFC 8785: no white space, members sorted by their keys' UTF-16 code units, numbers
  /// in ECMAScript's shortest form, only the escapes JSON demands.
  public var canonical: String {
    var out = ""
    write(to: &out, indent: nil, sorted: true)
    return out
  }

  /// Members in their own order, without white space.
  public var compact: String {
    var out = ""
    write(to: &out, indent: nil, sorted: false)
    return out
  }

  /// Members in their own order, two spaces an indent; arrays of numbers and strings stay on one line.
  public var pretty: String {
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
