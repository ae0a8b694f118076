// Fans: the inputs and outputs of a weight.

package import WinitCore

/// The fans of a weight: the numbers of its inputs and outputs, each times the size of the receptive field (the product
/// of the spatial axes), as `torch.nn.init._calculate_fan_in_and_fan_out` and Keras's `compute_fans` count them.
package struct Fans: Sendable, Hashable {
  /// The number of inputs that feed one output.
  package let fanIn: Int
  /// The number of outputs that one input feeds.
  package let fanOut: Int

  /// Creates fans that are known.
  package init(fanIn: Int, fanOut: Int) {
    (self.fanIn, self.fanOut) = (fanIn, fanOut)
  }

  /// Computes the fans of a shape; nil below rank 2, where inputs and outputs cannot be distinguished.
  package init?(_ shape: Shape, layout: Layout) {
    let dims = shape.dims
    guard dims.count >= 2 else { return nil }
    switch layout {
    case .torch:
      let field = dims[2...].reduce(1, *)
      fanIn = dims[1] * field
      fanOut = dims[0] * field
    case .keras:
      let field = dims.dropLast(2).reduce(1, *)
      fanIn = dims[dims.count - 2] * field
      fanOut = dims[dims.count - 1] * field
    }
  }

  /// The fan of a mode, in binary64.
  package subscript(mode: FanMode) -> Double {
    switch mode {
    case .fanIn: Double(fanIn)
    case .fanOut: Double(fanOut)
    case .fanAvg: (Double(fanIn) + Double(fanOut)) / 2
    case .fanGeometricAvg: (Double(fanIn) * Double(fanOut)).squareRoot()
    }
  }
}

/// The fan that a scheme divides by.
package enum FanMode: String, Sendable, Hashable, CaseIterable {
  /// The inputs: keeps the variance of activations in the forward pass.
  case fanIn = "fan_in"
  /// The outputs: keeps the variance of gradients in the backward pass.
  case fanOut = "fan_out"
  /// The arithmetic mean of both.
  case fanAvg = "fan_avg"
  /// The geometric mean of both, as in JAX.
  case fanGeometricAvg = "fan_geo_avg"

  /// The modes that expressions have as names.
  package static let named: [String: FanMode] = ["fan_in": .fanIn, "fan_out": .fanOut, "fan_avg": .fanAvg]
}
