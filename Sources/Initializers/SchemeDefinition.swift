// What a scheme is made of, and the list of them all.

import InitLaw
import Tensors

/// A tensor as far as a scheme sees it.
struct TensorFacts {
  let shape: Shape
  let dtype: DType
  let layout: Layout

  /// The fans, for a scheme that needs them and divides by them.
  func fans(for scheme: String) throws(SchemeError) -> Fans {
    guard let fans = Fans(shape, layout: layout) else { throw .noFans(scheme: scheme, shape) }
    guard fans.fanIn > 0, fans.fanOut > 0 else { throw .zeroFan(scheme: scheme, shape) }
    return fans
  }
}

/// A scheme's names, its parameters, and how it becomes a law.
struct SchemeDefinition: Sendable {
  typealias Resolve = @Sendable (Arguments, TensorFacts) throws(SchemeError) -> Law
  typealias Pick = @Sendable (Arguments) throws(SchemeError) -> Scheme

  enum Body: Sendable {
    case law(Resolve)
    case pick(Pick)
  }

  let name: String
  var aliases: [String] = []
  var parameters: [String] = []
  let body: Body

  init(_ name: String, aliases: [String] = [], parameters: [String] = [], law: @escaping Resolve) {
    (self.name, self.aliases, self.parameters, self.body) = (name, aliases, parameters, .law(law))
  }

  init(_ name: String, parameters: [String], pick: @escaping Pick) {
    (self.name, self.parameters, self.body) = (name, parameters, .pick(pick))
  }

  static let all = constants + distributions + varianceScaling + [auto]

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
