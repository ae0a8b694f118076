// Tensor names, which are compared as bytes.

/// The full name of a tensor. Names are equal if their UTF-8 bytes are equal, and they sort by these bytes.
///
/// Swift compares strings by canonical equivalence, so that the two spellings of `é` are equal. Frameworks, safetensors
/// and SHA-256 see two different names, and so does this type.
package struct TensorName: Sendable, Hashable, Comparable, CustomStringConvertible, ExpressibleByStringLiteral {
  /// The name as text. Its code points are never normalized.
  package let string: String

  /// Creates a name from any text. `problem` says whether a registry accepts the name.
  package init(_ string: String) { self.string = string }

  /// Creates a name from a string literal.
  package init(stringLiteral value: String) { self.string = value }

  /// The name for display. Characters that a terminal would interpret are written as `\u{1B}`.
  package var description: String {
    var out = ""
    for scalar in string.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        out += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }

  /// The reason why a registry does not accept this name, or nil if it does.
  package var problem: String? {
    if string.utf8.isEmpty { return "a tensor needs a name that is not empty" }
    if self == "__metadata__" { return "`__metadata__` is reserved by the safetensors format" }
    if string.utf8.contains(0) { return "the name of a tensor cannot contain the character U+0000" }
    return nil
  }

  /// Returns true if the UTF-8 bytes are equal.
  package static func == (left: TensorName, right: TensorName) -> Bool {
    withBytes(left, right) { $0.count == $1.count && $0.elementsEqual($1) }
  }

  /// Compares the UTF-8 bytes in lexicographic order.
  package static func < (left: TensorName, right: TensorName) -> Bool {
    withBytes(left, right) { $0.lexicographicallyPrecedes($1) }
  }

  /// Hashes the UTF-8 bytes.
  package func hash(into hasher: inout Hasher) {
    var string = string
    string.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    hasher.combine(0xFF as UInt8)
  }

  private static func withBytes<Result>(
    _ left: TensorName, _ right: TensorName, _ body: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    var (left, right) = (left.string, right.string)
    return left.withUTF8 { a in right.withUTF8 { b in body(a, b) } }
  }
}
