// The scheme that follows from an activation.

extension SchemeDefinition {
  /// Xavier for saturating activations, He for rectifiers, each in its paper's own distribution (uniform in Glorot
  /// and Bengio 2010, normal in He et al. 2015) and with the activation's gain; LeCun for SELU, as its paper wants
  /// (Klambauer et al., NIPS 2017), and where there is no activation.
  static let auto = SchemeDefinition(
    "auto", [.word("activation"), .number("slope"), .word("mode", "fan_in")],
    formula:
      "xavier_uniform for sigmoid, tanh, softmax; he_normal for relu, leaky_relu; lecun_normal for selu, linear",
    use: "when only the activation is known; the record says which was picked",
    source: "the papers of the schemes"
  ) { arguments throws(SchemeError) in
    guard let activation = try arguments.activation() else {
      throw .invalid(
        "`auto` picks by the activation; write {scheme: auto, activation: relu}, or name a scheme")
    }
    switch activation {
    case .sigmoid, .tanh, .softmax: return try Scheme("xavier_uniform", arguments.texts)
    case .relu, .leakyReLU: return try Scheme("he_normal", arguments.texts)
    // Gain 1: the variance of the inputs is kept, which is SELU's fixed point.
    case .linear, .selu: return try Scheme("lecun_normal", arguments.texts.filter { $0.key == "mode" })
    }
  }
}
