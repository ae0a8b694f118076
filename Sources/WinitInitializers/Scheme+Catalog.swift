// The catalog of schemes: their names, parameters and sources.

extension Scheme {
  /// All schemes.
  package static var catalog: [SchemeInfo] { SchemeDefinition.all.map(SchemeInfo.init) }

  /// Returns the description of a scheme, by any of its names.
  ///
  /// - Throws: `SchemeError` for an unknown name.
  package static func info(_ name: String) throws(SchemeError) -> SchemeInfo {
    SchemeInfo(try SchemeDefinition.named(name))
  }

  /// Every name and alias of every scheme.
  package static var allNames: [String] { SchemeDefinition.all.flatMap { [$0.name] + $0.aliases } }

  /// Checks that a scheme exists and has these parameters.
  ///
  /// - Throws: `SchemeError` for an unknown name or parameter.
  package static func check(_ name: String, parameters: some Sequence<String>) throws(SchemeError) {
    try SchemeDefinition.named(name).check(parameters: parameters)
  }

  /// Whether a parameter is a number, which a spec may write as an expression.
  package static func isNumber(_ parameter: String, of scheme: String) -> Bool {
    SchemeDefinition.byName[scheme]?.parameters.contains { $0.name == parameter && $0.isNumber } ?? false
  }

  /// The parameters of a scheme.
  static func parameterNames(of name: String) -> [String] {
    SchemeDefinition.byName[name]?.parameters.map(\.name) ?? []
  }
}

/// The description of a scheme: its names, parameters, formula, use and source.
package struct SchemeInfo: Sendable, Hashable {
  /// The name that is recorded.
  package let name: String
  /// The other names.
  package let aliases: [String]
  /// The parameters.
  package let parameters: [SchemeParameter]
  /// The value of an element, as a formula.
  package let formula: String
  /// What the scheme is used for.
  package let use: String
  /// The paper, or the library's function whose behavior the scheme has.
  package let source: String

  init(_ definition: SchemeDefinition) {
    (name, aliases, parameters) = (definition.name, definition.aliases, definition.parameters)
    (formula, use, source) = (definition.formula, definition.use, definition.source)
  }
}
