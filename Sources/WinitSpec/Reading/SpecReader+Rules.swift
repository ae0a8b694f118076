// Reads the rules of a spec.

import WinitCore
import WinitInitializers

extension SpecReader {
  mutating func rules(_ node: SpecNode) -> [ModelSpec.Rule] {
    guard let nodes = node.sequence else {
      report(.wrongType, node.line, "rules is \(node.summary); it must be a list: `- {match: \"*\", init: zeros}`")
      lacksRules = true
      return []
    }
    return nodes.compactMap { rule($0) }
  }

  private mutating func rule(_ node: SpecNode) -> ModelSpec.Rule? {
    var (match, initialization, fans) = (Glob?.none, ModelSpec.Initialization?.none, FanSource?.none)
    var (rank, isFloatingPoint, kind) = (Int?.none, Bool?.none, String?.none)
    var initLine = node.line
    let before = diagnostics.count
    for (key, node) in members(
      of: node, known: ["match", "kind", "rank", "dtype", "init", "layout", "fans"], what: "a rule")
    {
      switch key {
      case "match": match = glob(node)
      case "rank": rank = self.rank(node)
      case "kind": kind = word(node, "kind")
      case "dtype": isFloatingPoint = dtypeKind(node)
      case "init": (initialization, initLine) = (self.initialization(node), node.line)
      case "layout": fans = layout(node).map { .layout($0) }
      default: fans = self.fans(node)
      }
    }
    reportBothFans(node)
    if match == nil || initialization == nil && kind == nil, diagnostics.count == before {
      report(
        .missingKey, node.line,
        "a rule needs both `match` and `init`, or `match` and `kind` for a preset of module kinds")
    }
    guard let match else {
      lacksRules = true
      return nil
    }
    return ModelSpec.Rule(
      line: node.line, match: match, initialization: initialization, initLine: initLine, fans: fans,
      kind: kind, rank: rank, isFloatingPoint: isFloatingPoint)
  }

  mutating func glob(_ node: SpecNode) -> Glob? {
    guard let text = word(node, "match") else { return nil }
    guard text.utf8.count <= 1000 else {
      report(.tooLong, node.line, "the pattern has more than 1000 characters")
      return nil
    }
    let glob = Glob(text)
    guard Set(glob.captures).count == glob.captures.count else {
      report(.invalidPattern, node.line, "the pattern `\(text)` has two captures with the same name")
      return nil
    }
    return glob
  }

  private mutating func rank(_ node: SpecNode) -> Int? {
    if let rank = node.scalar.flatMap({ Int($0) }), rank >= 0 { return rank }
    report(.wrongType, node.line, "the rank is \(node.summary); it must be a number of dimensions")
    return nil
  }

  /// Reads `floating` as true and `integer` as false.
  private mutating func dtypeKind(_ node: SpecNode) -> Bool? {
    switch node.scalar {
    case "floating": return true
    case "integer": return false
    default:
      report(
        .wrongType, node.line,
        "a rule's dtype is \(node.summary); it must be `floating`, or `integer` (integers and booleans)")
      return nil
    }
  }
}
