// The weights of a file in blocks of one name, for the chain test.

import WinitCore
import WinitInitializers

/// The layers of a file in blocks: the names of a block have the same first word but for digits.
struct ChainBlocks {
  struct Layer {
    var weight: String
    var bias: String?
    var fanSource: FanSource
    var shape: Shape
    var axes: LayerAxes
  }

  private var blocks: [[Layer]] = []

  /// More blocks than these are no chain.
  private static let maximumBlocks = 6

  /// Words in the names of layers that are no chain although their shapes may fit.
  private static let foreignWords = [
    "attn", "attention", "query", "key", "value", "q_proj", "k_proj", "v_proj", "o_proj", "qkv", "lora", "adapter",
    "norm", "embed", "rnn", "lstm", "gru", "gate", "router", "expert", "downsample", "shortcut", "residual", "skip",
    "experts", "mixer", "tower", "branch", "recurrent", "hidden_to_hidden",
  ]

  init?(_ tensors: [(name: String, shape: Shape, fanSource: FanSource)]) {
    var found: [String: Layer] = [:]
    var biases: [String: (name: String, size: Int)] = [:]
    for tensor in tensors {
      guard let dot = tensor.name.lastIndex(where: { $0 == "." || $0 == "/" }) else { return nil }
      let prefix = String(tensor.name[..<dot])
      guard !Self.foreignWords.contains(where: prefix.lowercased().contains) else { return nil }
      switch tensor.name[dot...].dropFirst() {
      case "weight", "kernel":
        guard (2...5).contains(tensor.shape.rank), found[prefix] == nil,
          let axes = LayerAxes(tensor.shape, tensor.fanSource)
        else { return nil }
        found[prefix] = Layer(
          weight: tensor.name, bias: nil, fanSource: tensor.fanSource, shape: tensor.shape, axes: axes)
      case "bias":
        guard tensor.shape.rank == 1, biases[prefix] == nil else { return nil }
        biases[prefix] = (tensor.name, tensor.shape.elementCount)
      default: return nil
      }
    }
    for (prefix, bias) in biases {
      guard found[prefix] != nil, found[prefix]?.shape.dims.contains(bias.size) == true else { return nil }
      found[prefix]?.bias = bias.name
    }
    let groups = Dictionary(grouping: found.sorted { $0.key < $1.key }) { prefix, _ in
      let word = prefix.prefix { $0 != "." && $0 != "/" }
      return String(word.reversed().drop(while: \.isNumber).reversed())
    }
    guard groups.count <= Self.maximumBlocks else { return nil }
    for key in groups.keys.sorted() {
      let layers = groups[key] ?? []
      blocks.append(layers.sorted { NaturalOrder($0.key) < NaturalOrder($1.key) }.map(\.value))
    }
    sizes = biases.mapValues(\.size)
  }

  /// The sizes of the biases, by prefix.
  private var sizes: [String: Int] = [:]

  /// The blocks with the axes of Keras's layout; without layers if a weight has none.
  var inKerasLayout: ChainBlocks {
    var result = self
    result.blocks = blocks.map { block in
      block.compactMap { layer in
        guard let axes = LayerAxes(layer.shape, .layout(.keras)) else { return nil }
        var layer = layer
        (layer.axes, layer.fanSource) = (axes, .layout(.keras))
        return layer
      }
    }
    return result
  }

  /// Returns up to two orders of the blocks in which each layer takes what the one before gives.
  func orders() -> [[Layer]] {
    for block in blocks {
      guard !block.isEmpty, block.allSatisfy(hasFittingBias), zip(block, block.dropFirst()).allSatisfy(Self.fit) else {
        return []
      }
    }
    var orders: [[Layer]] = []
    func extend(_ order: [Layer], _ rest: [[Layer]]) {
      guard orders.count < 2 else { return }
      if rest.isEmpty { orders.append(order) }
      for (index, block) in rest.enumerated() {
        guard let first = block.first, order.last.map({ Self.fit($0, first) }) ?? true else { continue }
        var others = rest
        others.remove(at: index)
        extend(order + block, others)
      }
    }
    extend([], blocks)
    return orders
  }

  private func hasFittingBias(_ layer: Layer) -> Bool {
    guard let bias = layer.bias, let dot = bias.lastIndex(where: { $0 == "." || $0 == "/" }) else { return true }
    return sizes[String(bias[..<dot])] == layer.axes.outputs
  }

  /// Whether a layer takes what another one gives.
  private static func fit(_ first: Layer, _ second: Layer) -> Bool {
    let isFlattened = !first.axes.kernel.isEmpty && second.axes.kernel.isEmpty
    if isFlattened { return second.axes.inputs.isMultiple(of: first.axes.outputs) }
    return first.axes.kernel.count == second.axes.kernel.count && second.axes.inputs == first.axes.outputs
  }
}

/// The order of names in which numbers count by their value: `net.2` is before `net.10`.
struct NaturalOrder: Comparable {
  private let parts: [(text: Substring, number: Int)]

  init(_ name: String) {
    var parts: [(Substring, Int)] = []
    var rest = name[...]
    while !rest.isEmpty {
      let text = rest.prefix { !("0"..."9").contains($0) }
      rest = rest.dropFirst(text.count)
      let digits = rest.prefix { ("0"..."9").contains($0) }
      rest = rest.dropFirst(digits.count)
      parts.append((text, Int(digits) ?? -1))
    }
    self.parts = parts
  }

  static func == (left: NaturalOrder, right: NaturalOrder) -> Bool {
    left.parts.elementsEqual(right.parts) { $0 == $1 }
  }

  static func < (left: NaturalOrder, right: NaturalOrder) -> Bool {
    left.parts.lexicographicallyPrecedes(right.parts) { $0 < $1 }
  }
}
