// Reads the rules of a spec.

import WinitCore
import WinitInitializers
import WinitJSON

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
    var (match, initialization) = (Glob?.none, ModelSpec.Initialization?.none)
    var (rank, isFloatingPoint, kind, seed) = (Int?.none, Bool?.none, String?.none, UInt64?.none)
    var (when, isOptional, companion) = ((option: String, isSet: Bool)?.none, false, NameTemplate?.none)
    var initLine = node.line
    let before = diagnostics.count
    let known = ["match", "kind", "rank", "dtype", "init", "layout", "fans", "seed", "when", "with", "optional"]
    for (key, node) in members(of: node, known: known, what: "a rule") {
      switch key {
      case "match": match = glob(node)
      case "rank": rank = self.rank(node)
      case "kind": kind = word(node, "kind")
      case "dtype": isFloatingPoint = dtypeKind(node)
      case "when": when = condition(node)
      case "with": companion = template(node, "with", nil)
      case "optional": isOptional = isTrue(node, "optional")
      case "init": (initialization, initLine) = (self.initialization(node), node.line)
      case "seed": seed = self.seed(node)
      default: break
      }
    }
    let fans = fanSource(node)
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
      line: node.line, match: match, initialization: initialization, initLine: initLine, fans: fans, seed: seed,
      kind: kind, rank: rank, isFloatingPoint: isFloatingPoint, when: when, companion: companion,
      isOptional: isOptional)
  }

  mutating func glob(_ node: SpecNode) -> Glob? {
    guard let text = word(node, "match") else { return nil }
    guard text.utf8.count <= 1000 else {
      report(.tooLong, node.line, "the pattern has more than 1000 characters")
      return nil
    }
    let glob = Glob(text)
    guard Set(glob.captures).count == glob.captures.count else {
      report(.invalidPattern, node.line, "the pattern \(quoted: text) has two captures with the same name")
      return nil
    }
    return glob
  }

  /// Reads a seed: a decimal number of 64 bits.
  mutating func seed(_ node: SpecNode, tensor: TensorName? = nil) -> UInt64? {
    if let text = node.scalar, text.allSatisfy({ $0.isASCII && $0.isNumber }), let seed = UInt64(text) { return seed }
    report(
      .wrongType, node.line, "the seed is \(node.summary); it must be an integer from 0 to 18446744073709551615",
      tensor: tensor)
    return nil
  }

  /// Reads a number of dimensions.
  mutating func rank(_ node: SpecNode) -> Int? {
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
