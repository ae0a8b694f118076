// A scheme: the initialization that a person writes. With a tensor's shape, dtype and fans it resolves to a law.

package import WinitCore

/// An initialization as a person writes it: a name and the parameters that were given.
package struct Scheme: Sendable, Hashable {
  /// The name that is recorded.
  package let name: String
  /// The other name that was written (`glorot_uniform` for `xavier_uniform`); nil if `name` was written.
  package let alias: String?
  /// The parameters that were given.
  package let arguments: [String: SchemeArgument]
  /// The expressions that numbers among the arguments were computed from, as they were written.
  package let expressions: [String: String]
  /// The numbers of the names in the expression of an element; empty for a scheme without one.
  package let names: [String: Double]

  /// Creates a scheme by any of its names.
  ///
  /// - Throws: `SchemeError` for an unknown name or parameter.
  package init(
    _ name: String, _ arguments: [String: SchemeArgument] = [:], expressions: [String: String] = [:],
    names: [String: Double] = [:]
  ) throws(SchemeError) {
    let definition = try SchemeDefinition.named(name)
    try definition.check(parameters: arguments.keys)
    self.name = definition.name
    self.alias = name == definition.name ? nil : name
    self.arguments = arguments
    self.expressions = expressions
    self.names = names
  }

  /// Creates a scheme of a name and parameters that exist.
  init(known name: String, _ arguments: [String: SchemeArgument?] = [:]) {
    self.name = name
    alias = nil
    self.arguments = arguments.compactMapValues(\.self)
    expressions = [:]
    names = [:]
  }

  /// The scheme with further numbers, each the value of an expression.
  ///
  /// - Parameter names: the numbers of the names in the expression of an element.
  /// - Throws: `SchemeError` for an unknown parameter.
  package func adding(
    _ numbers: [String: Double], from expressions: [String: String], names: [String: Double] = [:]
  ) throws(SchemeError) -> Scheme {
    try Scheme(
      alias ?? name, arguments.merging(numbers.mapValues { .number($0) }) { $1 },
      expressions: self.expressions.merging(expressions) { $1 }, names: self.names.merging(names) { $1 })
  }

  /// The expression of an element; nil for a scheme without one.
  ///
  /// - Throws: `Expression.Failure` if the text is not an expression.
  package var elementExpression: Expression? {
    get throws(Expression.Failure) {
      guard name == "expression", let text = ArgumentReader(self).word("value") else { return nil }
      return try Expression(parsing: text)
    }
  }

  /// The law that a scheme resolves to for a tensor.
  package struct Resolution: Sendable, Hashable {
    /// The scheme that gave the law: the one that `auto` picked, otherwise the scheme itself.
    package let scheme: Scheme
    /// The reason why `auto` picked the scheme; nil if `auto` did not pick it.
    package let reason: String?
    /// The law.
    package let law: Law
  }

  /// Resolves the scheme for a tensor whose fans follow from a layout.
  ///
  /// - Throws: `SchemeError` that names the parameter, or the fans that are missing.
  package func resolve(shape: Shape, dtype: DType, layout: Layout) throws(SchemeError) -> Resolution {
    try resolve(shape: shape, dtype: dtype, fans: .layout(layout))
  }

  /// Resolves the scheme for a tensor.
  ///
  /// - Throws: `SchemeError` that names the parameter, or the fans that are missing.
  package func resolve(shape: Shape, dtype: DType, fans: FanSource) throws(SchemeError) -> Resolution {
    try resolve(TensorContext(whole: shape, dtype: dtype, fans: fans))
  }

  /// Resolves the scheme for a tensor, or for a box of a tensor.
  ///
  /// - Throws: `SchemeError` that names the parameter, or the fans that are missing.
  package func resolve(_ tensor: TensorContext) throws(SchemeError) -> Resolution {
    let arguments = ArgumentReader(self)
    switch try SchemeDefinition.named(name).body {
    case .pick(let pick):
      let (scheme, why) = try pick(arguments, tensor)
      let picked = try scheme.resolve(tensor)
      return Resolution(scheme: picked.scheme, reason: why, law: picked.law)
    case .law(let resolve):
      let law = try resolve(arguments, tensor)
      // An expression counts the axes of the tensor, also in a box.
      let shape = if case .expression = law { tensor.box } else { tensor.shape }
      do { try law.check(tensor.dtype, shape) } catch { throw .law(error) }
      return Resolution(scheme: self, reason: nil, law: law)
    }
  }

  /// Checks what can be checked without a tensor: that numbers are numbers and words are known.
  package func checkArguments() throws(SchemeError) {
    let reader = ArgumentReader(self)
    for parameter in try SchemeDefinition.named(name).parameters where parameter.isNumber {
      // A constant may be `true` or `false`, which only the dtype can tell.
      if let word = reader.word(parameter.name), Bool(word) != nil { continue }
      _ = try reader.number(parameter.name)
    }
    let takesNegativeStd = ["normal", "truncated_normal"].contains(name)
    for name in ["std", "stddev"] where !takesNegativeStd { _ = try reader.std(name, default: 0) }
    _ = try reader.mode(default: .fanIn)
    _ = try reader.distribution(default: .normal)
    _ = try reader.gain(default: 1)
  }
}
