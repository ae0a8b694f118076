// The names of tensors in order, in which the numbers of repeats are found.

package import WinitCore

/// The names of the tensors of a model, sorted by their bytes.
package struct NameIndex: Sendable {
  /// The names in order.
  package let names: [TensorName]

  package init(_ names: some Sequence<TensorName>) { self.names = names.sorted() }

  /// Returns the numbers n, in order, for which the name of a tensor begins with `head`, n in decimal digits, and
  /// `tail`. A number with a leading zero is none.
  package func numbers(head: String, tail: String) -> [Int] {
    let (start, tail) = (head.utf8.count, Array(tail.utf8))
    var found: Set<Int> = []
    for name in names(after: head).lazy.map(\.string.utf8) {
      let digits = name.dropFirst(start).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      guard name.dropFirst(start + digits.count).starts(with: tail), digits.count == 1 || digits.first != 0x30,
        let number = Int(String(Substring(digits)))
      else { continue }
      found.insert(number)
    }
    return found.sorted()
  }

  /// Returns the names that begin with a prefix.
  package func names(after prefix: String) -> ArraySlice<TensorName> {
    let bytes = Array(prefix.utf8)
    return names[firstIndex(of: bytes)...].prefix { $0.string.utf8.starts(with: bytes) }
  }

  /// Returns the index of the first name that is not before a prefix.
  private func firstIndex(of prefix: [UInt8]) -> Int {
    var (low, high) = (0, names.count)
    while low < high {
      let middle = (low + high) / 2
      if names[middle].string.utf8.lexicographicallyPrecedes(prefix) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// The prefix of a repeat: a text with one number, such as `h.{i}`.
package struct NumberedPrefix: Sendable, Hashable {
  /// The text before the number.
  package let head: String
  /// The text after the number, which ends with a dot or a slash.
  package let tail: String
  /// The name of the number.
  package let variable: String

  /// Returns the prefix with a number.
  package func text(_ number: Int) -> String { "\(head)\(number)\(tail)" }

  /// Returns the prefix with another head, after a text.
  package func after(_ text: String, head: String) -> NumberedPrefix {
    NumberedPrefix(head: text + head, tail: tail, variable: variable)
  }

  private init(head: String, tail: String, variable: String) {
    (self.head, self.tail, self.variable) = (head, tail, variable)
  }

  /// Parses a prefix; nil if it has not exactly one `{name}`.
  package init?(_ text: String) {
    let parts = text.split(separator: "{", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    let rest = parts[1].split(separator: "}", omittingEmptySubsequences: false)
    guard rest.count == 2, let first = rest[0].first, first.isLetter || first == "_",
      rest[0].allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
    else { return nil }
    head = String(parts[0])
    variable = String(rest[0])
    tail = prefixText(String(rest[1]))
  }
}

/// Returns a prefix with the dot that separates it from a name, unless it ends with a dot or a slash.
private func prefixText(_ prefix: String) -> String {
  prefix.hasSuffix(".") || prefix.hasSuffix("/") ? prefix : prefix + "."
}
