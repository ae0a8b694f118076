// Finds the rule that applies to a tensor.

import WinitCore

extension Resolver {
  /// Returns the kind of module that a rule declares for a tensor.
  func declaredKind(_ subject: Subject) -> (index: Int, name: String)? {
    for (index, rule) in spec.rules.enumerated() where rule.declaresKind {
      guard rule.rank == nil || rule.rank == subject.shape?.rank, rule.match.matches(subject.name.string),
        let name = rule.kind
      else { continue }
      return (index, name)
    }
    return nil
  }

  /// Returns the first rule whose kind, pattern, rank and dtype match.
  func match(_ subject: Subject) -> Match? {
    let kind = declaredKind(subject)
    for (index, rule) in spec.rules.enumerated() where !rule.declaresKind {
      if let wanted = rule.kind, wanted != kind?.name { continue }
      if let rank = rule.rank, rank != subject.shape?.rank { continue }
      if let wanted = rule.isFloatingPoint {
        let dtype = subject.entry?.dtype ?? (subject.like == nil ? spec.dtype : subject.like?.dtype)
        guard dtype?.isFloatingPoint == wanted else { continue }
      }
      guard let captures = rule.match.captured(subject.name.string) else { continue }
      return Match(index: index, rule: rule, captures: captures)
    }
    return nil
  }

  /// Reports a tensor that no rule matches.
  mutating func reportNoRule(_ subject: Subject, kind: String?) {
    let place = subject.like == nil ? "" : likePath.map { " (from \($0))" } ?? ""
    report(
      .noRule, subject.line(spec), "no rule matches it\(place). \(remedy(subject, kind))", tensor: subject.name)
  }

  /// Returns the remedy for a tensor that no rule matches.
  private func remedy(_ subject: Subject, _ kind: String?) -> String {
    let kinds = Set(spec.rules.filter { !$0.declaresKind }.compactMap(\.kind))
    guard !kinds.isEmpty else {
      return "Add a rule, such as {match: \"*\", init: …}, or write `init: skip` to leave out a tensor of like"
    }
    let why =
      kind.map { "The preset has no rule for kind \($0) with this name and shape. Declare another kind" }
      ?? "A name and a shape do not tell the kind of module. Declare it, as in {match: \"\(subject.name)\", kind: …}"
    return "\(why), or give the tensor an init (kinds: \(kinds.sorted().prefix(40).joined(separator: ", ")))"
  }
}
