// The names that the rules of a preset see.

import WinitCore

/// The tensors to which a preset applies: those whose names begin with a prefix. The rules of the preset see these
/// names without the prefix, and no other names.
struct PresetScope {
  /// The prefix; empty if a preset applies to all names.
  var prefix = ""
  /// Longer prefixes under which there is another model of the same library.
  var excluded: [String] = []
  /// The source of the prefix; nil if the preset applies under any name.
  var source: PlannedPreset.Source?
  /// Whether a tensor has a name that identifies the preset, or no name has to.
  var isIdentified = true

  /// Returns the name that the rules of the preset see; nil for a tensor to which the preset does not apply.
  func name(_ name: String) -> String? {
    guard !prefix.isEmpty || !excluded.isEmpty else { return name }
    guard name.utf8.starts(with: prefix.utf8), !excluded.contains(where: { name.utf8.starts(with: $0.utf8) }) else {
      return nil
    }
    return String(Substring(name.utf8.dropFirst(prefix.utf8.count)))
  }

  /// Returns the prefixes under which names match a pattern that begins with a name. A prefix ends with a dot or a
  /// slash.
  static func prefixes(_ names: [String], _ glob: Glob) -> [String] {
    var found: Set<String> = []
    for name in names {
      let bytes = name.utf8
      var start: Substring.UTF8View.Index? = bytes.startIndex
      while let begin = start {
        let rest = bytes[begin...]
        if rest.starts(with: glob.start.utf8), glob.matches(String(Substring(rest))) {
          found.insert(String(Substring(bytes[..<begin])))
        }
        let separator = rest.firstIndex { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "/") }
        start = separator.map { bytes.index(after: $0) }
      }
    }
    return found.sorted()
  }
}
