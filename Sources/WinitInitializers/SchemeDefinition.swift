// What a scheme is made of, and the list of them all.

import WinitCore

/// A tensor as far as a scheme sees it.
struct TensorContext {
  let shape: Shape
  let dtype: DType
  let fanSource: FanSource

  /// The fans, for a scheme that needs them and divides by them.
  func fans(for scheme: String) throws(SchemeError) -> Fans { try fanSource.fans(of: shape, for: scheme) }
}

/// A scheme's names, its parameters, how it becomes a law, and what there is to know about it.
struct SchemeDefinition: Sendable {
  typealias Resolve = @Sendable (Arguments, TensorContext) throws(SchemeError) -> Law
  typealias Pick = @Sendable (Arguments, TensorContext) throws(SchemeError) -> (scheme: Scheme, why: String)

  enum Body: Sendable {
    case law(Resolve)
    case pick(Pick)
  }

  let name: String
  let aliases: [String]
  let parameters: [SchemeParameter]
  /// What an element is, as a formula.
  let formula: String
  /// What it is for.
  let use: String
  /// The paper or the library's function whose behaviour it is.
  let source: String
  let body: Body

  init(
    _ name: String, aliases: [String] = [], _ parameters: [SchemeParameter] = [], formula: String,
    use: String,
    source: String, law: @escaping Resolve
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

  static let all = constants + distributions + varianceScaling + [auto] + torch + jax + keras

  static let byName: [String: SchemeDefinition] = {
    var table: [String: SchemeDefinition] = [:]
    for definition in all { for name in [definition.name] + definition.aliases { table[name] = definition } }
    return table
  }()
}

/// The parameters given to a scheme, read by kind.
struct Arguments {
  let scheme: String
  let texts: [String: String]

  func has(_ name: String) -> Bool { texts[name] != nil }
}

/// A law, its error as the scheme's.
func checked(_ law: () throws(LawError) -> Law) throws(SchemeError) -> Law {
  do { return try law() } catch { throw .law(error) }
}
