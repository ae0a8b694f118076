// Fans: how many inputs feed an output, read off a shape by its layout.

public import WinitCore

/// Which axes of a weight are its inputs and its outputs.
public enum Layout: String, Sendable, Hashable, CaseIterable {
  /// [out, in, …spatial]: PyTorch's Linear and Conv weights.
  case torch
  /// […spatial, in, out]: Keras's and flax's kernels, and the [in, out] weights of GPT-2's Conv1D.
  case keras
}

/// The fans of a weight: inputs and outputs per unit, each times the receptive field's size (the product of the
/// spatial axes), as `torch.nn.init._calculate_fan_in_and_fan_out` and Keras's `compute_fans` count them.
public struct Fans: Sendable, Hashable {
  /// The number of inputs that feed one output.
  public let fanIn: Int
  /// The number of outputs that one input feeds.
  public let fanOut: Int

  /// Fans that are known.
  public init(fanIn: Int, fanOut: Int) {
    (self.fanIn, self.fanOut) = (fanIn, fanOut)
  }

  /// The fans of a shape of rank 2 or more; nil below, where inputs and outputs cannot be told apart.
  public init?(_ shape: Shape, layout: Layout) {
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

  /// The fan a mode names, in binary64: fan_in, fan_out, or their arithmetic or geometric mean.
  func callAsFunction(_ mode: FanMode) -> Double {
    switch mode {
    case .fanIn: Double(fanIn)
    case .fanOut: Double(fanOut)
    case .fanAvg: (Double(fanIn) + Double(fanOut)) / 2
    case .fanGeometricAvg: (Double(fanIn) * Double(fanOut)).squareRoot()
    }
  }
}

/// Which fan a scheme divides by.
public enum FanMode: String, Sendable, Hashable, CaseIterable {
  /// Keeps the variance of activations in the forward pass.
  case fanIn = "fan_in"
  /// Keeps the variance of gradients in the backward pass.
  case fanOut = "fan_out"
  /// The mean of both.
  case fanAvg = "fan_avg"
  /// The geometric mean of both, which JAX has.
  case fanGeometricAvg = "fan_geo_avg"
}
