// A finding that a spec allows, with the reason.

package import WinitCore
package import WinitJSON

/// The findings that a spec allows: those of one code about the tensors or layers whose names match a pattern.
package struct AllowedPattern: Sendable {
  package let code: Finding.Code
  /// The pattern on the name of the tensor, or of the layer.
  package let match: Glob
  /// The reason that the spec gives; never empty.
  package let reason: String

  package init(code: Finding.Code, match: Glob = Glob("*"), reason: String) {
    (self.code, self.match, self.reason) = (code, match, reason)
  }

  /// Returns whether a finding is allowed. A finding that names neither a tensor nor a layer is about the whole model,
  /// which only the pattern `*` matches.
  package func allows(_ finding: Finding) -> Bool {
    guard finding.code == code else { return false }
    let names = [finding.tensor, finding.layer].compactMap(\.self)
    return names.isEmpty ? match.text == "*" : names.contains(where: match.matches)
  }

  /// The maximum length of a pattern in bytes: that of a pattern in a spec.
  private static let maximumMatch = 1000

  /// The record.
  package var json: JSONValue {
    ["finding": .string(code.rawValue), "match": .string(match.text), "reason": .string(reason)]
  }

  /// Reads a record; nil for anything else, and for a pattern that a spec cannot have.
  package init?(json: JSONValue) {
    guard let code = json["finding"]?.stringValue.flatMap(Finding.Code.init(rawValue:)),
      let match = json["match"]?.stringValue, match.utf8.count <= AllowedPattern.maximumMatch,
      let reason = json["reason"]?.stringValue
    else { return nil }
    self.init(code: code, match: Glob(match), reason: reason)
  }
}

extension [AllowedPattern] {
  /// Returns the reason of the first pattern that allows a finding; nil if none does.
  package func reason(for finding: Finding) -> String? { first { $0.allows(finding) }?.reason }
}
