// The theory of a chain whose activations no `network` says.

extension NetworkTheory {
  /// Computes both curves of a chain whose activations are unknown: each layer with ReLU between the layers, and then
  /// each layer without activations. Strides, paddings and pools are unknown too: a convolution has all taps of its
  /// kernel.
  package init(assuming chain: Chain, facts: @escaping (String) -> WeightFacts?) {
    let sources = Dictionary(chain.layers.map { ($0.weight, $0.fanSource) }) { first, _ in first }
    let oriented: (String) -> WeightFacts? = { name in
      var found = facts(name)
      if let source = sources[name] { found?.fanSource = source }
      return found
    }
    self.init(chain.network(activation: .relu), source: .assumed, facts: oriented)
    let linear = NetworkTheory(chain.network(activation: .linear), source: .assumed, facts: oriented)
    refusal = refusal ?? linear.refusal
    let kind: NetworkKind = chain.hasConvolutions ? .convolutions : .chain
    summary = NetworkSummary(source: .assumed, kind: kind.rawValue, accuracy: kind.assumedAccuracy)
    guard refusal == nil else {
      layers = []
      return
    }
    layers += linear.layers.map { layer in
      var layer = layer
      layer.activation = ActivationFunction.linear.name
      return layer
    }
    for index in layers.indices { layers[index].isAssumed = true }
  }
}
