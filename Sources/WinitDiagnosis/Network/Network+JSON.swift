// The JSON form of a network: what a run records.

package import WinitJSON

extension Network {
  /// The entries as a list. An entry has the members that it has in a spec, without those that have their defaults.
  package var json: JSONValue { .array(entries.map(\.json)) }
}

extension Network.Entry {
  /// The entry as an object.
  var json: JSONValue {
    var members: [JSONValue.Member] = []
    func add(_ key: String, _ value: JSONValue) { members.append(.init(key, value)) }
    func add(_ key: String, _ name: String?) { if let name { add(key, .string(name)) } }
    func add(_ key: String, _ number: Int, unless usual: Int) { if number != usual { add(key, .integer(number)) } }
    func add(_ function: ActivationFunction) { if function != .linear { add("activation", function.name) } }
    switch self {
    case .input(let shape, let std):
      add("input", .array(shape.map(JSONValue.integer)))
      if std != 1 { add("std", .number(std)) }
    case .embedding(let embedding): add("embedding", .array(embedding.tables.map(JSONValue.string)))
    case .weight(let layer):
      add("weight", layer.weight)
      add("bias", layer.bias)
      add(layer.activation)
      add("stride", layer.stride, unless: 1)
      add("padding", layer.padding, unless: 0)
      add("groups", layer.groups, unless: 1)
      if layer.isTransposed { add("transposed", true) }
    case .activation(let function): add("activation", function.name)
    case .norm(let norm):
      add("norm", norm.kind.rawValue)
      add("weight", norm.weight)
      add("bias", norm.bias)
    case .pool(let pool):
      add("pool", pool.kind.rawValue)
      add("size", pool.size, unless: 0)
      add("stride", pool.stride, unless: max(pool.size, 1))
      add("padding", pool.padding, unless: 0)
    case .attention(let attention): add("attention", attention.json)
    case .gate(let gate): add("gate", gate.json)
    case .residual(let branch, let shortcut):
      add("residual", .array(branch.map(\.json)))
      if !shortcut.isEmpty { add("shortcut", .array(shortcut.map(\.json))) }
    }
    return .object(members)
  }
}

extension Network.Attention {
  fileprivate var json: JSONValue {
    var members: [JSONValue.Member] = [
      .init("query", .string(query)), .init("key", .string(key)), .init("value", .string(value)),
      .init("output", .string(output)),
    ]
    if let heads { members.append(.init("heads", .integer(heads))) }
    if isCausal { members.append(.init("causal", true)) }
    if let valueBias { members.append(.init("value_bias", .string(valueBias))) }
    if let outputBias { members.append(.init("output_bias", .string(outputBias))) }
    return .object(members)
  }
}

extension Network.Gate {
  fileprivate var json: JSONValue {
    var members: [JSONValue.Member] = [
      .init("gate", .string(gate)), .init("up", .string(up)), .init("activation", .string(activation.name)),
    ]
    if let gateBias { members.append(.init("gate_bias", .string(gateBias))) }
    if let upBias { members.append(.init("up_bias", .string(upBias))) }
    return .object(members)
  }
}
