// Findings of a family as one finding.

import WinitCore
import WinitJSON

/// Folds the findings of tensors whose names differ only by numbers.
enum FindingFold {
  private struct Key: Hashable {
    let code: Finding.Code
    let severity: Finding.Severity
    let isTensor: Bool
    let pattern: TensorName
    let variant: String
  }

  /// Returns the findings of drafts, in the order of the first draft of each.
  static func findings(_ drafts: [Draft], _ context: FindingContext) -> [Finding] {
    var groups: [Key: [Draft]] = [:]
    for draft in drafts {
      let name = draft.tensor ?? draft.layer ?? TensorName("")
      let key = Key(
        code: draft.code, severity: draft.severity, isTensor: draft.tensor != nil,
        pattern: draft.group?.pattern ?? FindingContext.pattern(name), variant: draft.variant)
      groups[key, default: []].append(draft)
    }
    // Swift's dictionaries have a random order: the order of the tensors, then that of the codes, decides.
    let codes = Dictionary(uniqueKeysWithValues: Finding.Code.allCases.enumerated().map { ($1, $0) })
    func isBefore(_ left: Draft, _ right: Draft) -> Bool {
      if left.severity != right.severity { return left.severity > right.severity }
      if left.order != right.order { return left.order < right.order }
      return (codes[left.code] ?? 0, left.variant) < (codes[right.code] ?? 0, right.variant)
    }
    let ordered = groups.values.map { $0.sorted { $0.order < $1.order } }.sorted { isBefore($0[0], $1[0]) }
    return ordered.map { folded($0, context) }
  }

  private static func folded(_ drafts: [Draft], _ context: FindingContext) -> Finding {
    let first = drafts[0]
    guard drafts.count > 1 else { return first.finding }
    var finding = first.finding
    let names = drafts.map { $0.tensor ?? $0.layer ?? TensorName("") }
    let numbers = NumberText.range(drafts.compactMap(\.value))
    let isGroup = Set(drafts.map { $0.message(numbers) }).count > 1
    let message = (isGroup ? first.group?.message : nil) ?? first.message(numbers)
    let things = first.tensor == nil ? "layers" : "tensors"
    finding.message = "\(label(names)) (\(names.count) \(things)): \(message)"
    finding.fix = fix(drafts, context) ?? finding.fix.map { $0 + likewise(names.dropFirst()) }
    return finding
  }

  /// The name with its numbers, `net.{0,2,...,58}.weight`, where one of them differs; else the first names and the
  /// last one.
  private static func label(_ names: [TensorName]) -> String {
    let numbered = names.map { NumberedName($0.string, maximumNumbers: 8) }
    // `net.01` and `net.1` have one pattern, but only the second one has a number.
    let isFamily = numbered.allSatisfy {
      $0.numbers.count == numbered[0].numbers.count && $0.texts.elementsEqual(numbered[0].texts)
    }
    if isFamily {
      let differing = numbered[0].numbers.indices.filter { i in Set(numbered.map { $0.numbers[i] }).count > 1 }
      if differing.count == 1 { return "\(quoted: numbered[0].label(with: numbered.map(\.numbers)))" }
    }
    let texts = names.map { "\(quoted: $0)" }
    if texts.count <= 3 { return texts.joined(separator: ", ") }
    return "\(texts[0]), \(texts[1]), … \(texts[texts.count - 1])"
  }

  /// One rule for all tensors of a family, if all of them have this finding and the same remedy.
  private static func fix(_ drafts: [Draft], _ context: FindingContext) -> String? {
    var names: Set<TensorName> = []
    var initializers: Set<String> = []
    for draft in drafts {
      guard case .rule(let name, let initializer)? = draft.remedy else { return nil }
      names.insert(name)
      initializers.insert(initializer)
    }
    guard initializers.count == 1, let initializer = initializers.first else { return nil }
    return rule(for: names.sorted(), initializer, context)
  }

  /// Returns one rule for tensors whose names differ only by numbers; nil if its pattern matches other tensors too. The
  /// last weight of the path may be among them if it needs the same init: only what a next layer takes is judged.
  static func rule(for names: [TensorName], _ initializer: String, _ context: FindingContext) -> String? {
    guard let name = names.first else { return nil }
    var matching = Set(names)
    if let last = context.path?.order.last, FindingContext.pattern(last) == FindingContext.pattern(name),
      Advice.initializer(behind: context.knownPath?.steps[last]?.activation) == initializer
    {
      matching.insert(last)
    }
    guard matching.count == context.count(like: name), let glob = glob(of: names.map(\.string)) else { return nil }
    return Remedy.rule(matching: glob, initializer, isPattern: true)
  }

  /// A comment of YAML that names the other tensors which need the same rule; empty if there are none.
  static func likewise(_ names: some Collection<TensorName>) -> String {
    guard !names.isEmpty else { return "" }
    let shown = names.prefix(3).map { "\($0)" }.joined(separator: ", ")
    return "  # likewise \(shown)" + (names.count > 3 ? " and \(names.count - 3) more" : "")
  }

  /// Returns a pattern that matches names which differ only by numbers: a capture where the numbers differ.
  private static func glob(of names: [String]) -> String? {
    guard !names.contains(where: { $0.contains { "*?{".contains($0) } }) else { return nil }
    let split = names.map { pieces($0) }
    guard let first = split.first, split.allSatisfy({ $0.count == first.count }) else { return nil }
    var glob = ""
    var captures = 0
    for i in first.indices {
      if split.allSatisfy({ $0[i] == first[i] }) {
        glob += first[i]
      } else {
        // Two captures side by side cannot occur: a text lies between two numbers.
        glob += "{\(String(UnicodeScalar(UInt8(105 + min(captures, 17)))))}"
        captures += 1
      }
    }
    return captures > 0 && captures <= 17 ? glob : nil
  }

  /// The texts and the numbers of a name in turn.
  private static func pieces(_ name: String) -> [String] {
    let bytes = Array(name.utf8)
    var pieces: [String] = []
    var end = 0
    for digits in NumberedName.digits(in: bytes) {
      pieces.append(String(decoding: bytes[end..<digits.lowerBound], as: UTF8.self))
      pieces.append(String(decoding: bytes[digits], as: UTF8.self))
      end = digits.upperBound
    }
    pieces.append(String(decoding: bytes[end...], as: UTF8.self))
    return pieces
  }
}
