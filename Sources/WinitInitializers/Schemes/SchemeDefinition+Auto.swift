// The scheme that picks another one by the tensor's rank and the activation.

import WinitCore

extension SchemeDefinition {
  /// Picks zeros for biases and other vectors, Xavier for saturating activations, He for rectifiers and activations of
  /// similar shape, and LeCun for SELU, as its paper requires (Klambauer et al., NIPS 2017), and for linear. Xavier is
  /// uniform (Glorot and Bengio 2010) and He normal (He et al. 2015), as in their papers, with the activation's gain.
  static let auto = SchemeDefinition(
    "auto", [.word("activation"), .number("slope"), .word("mode", "fan_in")],
    formula:
      "zeros for rank 0 and 1; xavier_uniform for sigmoid, tanh, softmax; he_normal for relu, leaky_relu, gelu, silu, elu, mish; lecun_normal for selu, linear",
    use: "layers of which only the activation is known; the record names the scheme that was picked, and the reason",
    source: "the papers of the schemes"
  ) { arguments, tensor throws(SchemeError) in
    let mode = arguments.given.filter { $0.key == "mode" }
    if tensor.shape.rank < 2 {
      return (try Scheme("zeros"), "a tensor of rank \(tensor.shape.rank) is a bias, and begins at 0")
    }
    if let word = arguments.word("activation"), ["gelu", "silu", "swish", "elu", "mish"].contains(word) {
      return (
        try Scheme("he_normal", mode),
        "\(word) passes about half of its inputs, as relu does, whose gain is taken"
      )
    }
    guard let activation = try arguments.activation() else {
      throw .missing(parameter: "activation", scheme: "auto")
    }
    switch activation {
    case .sigmoid, .tanh, .softmax:
      return (try Scheme("xavier_uniform", arguments.given), "the activation saturates on both sides")
    case .relu, .leakyReLU: return (try Scheme("he_normal", arguments.given), "the activation is a rectifier")
    case .selu: return (try Scheme("lecun_normal", mode), "selu keeps variance 1 if its inputs have it")
    case .linear:
      return (try Scheme("lecun_normal", mode), "without an activation variance is kept by gain 1")
    }
  }
}
