// A parameter of a scheme.

/// A parameter of a scheme: its name, its kind and its default.
package struct SchemeParameter: Sendable, Hashable {
  /// The name.
  package let name: String
  /// Whether the parameter is a number, which a spec may write as an expression. Otherwise it is a word.
  package let isNumber: Bool
  /// The default, as documentation writes it; nil if the parameter is required or depends on others.
  package let fallback: String?

  static func number(_ name: String, _ fallback: String? = nil) -> SchemeParameter {
    SchemeParameter(name: name, isNumber: true, fallback: fallback)
  }

  static func word(_ name: String, _ fallback: String? = nil) -> SchemeParameter {
    SchemeParameter(name: name, isNumber: false, fallback: fallback)
  }
}
