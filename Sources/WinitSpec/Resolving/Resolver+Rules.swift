// Finds the rule that applies to a tensor.

import WinitCore
import WinitJSON

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
    let name = subject.name.string
    let nameInScope = scope.name(name)
    for (index, rule) in spec.rules.enumerated() where !rule.declaresKind {
      guard let name = rule.isPreset ? nameInScope : name, isEnabled(rule) else { continue }
      if let wanted = rule.kind, wanted != kind?.name { continue }
      if let rank = rule.rank, rank != subject.shape?.rank { continue }
      if let wanted = rule.isFloatingPoint {
        let dtype = subject.entry?.dtype ?? (subject.like == nil ? spec.dtype : subject.like?.dtype)
        // fp8, fp6, fp4 and complex numbers are neither: only a literal can have them.
        guard let dtype, dtype.isFloatingPoint == wanted, !dtype.isLiteralOnly else { continue }
      }
      guard let texts = rule.match.captured(name) else { continue }
      let captures = Captures(texts, prefix: rule.isPreset ? scope.prefix : "")
      if let companion = rule.companion, subjects[TensorName(companion.filled(with: captures))] == nil { continue }
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
    if let preset = spec.preset, scope.name(subject.name.string) == nil {
      let names = scope.prefix.isEmpty ? "without a prefix" : "that begin with \(quoted: scope.prefix)"
      return
        "The rules of \(preset.title) apply to the names \(names). Give this tensor a rule of its own in a spec that names the preset"
    }
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
