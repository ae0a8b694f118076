// A parameter of a scheme: its name, whether it is a number or a word, and what it is when nothing is said.

/// A parameter of a scheme.
public struct SchemeParameter: Sendable, Hashable {
  /// The name.
  public let name: String
  /// Whether it is a number, which a spec may write as an expression; otherwise it is a word.
  public let isNumber: Bool
  /// What it is when it is not given, as documentation says it; nil where it must be given or depends on others.
  public let fallback: String?

  static func number(_ name: String, _ fallback: String? = nil) -> SchemeParameter {
    SchemeParameter(name: name, isNumber: true, fallback: fallback)
  }

  static func word(_ name: String, _ fallback: String? = nil) -> SchemeParameter {
    SchemeParameter(name: name, isNumber: false, fallback: fallback)
  }
}

/// What there is to know about a scheme.
public struct SchemeInfo: Sendable, Hashable {
  /// The name it is recorded under.
  public let name: String
  /// Its other names.
  public let aliases: [String]
  /// Its parameters.
  public let parameters: [SchemeParameter]
  /// What an element is.
  public let formula: String
  /// What it is for.
  public let use: String
  /// The paper, or the library's function whose behaviour it is.
  public let source: String

  init(_ definition: SchemeDefinition) {
    (name, aliases, parameters) = (definition.name, definition.aliases, definition.parameters)
    (formula, use, source) = (definition.formula, definition.use, definition.source)
  }
}
