// A scheme: what a person says. Resolved with a tensor's shape, dtype and layout it becomes a law: numbers.

public import WinitCore
public import WinitJSON

/// An initialization as a person says it: a name and the parameters that were given.
public struct Scheme: Sendable, Hashable {
  /// The name it is recorded under.
  public let name: String
  /// The other name it was called by (`glorot_uniform` for `xavier_uniform`), if it was.
  public let alias: String?
  /// The parameters that were given, as text.
  public let arguments: [String: String]
  /// The expressions that numbers among them were computed from, as they were written.
  public let expressions: [String: String]

  /// A scheme by any of its names.
  ///
  /// - Throws: `SchemeError` for an unknown name or parameter.
  public init(
    _ name: String, _ arguments: [String: String] = [:], expressions: [String: String] = [:]
  ) throws(SchemeError) {
    guard let definition = SchemeDefinition.byName[name] else { throw .unknownScheme(name) }
    self.name = definition.name
    self.alias = name == definition.name ? nil : name
    self.arguments = arguments
    self.expressions = expressions
    let known = Set(definition.parameters.map(\.name))
    let unknown = arguments.keys.filter { !known.contains($0) }.sorted()
    guard unknown.isEmpty else { throw .unknownParameters(unknown, scheme: definition.name) }
  }

  /// What a scheme resolves to.
  public struct Resolution: Sendable, Hashable {
    /// The scheme that gave the law: the one `auto` picked, otherwise the scheme itself.
    public let scheme: Scheme
    /// Why `auto` picked it; nil for a scheme that was named.
    public let reason: String?
    /// The law.
    public let law: Law
  }

  /// The law of this scheme for a tensor.
  ///
  /// - Throws: `SchemeError` naming the parameter, or the fans that are missing.
  public func resolve(shape: Shape, dtype: DType, layout: Layout) throws(SchemeError) -> Resolution {
    try resolve(shape: shape, dtype: dtype, fans: .layout(layout))
  }

  /// The law of this scheme for a tensor whose fans are read another way.
  ///
  /// - Throws: `SchemeError` naming the parameter, or the fans that are missing.
  public func resolve(shape: Shape, dtype: DType, fans: FanSource) throws(SchemeError) -> Resolution {
    guard let definition = SchemeDefinition.byName[name] else { throw .unknownScheme(name) }
    let arguments = Arguments(scheme: name, texts: arguments)
    let tensor = TensorContext(shape: shape, dtype: dtype, fanSource: fans)
    switch definition.body {
    case .pick(let pick):
      let (scheme, why) = try pick(arguments, tensor)
      let picked = try scheme.resolve(shape: shape, dtype: dtype, fans: fans)
      return Resolution(scheme: picked.scheme, reason: why, law: picked.law)
    case .law(let resolve):
      let law = try resolve(arguments, tensor)
      do { try law.check(dtype, shape) } catch { throw .law(error) }
      return Resolution(scheme: self, reason: nil, law: law)
    }
  }

  /// Checks what can be checked without a tensor: that numbers are numbers and words are known.
  package func checkArguments() throws(SchemeError) {
    let parameters = SchemeDefinition.byName[name]?.parameters ?? []
    let arguments = Arguments(scheme: name, texts: arguments)
    for parameter in parameters where parameter.isNumber && Bool(arguments.texts[parameter.name] ?? "") == nil
    {
      _ = try arguments.number(parameter.name)
    }
    for key in ["std", "stddev"] { _ = try arguments.std(key, default: 0) }
    _ = try arguments.mode(default: .fanIn)
    _ = try arguments.distribution(default: .normal)
    _ = try arguments.gain(default: 1)
  }

  /// Whether a parameter is a number, which a spec may write as an expression.
  package static func isNumber(_ parameter: String, of scheme: String) -> Bool {
    SchemeDefinition.byName[scheme]?.parameters.contains { $0.name == parameter && $0.isNumber } ?? false
  }

  /// All schemes.
  public static var catalog: [SchemeInfo] { SchemeDefinition.all.map(SchemeInfo.init) }

  /// A scheme by any of its names.
  ///
  /// - Throws: `SchemeError` for an unknown name.
  public static func info(_ name: String) throws(SchemeError) -> SchemeInfo {
    guard let definition = SchemeDefinition.byName[name] else { throw .unknownScheme(name) }
    return SchemeInfo(definition)
  }

  /// Every name a scheme can be called by.
  public static var allNames: [String] { SchemeDefinition.all.flatMap { [$0.name] + $0.aliases } }

  /// The parameters a scheme takes.
  static func parameterNames(of name: String) -> [String] {
    SchemeDefinition.byName[name]?.parameters.map(\.name) ?? []
  }
}

extension Scheme {
  /// As recorded: `{"scheme": name, …}` with the alias it was called by and the parameters given, those that are
  /// numbers as numbers.
  public var json: JSONValue {
    var members: [JSONValue.Member] = [.init("scheme", .string(name))]
    if let alias { members.append(.init("alias", .string(alias))) }
    for (key, text) in arguments.sorted(by: { $0.key < $1.key }) {
      members.append(.init(key, JSONNumber.parse(text).map(JSONValue.number) ?? .string(text)))
    }
    if !expressions.isEmpty {
      let texts = expressions.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, .string($0.value)) }
      members.append(.init("expressions", .object(texts)))
    }
    return .object(members)
  }

  /// Reads what `json` writes.
  ///
  /// - Throws: `SchemeError` where it is not a scheme.
  public init(json: JSONValue) throws(SchemeError) {
    guard let name = json["scheme"]?.stringValue, let members = json.objectValue else {
      throw .invalid("a recorded scheme has no name")
    }
    var arguments: [String: String] = [:]
    let expressions = json["expressions"]?.objectValue ?? []
    for member in members where !["scheme", "alias", "expressions"].contains(member.key) {
      switch member.value {
      case .number(let number): arguments[member.key] = JSONNumber.text(number)
      case .string(let text): arguments[member.key] = text
      default: throw .invalid("the recorded scheme's `\(member.key)` is neither a number nor a word")
      }
    }
    try self.init(
      json["alias"]?.stringValue ?? name, arguments,
      expressions: Dictionary(
        expressions.map { ($0.key, $0.value.stringValue ?? "") }, uniquingKeysWith: { first, _ in first }))
    guard self.name == name else {
      throw .invalid("the recorded alias `\(alias ?? name)` does not name the scheme `\(name)`")
    }
  }
}
