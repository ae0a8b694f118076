// The names that a network has.

extension Network {
  /// The names of all tensors of the network.
  package var names: Set<String> { Set(entries.flatMap(\.names)) }
}

extension Network.Entry {
  fileprivate var names: [String] {
    switch self {
    case .input, .activation, .pool: []
    case .embedding(let embedding): embedding.tables
    case .weight(let weight): [weight.weight] + [weight.bias].compactMap(\.self)
    case .norm(let norm): [norm.weight, norm.bias].compactMap(\.self)
    case .attention(let attention):
      [attention.query, attention.key, attention.value, attention.output]
        + [attention.valueBias, attention.outputBias].compactMap(\.self)
    case .gate(let gate): [gate.gate, gate.up] + [gate.gateBias, gate.upBias].compactMap(\.self)
    case .residual(let entries, let shortcut): (entries + shortcut).flatMap(\.names)
    }
  }
}
