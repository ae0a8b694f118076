// Resolves the entries of a network that have weights.

import WinitCore
import WinitDiagnosis
import WinitInitializers
import WinitJSON

extension NetworkResolver {
  mutating func embedding(_ names: [String], _ text: NetworkText.Entry, _ place: Place) -> [Network.Entry] {
    var tables: [Tensor] = []
    for name in names {
      guard let table = tensor(name, "embedding", ranks: 2...2, text, place) else { return [] }
      tables.append(table)
    }
    let widths = tables.compactMap { $0.shape?.dims.last }
    if let first = widths.first, let other = widths.firstIndex(where: { $0 != first }) {
      report(
        text.line, .invalidNetwork,
        "the rows of \(quoted: tables[0].name) have \(first) elements, and those of \(quoted: tables[other].name) have \(widths[other]). Tables whose rows are added need rows of one length",
        tensor: tables[other].name)
    }
    start("an embedding", width: widths.first, axes: nil, text)
    return [.embedding(Network.Embedding(tables: tables.map(\.name.string)))]
  }

  mutating func layer(
    _ layer: NetworkText.Layer, _ text: NetworkText.Entry, _ place: Place
  ) -> [Network.Entry] {
    guard let weight = tensor(layer.weight, "weight", ranks: 2...5, text, place), let shape = weight.shape else {
      forget()
      return []
    }
    if shape.rank == 2, layer.stride != nil || layer.padding != nil || layer.groups != nil || layer.isTransposed {
      report(
        text.line, .invalidNetwork,
        "the shape is \(shape), so it is a linear layer, and stride, padding, groups and transposed are for convolutions. Remove them",
        tensor: weight.name)
    }
    let groups = integer(layer.groups, "groups", 1, text, place, dims: shape.dims) ?? 1
    let ends = LayerEnds(shape, weight.fans, groups: groups, isTransposed: layer.isTransposed)
    pass(weight, ends, text)
    pass(layer.activation, text)
    return [
      .weight(
        Network.Weight(
          weight.name.string, bias: bias(layer.bias, of: weight, size: ends?.output, text, place),
          activation: layer.activation,
          stride: integer(layer.stride, "stride", 1, text, place, dims: shape.dims) ?? 1,
          padding: integer(layer.padding, "padding", 0, text, place, dims: shape.dims) ?? 0, groups: groups,
          isTransposed: layer.isTransposed))
    ]
  }

  mutating func norm(
    _ kind: Network.Norm.Kind, _ weight: String?, _ bias: NetworkText.Bias, _ text: NetworkText.Entry, _ place: Place
  ) -> [Network.Entry] {
    var scale: Tensor?
    if let weight {
      scale = tensor(weight, "weight", ranks: 1...4, text, place)
      guard scale != nil else { return [] }
    }
    pass(norm: scale, text)
    let shift = self.bias(bias, of: scale, size: scale?.shape?.elementCount, text, place)
    return [.norm(Network.Norm(kind, weight: scale?.name.string, bias: shift))]
  }

  mutating func attention(
    _ attention: NetworkText.Attention, _ text: NetworkText.Entry, _ place: Place
  ) -> [Network.Entry] {
    let ranks = 2...4
    guard let query = tensor(attention.query, "query", ranks: ranks, text, place),
      let key = tensor(attention.key, "key", ranks: ranks, text, place),
      let value = tensor(attention.value, "value", ranks: ranks, text, place),
      let output = tensor(attention.output, "output", ranks: ranks, text, place)
    else {
      forget()
      return []
    }
    let heads = integer(attention.heads, "heads", 1, text, place, dims: query.shape?.dims ?? [])
    pass(attention: [query, key, value], output, text)
    return [
      .attention(
        Network.Attention(
          query: query.name.string, key: key.name.string, value: value.name.string, output: output.name.string,
          heads: heads, isCausal: attention.isCausal,
          valueBias: bias(attention.valueBias, of: value, size: value.ends?.output, text, place),
          outputBias: bias(attention.outputBias, of: output, size: output.ends?.output, text, place)))
    ]
  }

  mutating func gate(_ gate: NetworkText.Gate, _ text: NetworkText.Entry, _ place: Place) -> [Network.Entry] {
    guard let first = tensor(gate.gate, "gate", ranks: 2...5, text, place),
      let up = tensor(gate.up, "up", ranks: 2...5, text, place)
    else {
      forget()
      return []
    }
    pass(gate: first, up: up, text)
    return [
      .gate(
        Network.Gate(
          gate: first.name.string, up: up.name.string, activation: gate.activation,
          gateBias: bias(gate.gateBias, of: first, size: first.ends?.output, text, place),
          upBias: bias(gate.upBias, of: up, size: up.ends?.output, text, place)))
    ]
  }
}

extension NetworkResolver.Tensor {
  /// The inputs and outputs of the tensor as a linear layer.
  var ends: LayerEnds? { shape.flatMap { LayerEnds($0, fans, groups: 1, isTransposed: false) } }
}
