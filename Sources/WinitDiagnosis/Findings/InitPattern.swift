// Whether a rule of a spec names a tensor, or matches it among others.

/// The pattern of the rule that gave a tensor its init.
package enum InitPattern {
  /// The last parts of names that say nothing about the module.
  private static let commonNames: Set<String> = ["weight", "kernel", "bias", "embedding", "w", "b"]

  /// Returns whether a rule with this pattern names the module of a tensor, so that a constant init is meant for it.
  /// `*.c_proj.weight` and `head.*` name a module. `*`, `*.weight` and `h.{i}.*` match whatever is there: a weight
  /// whose own rule is misspelled falls to such a rule.
  ///
  /// - Parameters:
  ///   - pattern: the pattern of the rule; nil for the own entry of the tensor, which names it.
  ///   - isPreset: whether the rule is one of a preset, which was written for the names of one library.
  package static func namesTensor(_ pattern: String?, isPreset: Bool) -> Bool {
    guard let pattern, !isPreset else { return true }
    guard pattern.contains(where: { "*?{".contains($0) }) else { return true }
    var parts = pattern.split(separator: ".").map(String.init)
    if let last = parts.last, commonNames.contains(last) || commonNames.contains(String(last.drop { $0 == "*" })) {
      parts.removeLast()
    }
    while let last = parts.last, isWildcard(last) { parts.removeLast() }
    // What remains ends with the name of a module, unless a number or a list of blocks was removed.
    guard let module = parts.last else { return false }
    return isModule(module) && pattern.split(separator: ".").count - parts.count <= 1
  }

  private static func isWildcard(_ part: String) -> Bool {
    part.allSatisfy { $0 == "*" || $0 == "?" } || (part.hasPrefix("{") && part.hasSuffix("}"))
  }

  private static func isModule(_ part: String) -> Bool { part.contains { $0.isLetter } && !part.hasPrefix("{") }
}
