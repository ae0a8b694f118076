// The definition of a scheme, and the table of all of them.

import WinitCore

/// A scheme's names, its parameters, its documentation and how it becomes a law.
struct SchemeDefinition: Sendable {
  typealias Resolve = @Sendable (ArgumentReader, TensorContext) throws(SchemeError) -> Law
  typealias Pick = @Sendable (ArgumentReader, TensorContext) throws(SchemeError) -> (scheme: Scheme, why: String)

  enum Body: Sendable {
    case law(Resolve)
    /// The scheme picks another one.
    case pick(Pick)
  }

  let name: String
  let aliases: [String]
  let parameters: [SchemeParameter]
  /// The value of an element, as a formula.
  let formula: String
  /// What the scheme is used for.
  let use: String
  /// The paper, or the library's function whose behavior the scheme has.
  let source: String
  let body: Body

  init(
    _ name: String, aliases: [String] = [], _ parameters: [SchemeParameter] = [], formula: String,
    use: String, source: String, law: @escaping Resolve
  ) {
    (self.name, self.aliases, self.parameters) = (name, aliases, parameters)
    (self.formula, self.use, self.source) = (formula, use, source)
    body = .law(law)
  }

  init(
    _ name: String, _ parameters: [SchemeParameter], formula: String, use: String, source: String,
    pick: @escaping Pick
  ) {
    (self.name, self.aliases, self.parameters) = (name, [], parameters)
    (self.formula, self.use, self.source) = (formula, use, source)
    body = .pick(pick)
  }

  static let all = constants + distributions + varianceScaling + [auto, expression] + shorthands + torch + jax + keras

  /// The definitions by each of their names.
  static let byName: [String: SchemeDefinition] = {
    var table: [String: SchemeDefinition] = [:]
    for definition in all { for name in [definition.name] + definition.aliases { table[name] = definition } }
    return table
  }()

  /// Returns the definition of a scheme, by any of its names.
  static func named(_ name: String) throws(SchemeError) -> SchemeDefinition {
    guard let definition = byName[name] else { throw .unknownScheme(name) }
    return definition
  }

  /// Checks that the scheme has these parameters.
  func check(parameters names: some Sequence<String>) throws(SchemeError) {
    let known = Set(parameters.map(\.name))
    let unknown = names.filter { !known.contains($0) }.sorted()
    guard unknown.isEmpty else { throw .unknownParameters(unknown, scheme: name) }
  }
}

/// Runs a closure that creates a law. An error of the law becomes a `SchemeError`.
func checked(_ law: () throws(LawError) -> Law) throws(SchemeError) -> Law {
  do { return try law() } catch { throw .law(error) }
}
