// Reads the entries of `network:` that have several weights: attention and gates.

import WinitDiagnosis
import WinitInitializers

extension SpecReader {
  /// Reads `{query:, key:, value:, output:}`, or `{qkv:, output:}` where one tensor holds queries, keys and values.
  mutating func attention(_ node: SpecNode) -> NetworkText.Content? {
    let known = ["query", "key", "value", "qkv", "output", "heads", "causal", "value_bias", "output_bias"]
    var fields: [String: SpecNode] = [:]
    for (key, node) in members(of: node, known: known, what: "attention") { fields[key] = node }
    guard node.mapping != nil else { return nil }
    let separate = ["query", "key", "value"].filter { fields[$0] != nil }
    if fields["qkv"] != nil, let other = separate.first {
      report(
        .conflictingKeys, node.line,
        "attention has both `qkv` and `\(other)`. Write `qkv` if one tensor holds queries, keys and values")
      return nil
    }
    let needed = fields["qkv"] == nil ? ["query", "key", "value", "output"] : ["output"]
    if let missing = needed.first(where: { fields[$0] == nil }) {
      report(
        .missingKey, node.line,
        "attention needs `\(missing)`: {query: W, key: W, value: W, output: W}, or {qkv: W, output: W} for one tensor with all"
      )
      return nil
    }
    func name(_ key: String) -> String? { fields[fields["qkv"] == nil ? key : "qkv"].flatMap { tensorName($0, key) } }
    guard let query = name("query"), let key = name("key"), let value = name("value"),
      let output = fields["output"].flatMap({ tensorName($0, "output") })
    else { return nil }
    return .attention(
      NetworkText.Attention(
        query: query, key: key, value: value, output: output,
        heads: fields["heads"].flatMap { expression($0, "heads") },
        isCausal: fields["causal"].map { isTrue($0, "causal") } ?? false, valueBias: bias(fields["value_bias"]),
        outputBias: bias(fields["output_bias"])))
  }

  /// Reads `{gate:, up:, activation:}`.
  mutating func gate(_ node: SpecNode) -> NetworkText.Content? {
    var fields: [String: SpecNode] = [:]
    let known = ["gate", "up", "activation", "gate_bias", "up_bias"]
    for (key, node) in members(of: node, known: known, what: "gate") { fields[key] = node }
    guard node.mapping != nil else { return nil }
    if let missing = ["gate", "up", "activation"].first(where: { fields[$0] == nil }) {
      report(.missingKey, node.line, "gate needs `\(missing)`: {gate: W, up: W, activation: silu}")
      return nil
    }
    guard let gate = fields["gate"].flatMap({ tensorName($0, "gate") }),
      let up = fields["up"].flatMap({ tensorName($0, "up") }),
      let function = fields["activation"].flatMap({ activation($0) })
    else { return nil }
    return .gate(
      NetworkText.Gate(
        gate: gate, up: up, activation: function, gateBias: bias(fields["gate_bias"]), upBias: bias(fields["up_bias"])))
  }
}
