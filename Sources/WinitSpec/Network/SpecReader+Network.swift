// Reads `network:`.

import WinitCore
import WinitDiagnosis
import WinitInitializers
import WinitJSON

extension SpecReader {
  /// The keys that say what an entry is, and the other keys of such an entry. An entry with `weight` or `activation`
  /// and no other of these keys is a layer or an activation.
  private static let steps: [(key: String, others: [String])] = [
    ("input", ["std"]), ("embedding", []), ("norm", ["weight", "bias", "rank"]),
    ("pool", ["size", "stride", "padding"]), ("attention", []), ("gate", []), ("residual", ["shortcut"]),
    ("repeat", ["of", "gaps"]),
    ("weight", ["bias", "activation", "stride", "padding", "groups", "transposed", "rank"]), ("activation", []),
  ]

  /// Reads a list of entries, or `none`, which also leaves out the network of a preset.
  mutating func network(_ node: SpecNode) -> NetworkText {
    if node.scalar == "none" { return NetworkText(entries: []) }
    return NetworkText(entries: networkEntries(node, "network", depth: 0))
  }

  private mutating func networkEntries(_ node: SpecNode, _ what: String, depth: Int) -> [NetworkText.Entry] {
    guard let nodes = node.sequence, !nodes.isEmpty else {
      report(
        .wrongType, node.line,
        "\(what) is \(node.sequence == nil ? node.summary : "an empty list"); it must be a list of entries: `- {weight: net.0.weight, activation: relu}`"
      )
      return []
    }
    guard depth <= Network.maximumDepth else {
      report(.tooDeep, node.line, "the entries of network are nested more than \(Network.maximumDepth) deep")
      return []
    }
    return nodes.compactMap { networkEntry($0, depth: depth) }
  }

  private mutating func networkEntry(_ node: SpecNode, depth: Int) -> NetworkText.Entry? {
    let keys = (node.mapping ?? []).compactMap(\.key.scalar)
    let named = Self.steps.dropLast(2).filter { keys.contains($0.key) }
    if named.count > 1 {
      report(
        .conflictingKeys, node.line,
        "an entry of network has both \(quoted: named[0].key) and \(quoted: named[1].key). Write one entry for each step"
      )
      return nil
    }
    guard let step = named.first ?? Self.steps.suffix(2).first(where: { keys.contains($0.key) }) else {
      reportNoStep(node, keys)
      return nil
    }
    let before = diagnostics.count
    let known = [step.key] + step.others + ["optional", "if"]
    var fields: [String: SpecNode] = [:]
    for (key, node) in members(of: node, known: known, what: "an entry with `\(step.key)`") { fields[key] = node }
    let content = self.content(step.key, fields, node, depth: depth)
    let isOptional = fields["optional"].map { isTrue($0, "optional") } ?? false
    let condition = fields["if"].flatMap { expression($0, "if") }
    let rank = fields["rank"].flatMap { self.rank($0) }
    guard let content, diagnostics.count == before else { return nil }
    return NetworkText.Entry(
      line: node.line, content: content, isOptional: isOptional, condition: condition, rank: rank)
  }

  private mutating func reportNoStep(_ node: SpecNode, _ keys: [String]) {
    let known = Self.steps.map(\.key)
    let near = keys.lazy.compactMap { nearest(to: $0, in: known) }.first.map { " (did you mean \(quoted: $0)?)" } ?? ""
    let what =
      node.mapping == nil
      ? "an entry of network is \(node.summary)" : "an entry of network has no key that says what it is\(near)"
    report(
      node.mapping == nil ? .wrongType : .missingKey, node.line,
      "\(what); it must be a mapping with one of \(known.joined(separator: ", ")), such as `{weight: net.0.weight, activation: relu}`"
    )
  }

  private mutating func content(
    _ key: String, _ fields: [String: SpecNode], _ entry: SpecNode, depth: Int
  ) -> NetworkText.Content? {
    guard let node = fields[key] else { return nil }
    switch key {
    case "input": return input(node, std: fields["std"])
    case "embedding":
      let names = (node.sequence ?? [node]).map { tensorName($0, "embedding") }
      if names.isEmpty {
        report(.wrongType, node.line, "embedding is an empty list; it must be the name of a table, or a list of tables")
      }
      return names.isEmpty || names.contains(nil) ? nil : .embedding(names.compactMap(\.self))
    case "norm":
      guard let kind: Network.Norm.Kind = choice(node, "norm") else { return nil }
      let weight = fields["weight"].flatMap { tensorName($0, "weight") }
      return .norm(kind, weight: weight, bias: bias(fields["bias"]))
    case "pool": return pool(node, fields)
    case "attention": return attention(node)
    case "gate": return gate(node)
    case "residual":
      let shortcut = fields["shortcut"].map { networkEntries($0, "shortcut", depth: depth + 1) } ?? []
      return .residual(networkEntries(node, "residual", depth: depth + 1), shortcut: shortcut)
    case "repeat": return repeated(node, fields, entry, depth: depth)
    case "weight": return layer(node, fields)
    default: return activation(node).map { .activation($0) }
    }
  }

  private mutating func layer(_ node: SpecNode, _ fields: [String: SpecNode]) -> NetworkText.Content? {
    guard let weight = tensorName(node, "weight") else { return nil }
    let function = fields["activation"].map { activation($0) } ?? .linear
    return .weight(
      NetworkText.Layer(
        weight: weight, bias: bias(fields["bias"]), activation: function ?? .linear,
        stride: fields["stride"].flatMap { expression($0, "stride") },
        padding: fields["padding"].flatMap { expression($0, "padding") },
        groups: fields["groups"].flatMap { expression($0, "groups") },
        isTransposed: fields["transposed"].map { isTrue($0, "transposed") } ?? false))
  }

  private mutating func pool(_ node: SpecNode, _ fields: [String: SpecNode]) -> NetworkText.Content? {
    guard let kind: Network.Pool.Kind = choice(node, "pool") else { return nil }
    if kind == .global, let other = ["size", "stride", "padding"].first(where: { fields[$0] != nil }) {
      report(.conflictingKeys, node.line, "a global pool covers the whole map and has no \(quoted: other). Remove it")
    }
    if kind != .global, fields["size"] == nil {
      report(.missingKey, node.line, "a pool needs the side of its window: {pool: \(kind.rawValue), size: 2}")
    }
    return .pool(
      kind, size: fields["size"].flatMap { expression($0, "size") },
      stride: fields["stride"].flatMap { expression($0, "stride") },
      padding: fields["padding"].flatMap { expression($0, "padding") })
  }

  private mutating func repeated(
    _ node: SpecNode, _ fields: [String: SpecNode], _ entry: SpecNode, depth: Int
  ) -> NetworkText.Content? {
    guard let text = word(node, "repeat") else { return nil }
    guard let prefix = NumberedPrefix(text), text.utf8.count <= 1000 else {
      report(
        .invalidPattern, node.line,
        "repeat is \(quoted: text); it must be the prefix of names with one number in it, such as `\"h.{i}\"`")
      return nil
    }
    guard let entries = fields["of"] else {
      report(.missingKey, entry.line, "`repeat` needs the entries that it repeats: {repeat: \"h.{i}\", of: [entries]}")
      return nil
    }
    let hasGaps = fields["gaps"].map { isTrue($0, "gaps") } ?? false
    return .repeat(text, prefix, hasGaps: hasGaps, networkEntries(entries, "of", depth: depth + 1))
  }

  private mutating func input(_ node: SpecNode, std: SpecNode?) -> NetworkText.Content? {
    let dims = (node.sequence ?? [node]).map { $0.scalar.flatMap { Int($0) } ?? 0 }
    guard !dims.isEmpty, dims.count <= Network.maximumRank, dims.allSatisfy({ $0 > 0 }), (try? Shape(dims)) != nil
    else {
      report(
        .invalidShape, node.line,
        "the input is \(node.summary); it must be the shape of one sample, channels first: {input: [3, 224, 224]}")
      return nil
    }
    guard let std else { return .input(shape: dims, std: 1) }
    guard let value = std.scalar.flatMap({ JSONNumber.parse($0) }), value.isFinite, value > 0 else {
      report(.notANumber, std.line, "the std of the input is \(std.summary); it must be a positive number")
      return nil
    }
    return .input(shape: dims, std: value)
  }

  /// Reads the name of a tensor.
  mutating func tensorName(_ node: SpecNode, _ what: String) -> String? {
    guard let text = word(node, what) else { return nil }
    if text.utf8.count <= 1000 { return text }
    report(.tooLong, node.line, "\(what) has more than 1000 characters")
    return nil
  }

  /// Reads the name of a bias, or `none`. Without a value the bias is found by the name of the weight.
  mutating func bias(_ node: SpecNode?) -> NetworkText.Bias {
    guard let node else { return .automatic }
    if node.scalar == "none" { return .none }
    return tensorName(node, "bias").map { .name($0) } ?? .none
  }

  mutating func activation(_ node: SpecNode) -> ActivationFunction? {
    if let function = node.scalar.flatMap(ActivationFunction.init(name:)) { return function }
    unknownWord(node, "activation", ActivationFunction.knownNames + ["leaky_relu(0.2)"])
    return nil
  }

  private mutating func choice<Choice: RawRepresentable & CaseIterable>(
    _ node: SpecNode, _ what: String
  ) -> Choice? where Choice.RawValue == String {
    if let choice = node.scalar.flatMap(Choice.init(rawValue:)) { return choice }
    unknownWord(node, what, Choice.allCases.map(\.rawValue))
    return nil
  }

  mutating func unknownWord(_ node: SpecNode, _ what: String, _ known: [String]) {
    let near = node.scalar.flatMap { nearest(to: $0, in: known) }.map { "; did you mean \(quoted: $0)?" } ?? ""
    report(
      .unknownWord, node.line, "unknown \(what) \(node.summary)\(near) (known: \(known.joined(separator: ", ")))")
  }
}
