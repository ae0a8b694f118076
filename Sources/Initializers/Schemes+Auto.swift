// The scheme that follows from an activation.

extension SchemeDefinition {
  /// Xavier for saturating activations, He for rectifiers, each in its paper's own distribution (uniform in Glorot
  /// and Bengio 2010, normal in He et al. 2015) and with the activation's gain.
  static let auto = SchemeDefinition("auto", parameters: ["activation", "slope", "mode"]) {
    arguments throws(SchemeError) in
    guard let activation = try arguments.activation() else {
      throw .invalid(
        "`auto` picks by the activation; write {scheme: auto, activation: relu}, or name a scheme")
    }
    switch activation {
    case .sigmoid, .tanh, .softmax: return try Scheme("xavier_uniform", arguments.texts)
    case .relu, .leakyReLU: return try Scheme("he_normal", arguments.texts)
    case .linear, .selu:
      throw .invalid(
        "`auto` has no rule for \(arguments.texts["activation"] ?? ""); name a scheme, such as lecun_normal")
    }
  }
}
