// A scheme: what a person says. Resolved with a tensor's shape, dtype and layout it becomes a law: numbers.

public import CanonicalJSON
public import InitLaw
public import Tensors

/// An initialization as a person says it: a name and the parameters that were given.
public struct Scheme: Sendable, Hashable {
  /// The name it is recorded under.
  public let name: String
  /// The other name it was called by (`glorot_uniform` for `xavier_uniform`), if it was.
  public let alias: String?
  /// The parameters that were given, as text.
  public let arguments: [String: String]

  /// A scheme by any of its names.
  ///
  /// - Throws: `SchemeError` for an unknown name or parameter.
  public init(_ name: String, _ arguments: [String: String] = [:]) throws(SchemeError) {
    guard let definition = SchemeDefinition.byName[name] else { throw .unknownScheme(name) }
    self.name = definition.name
    self.alias = name == definition.name ? nil : name
    self.arguments = arguments
    let unknown = arguments.keys.filter { !definition.parameters.contains($0) }.sorted()
    guard unknown.isEmpty else { throw .unknownParameters(unknown, scheme: definition.name) }
  }

  /// What a scheme resolves to.
  public struct Resolution: Sendable, Hashable {
    /// The scheme that gave the law: the one `auto` picked, otherwise the scheme itself.
    public let scheme: Scheme
    /// The law.
    public let law: Law
  }

  /// The law of this scheme for a tensor.
  ///
  /// - Throws: `SchemeError` naming the parameter, or the fans that are missing.
  public func resolve(shape: Shape, dtype: DType, layout: Layout) throws(SchemeError) -> Resolution {
    guard let definition = SchemeDefinition.byName[name] else { throw .unknownScheme(name) }
    let arguments = Arguments(scheme: name, texts: arguments)
    let tensor = TensorFacts(shape: shape, dtype: dtype, layout: layout)
    switch definition.body {
    case .pick(let pick):
      return try pick(arguments).resolve(shape: shape, dtype: dtype, layout: layout)
    case .law(let resolve):
      let law = try resolve(arguments, tensor)
      do { try law.check(dtype) } catch { throw .law(error) }
      return Resolution(scheme: self, law: law)
    }
  }

  /// Checks what can be checked without a tensor: that numbers are numbers and words are known.
  package func checkArguments() throws(SchemeError) {
    let arguments = Arguments(scheme: name, texts: arguments)
    for key in ["mean", "low", "high"] { _ = try arguments.number(key) }
    _ = try arguments.std(default: 0)
    _ = try arguments.mode(default: .fanIn)
    _ = try arguments.gain(default: 1)
  }

  /// Every name a scheme can be called by.
  public static var allNames: [String] { SchemeDefinition.all.flatMap { [$0.name] + $0.aliases } }

  /// The parameters a scheme takes.
  static func parameterNames(of name: String) -> [String] { SchemeDefinition.byName[name]?.parameters ?? [] }
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
    for member in members where member.key != "scheme" && member.key != "alias" {
      switch member.value {
      case .number(let number): arguments[member.key] = JSONNumber.text(number)
      case .string(let text): arguments[member.key] = text
      default: throw .invalid("the recorded scheme's `\(member.key)` is neither a number nor a word")
      }
    }
    try self.init(json["alias"]?.stringValue ?? name, arguments)
    guard self.name == name else {
      throw .invalid("the recorded alias `\(alias ?? name)` does not name the scheme `\(name)`")
    }
  }
}
