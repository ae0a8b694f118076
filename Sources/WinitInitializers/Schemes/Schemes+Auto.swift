// The scheme that follows from what a tensor is and the activation after it.

import WinitCore

extension SchemeDefinition {
  /// Zeros for biases and other vectors; Xavier for saturating activations, He for rectifiers and what is shaped like them,
  /// each in its paper's own distribution (uniform in Glorot and Bengio 2010, normal in He et al. 2015) and with the
  /// activation's gain; LeCun for SELU, as its paper wants (Klambauer et al., NIPS 2017), and without an activation.
  static let auto = SchemeDefinition(
    "auto", [.word("activation"), .number("slope"), .word("mode", "fan_in")],
    formula:
      "zeros for rank 0 and 1; xavier_uniform for sigmoid, tanh, softmax; he_normal for relu, leaky_relu, gelu, silu, elu, mish; lecun_normal for selu, linear",
    use: "when only the activation is known; the record says which was picked, and why",
    source: "the papers of the schemes"
  ) { arguments, tensor throws(SchemeError) in
    let mode = arguments.texts.filter { $0.key == "mode" }
    if tensor.shape.rank < 2 {
      return (try Scheme("zeros"), "a tensor of rank \(tensor.shape.rank) is a bias, and begins at 0")
    }
    if let word = arguments.texts["activation"], ["gelu", "silu", "swish", "elu", "mish"].contains(word) {
      return (
        try Scheme("he_normal", mode),
        "\(word) passes about half of its inputs, as relu does, whose gain is taken"
      )
    }
    guard let activation = try arguments.activation() else {
      throw .invalid(
        "`auto` picks by the activation; write {scheme: auto, activation: relu}, or name a scheme")
    }
    switch activation {
    case .sigmoid, .tanh, .softmax:
      return (try Scheme("xavier_uniform", arguments.texts), "the activation saturates on both sides")
    case .relu, .leakyReLU: return (try Scheme("he_normal", arguments.texts), "the activation is a rectifier")
    case .selu: return (try Scheme("lecun_normal", mode), "selu keeps variance 1 if its inputs have it")
    case .linear:
      return (try Scheme("lecun_normal", mode), "without an activation variance is kept by gain 1")
    }
  }
}
