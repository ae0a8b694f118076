// Reads `allow:`.

import WinitCore
import WinitDiagnosis

extension SpecReader {
  /// Reads a list of `{finding: CODE, match: PATTERN, reason: TEXT}`.
  mutating func allowed(_ node: SpecNode) -> [AllowedPattern] {
    guard let nodes = node.sequence else {
      report(
        .wrongType, node.line,
        "allow is \(node.summary); it must be a list: `- {finding: dead-units, match: \"h.*\", reason: \"…\"}`")
      return []
    }
    return nodes.compactMap { allowed(entry: $0) }
  }

  private mutating func allowed(entry node: SpecNode) -> AllowedPattern? {
    var (code, match, reason) = (Finding.Code?.none, Glob("*"), String?.none)
    let before = diagnostics.count
    for (key, node) in members(of: node, known: ["finding", "match", "reason"], what: "an entry of allow") {
      switch key {
      case "finding": code = finding(node)
      case "match": match = glob(node) ?? match
      default: reason = word(node, "reason")
      }
    }
    if let code, let reason, diagnostics.count == before {
      if !reason.allSatisfy(\.isWhitespace) { return AllowedPattern(code: code, match: match, reason: reason) }
      report(.missingKey, node.line, "the reason is empty. Say why the finding is no fault of this model")
    } else if diagnostics.count == before {
      report(
        .missingKey, node.line,
        "an entry of allow needs `\(code == nil ? "finding" : "reason")`: {finding: dead-units, match: \"h.*\", reason: \"…\"}"
      )
    }
    return nil
  }

  private mutating func finding(_ node: SpecNode) -> Finding.Code? {
    if let code = node.scalar.flatMap(Finding.Code.init(rawValue:)) { return code }
    unknownWord(node, "finding", Finding.Code.allCases.map(\.rawValue))
    return nil
  }
}
