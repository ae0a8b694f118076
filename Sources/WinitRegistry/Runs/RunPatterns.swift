// Conditions on runs as a user types them: patterns, negations, and digits of an id.

import WinitCore
import WinitJSON
package import WinitStorage

/// Conditions on the metadata and the id of runs. A run must meet all of them.
///
/// In a pattern `*` stands for any characters and `?` for one; `\*` and `\?` stand for the characters themselves. A
/// condition that begins with `!` is met by the runs that do not match, and `\!` stands for the character itself.
package struct RunPatterns: Sendable {
  /// Patterns that the name must not match.
  package private(set) var excludedNames: [TextPattern] = []
  /// The first hexadecimal digits of the id: each of them must fit.
  package private(set) var idPrefixes: [String] = []
  package private(set) var experiments: [TextCondition] = []
  package private(set) var tags: [TagCondition] = []
  package private(set) var notes: [TextCondition] = []

  package init() {}

  /// Adds a pattern that the name must not match.
  package mutating func excludeName(_ pattern: some StringProtocol) {
    excludedNames.append(TextPattern(parsing: pattern))
  }

  /// Adds a condition on the experiment: `sweep-*`, or `!sweep-*`, which runs without an experiment meet too.
  package mutating func addExperiment(_ text: String) { experiments.append(condition(text)) }

  /// Adds a condition on the note: a pattern of a part of it. The case of ASCII letters does not count.
  package mutating func addNote(_ text: String) { notes.append(condition(text)) }

  /// Adds a condition on the tags: `KEY=VALUE`, `KEY` for any value, `!KEY=VALUE` or `!KEY` for runs without such a
  /// tag. Both parts are patterns.
  package mutating func addTag(_ text: String) {
    let (isNegated, rest) = negation(text)
    let parts = rest.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let value = parts.count == 2 ? TextPattern(parsing: parts[1]) : nil
    tags.append(TagCondition(key: TextPattern(parsing: parts[0]), value: value, isNegated: isNegated))
  }

  /// Adds a condition on the id: `sha256:e6dc`, or the first digits alone.
  ///
  /// - Throws: `RegistryError` with the code `invalidReference` for a text that is not the beginning of an id.
  package mutating func addID(_ text: String) throws {
    let digits = text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : text
    guard case .id(let prefix, _) = try? RunReference(parsing: "sha256:" + digits) else {
      throw RegistryError(
        .invalidReference,
        "\(quoted: text) is not the beginning of an id. Write sha256:… or its first hexadecimal digits", subject: text)
    }
    idPrefixes.append(prefix)
  }

  private func condition(_ text: String) -> TextCondition {
    let (isNegated, rest) = negation(text)
    return TextCondition(TextPattern(parsing: rest), isNegated: isNegated)
  }

  private func negation(_ text: String) -> (isNegated: Bool, rest: Substring) {
    let scalars = text.unicodeScalars
    if scalars.first == "!" { return (true, Substring(scalars.dropFirst())) }
    return (false, Substring(scalars.starts(with: "\\!".unicodeScalars) ? scalars.dropFirst() : scalars[...]))
  }
}
