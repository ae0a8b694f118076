// A tensor's name, compared as bytes.

/// A tensor's full name. Two names are the same when their UTF-8 bytes are; they sort by those bytes.
///
/// Swift compares strings by canonical equivalence, under which the two spellings of `é` are one
/// string. Frameworks, safetensors and SHA-256 all see two names, so this type does too.
public struct TensorName: Sendable, Hashable, Comparable, CustomStringConvertible, ExpressibleByStringLiteral
{
  /// The name as text, with its code points as given, never normalized.
  public let string: String

  /// Makes a name of any text. Whether it is allowed in a registry is `problem`.
  public init(_ string: String) { self.string = string }

  /// Makes a name from a literal.
  public init(stringLiteral value: String) { self.string = value }

  /// The name for people: characters that a terminal would act upon are written as `\u{1B}`.
  public var description: String {
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

  /// Why a registry cannot hold this name, or nil where it can.
  public var problem: String? {
    if string.utf8.isEmpty { return "a tensor needs a name that is not empty" }
    if self == "__metadata__" { return "`__metadata__` is reserved by the safetensors format" }
    if string.utf8.contains(0) { return "a tensor's name cannot hold the character U+0000" }
    return nil
  }

  /// True where the UTF-8 bytes are the same.
  public static func == (left: TensorName, right: TensorName) -> Bool {
    left.string.utf8.elementsEqual(right.string.utf8)
  }

  /// Orders by the UTF-8 bytes.
  public static func < (left: TensorName, right: TensorName) -> Bool {
    left.string.utf8.lexicographicallyPrecedes(right.string.utf8)
  }

  /// Hashes the UTF-8 bytes.
  public func hash(into hasher: inout Hasher) {
    for byte in string.utf8 { hasher.combine(byte) }
  }
}
