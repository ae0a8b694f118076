// Whether the tensors of a file without a `network` form a chain.

package import WinitCore
package import WinitInitializers

/// The layers of a file whose weights form a chain: each takes what the one before gives.
package struct Chain: Sendable, Equatable {
  /// A layer of the chain.
  package struct Layer: Sendable, Equatable {
    package var weight: String
    package var bias: String?
    /// The source of the weight's axes with which the chain fits.
    package var fanSource: FanSource
  }

  package var layers: [Layer]
  /// Whether the chain has convolutions, whose strides, paddings and pools no tensor shows.
  package var hasConvolutions: Bool

  /// Finds the chain of the tensors of a file; nil if their names and shapes do not say that there is one.
  ///
  /// Each tensor is a weight of rank 2 or above (`NAME.weight`, `NAME.kernel`) or the bias of one, and no name speaks
  /// of attention, norms, embeddings, adapters or recurrence. A layer takes as many inputs as the one before gives, or
  /// behind a convolution a multiple, which it flattens. Files sort their tensors by name, so the order is that of the
  /// numbers in the names. The order of the blocks (`features.…`, `classifier.…`) is the one that fits; if two orders
  /// fit, as with two towers of one width, there is no chain, nor where modules look like residual blocks. Where the
  /// axes do not fit as [out, in], those of Keras, [in, out], may fit.
  package init?(of tensors: [(name: String, shape: Shape, fanSource: FanSource)]) {
    guard (2...20_000).contains(tensors.count), let blocks = ChainBlocks(tensors) else { return nil }
    var orders = blocks.orders()
    if orders.isEmpty, tensors.allSatisfy({ $0.fanSource == .layout(.torch) }) {
      orders = blocks.inKerasLayout.orders()
    }
    guard orders.count == 1, let order = orders.first, order.count > 1, !Chain.mayBeResidual(order) else { return nil }
    layers = order.map { Layer(weight: $0.weight, bias: $0.bias, fanSource: $0.fanSource) }
    hasConvolutions = order.contains { !$0.axes.kernel.isEmpty }
  }

  /// Whether the layers may be the branches of residual sums: several modules, such as `blocks.0` and `blocks.1`, each
  /// have two or more weights and give as many values as they take. No tensor shows whether a sum is there.
  private static func mayBeResidual(_ order: [ChainBlocks.Layer]) -> Bool {
    let modules = Dictionary(grouping: order) { layer in
      layer.weight.split(separator: ".", omittingEmptySubsequences: false).dropLast(2).joined(separator: ".")
    }
    let blocks = modules.filter { name, layers in
      guard let first = layers.first, let last = layers.last else { return false }
      return name.contains(where: \.isNumber) && layers.count > 1 && first.axes.inputs == last.axes.outputs
    }
    return blocks.count > 1
  }

  /// The network with an activation between the layers.
  package func network(activation: ActivationFunction) -> Network {
    Network(
      layers.enumerated().map { index, layer in
        .weight(
          Network.Weight(
            layer.weight, bias: layer.bias, activation: index + 1 < layers.count ? activation : .linear))
      })
  }
}
