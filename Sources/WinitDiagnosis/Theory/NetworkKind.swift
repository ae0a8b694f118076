// Kinds of networks, and the accuracy of theory that was measured for each.

/// A kind of network for which theory was compared with real passes.
package enum NetworkKind: String, Sendable, CaseIterable {
  /// Linear layers in sequence.
  case chain
  /// Convolutions and linear layers in sequence.
  case convolutions
  /// Linear layers in residual branches.
  case residual
  /// Convolutions in residual branches.
  case residualConvolutions = "residual convolutions"
  /// Attention.
  case transformer

  /// How far theory and real passes differed, by the measurements in docs/theory.md: one or two sentences.
  package var accuracy: String {
    switch self {
    case .chain:
      "Theory of wide layers. Against real passes of 10 to 30 layers of 512 it was within 10% for tanh and SELU, and "
        + "within a factor of 1.6 for ReLU and GELU; narrow layers differ more."
    case .convolutions:
      "Theory of wide layers, for images of independent pixels. Against real passes of AlexNet and VGG the signal was "
        + "within a factor of 1.7, and the gradient within 1.2. Images whose neighboring pixels are alike differ more."
    case .residual:
      "Theory of wide layers. Against real passes of 8 to 24 residual blocks of 256 signal and gradient were within a "
        + "factor of 1.1; narrow layers differ more."
    case .residualConvolutions:
      "Theory of wide layers, for images of independent pixels and batch norm as in training. Against real passes of "
        + "ResNets the signal was within a factor of 1.2, and the gradient within 2.5."
    case .transformer:
      "Theory of wide layers, for 64 random tokens where nothing gives their number, and attention that is nearly "
        + "uniform. Against real passes of GPT-2, Llama, BERT and RoBERTa signal and gradient were within a factor of 1.5."
    }
  }

  /// What to say of a chain whose activations are an assumption.
  var assumedAccuracy: String {
    let start =
      "No network list says the activations: each layer is shown with ReLU, and again without activations. "
    if self == .convolutions {
      return start + "Strides, paddings and pools are unknown too, so that a convolution has all taps of its kernel. "
        + "Against real passes of AlexNet and VGG with ReLU the signal was within a factor of 2.6, and the gradient "
        + "within 1.8."
    }
    return start + NetworkKind.chain.accuracy
  }
}

extension Network {
  /// The kind of the network.
  package var kind: NetworkKind {
    if contains(\.isAttention) { return .transformer }
    let isResidual = contains { if case .residual = $0 { true } else { false } }
    let isConvolutional = contains { entry in
      switch entry {
      case .pool: true
      case .input(let shape, _): shape.count > 1
      default: false
      }
    }
    if isConvolutional { return isResidual ? .residualConvolutions : .convolutions }
    return isResidual ? .residual : .chain
  }
}
