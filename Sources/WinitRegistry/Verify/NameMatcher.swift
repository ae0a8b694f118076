// Names of tensors in a run and in a checkpoint: patterns and prefixes.

import WinitCore
import WinitJSON
import WinitSpec

/// Selects tensors by their names, and compares names without a prefix.
struct NameMatcher {
  private let patterns: [Glob]
  private let prefix: String?

  /// - Throws: `RegistryError` with the code `tensorNotFound` if a pattern matches no tensor, or `invalidArgument` if
  ///   no name has the prefix, or names are equal without it.
  init(_ options: ComparisonOptions, _ tensors: [TensorName], _ file: [TensorName], _ run: Run) throws {
    patterns = options.tensors.map { Glob($0) }
    prefix = options.strippedPrefix
    for pattern in patterns where !tensors.contains(where: { pattern.captured($0.string) != nil }) {
      throw RegistryError.tensorNotFound(
        TensorName(pattern.text), run: run.reference,
        suggestion: nearest(to: pattern.text, in: tensors.map(\.string)))
    }
    guard let prefix else { return }
    guard !prefix.isEmpty, (tensors + file).contains(where: { key($0) != $0 }) else {
      throw RegistryError.invalidArgument("no name of the file or of \(run.reference) begins with \(quoted: prefix)")
    }
    for (names, place) in [(tensors, run.reference), (Array(Set(file)), "the file")] {
      var seen: [TensorName: TensorName] = [:]
      for name in names {
        guard let other = seen.updateValue(name, forKey: key(name)) else { continue }
        throw RegistryError.invalidArgument(
          "without \(quoted: prefix), the tensors \(quoted: other) and \(quoted: name) of \(place) have the same name")
      }
    }
  }

  /// Returns a name without the prefix.
  func key(_ name: TensorName) -> TensorName {
    guard let prefix, let rest = name.dropping(prefix: prefix) else { return name }
    return rest
  }

  /// Returns whether a pattern matches the name, or there are no patterns.
  func isSelected(_ name: TensorName) -> Bool {
    patterns.isEmpty
      || patterns.contains { $0.captured(name.string) != nil || $0.captured(key(name).string) != nil }
  }

  /// Returns the prefix by which the unexpected names of a file differ from names of a run, as a likely cause. Most of
  /// these names must differ by the prefix alone; others, such as a tied head, need not be in the run.
  func prefixCause(_ unexpected: [TensorName], _ tensors: [TensorName]) -> String? {
    let known = Set(tensors)
    func isCause(_ fits: (TensorName) -> Bool) -> Bool { 2 * unexpected.count(where: fits) > unexpected.count }
    var tried: Set<String> = []
    for name in unexpected.prefix(8) {
      for tensor in tensors {
        if let prefix = name.prefix(before: tensor), tried.insert("file " + prefix).inserted,
          unexpected.allSatisfy({ $0.dropping(prefix: prefix) != nil }),
          isCause({ $0.dropping(prefix: prefix).map(known.contains) ?? false })
        {
          return cause(prefix, of: "the file", not: "the run")
        }
        if let prefix = tensor.prefix(before: name), tried.insert("run " + prefix).inserted,
          isCause({ known.contains(TensorName(prefix + $0.string)) })
        {
          return cause(prefix, of: "the run", not: "the file")
        }
      }
    }
    return nil
  }

  private func cause(_ prefix: String, of one: String, not other: String) -> String {
    "the names of \(one) begin with \(quoted: prefix), and those of \(other) do not; --strip-prefix '\(prefix)' compares them"
  }
}

extension TensorName {
  /// Returns the rest of the name after a prefix; nil if the name does not begin with it, or is the prefix.
  fileprivate func dropping(prefix: String) -> TensorName? {
    let bytes = string.utf8
    guard bytes.count > prefix.utf8.count, bytes.starts(with: prefix.utf8) else { return nil }
    return TensorName(String(decoding: bytes.dropFirst(prefix.utf8.count), as: UTF8.self))
  }

  /// Returns what the name has before another name; nil if it does not end with it, or is equal.
  fileprivate func prefix(before other: TensorName) -> String? {
    let (bytes, end) = (string.utf8, other.string.utf8)
    guard bytes.count > end.count, bytes.suffix(end.count).elementsEqual(end) else { return nil }
    return String(decoding: bytes.dropLast(end.count), as: UTF8.self)
  }
}
