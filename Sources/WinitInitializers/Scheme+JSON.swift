// A scheme as it is recorded.

package import WinitJSON

extension Scheme {
  /// The record of the scheme: `{"scheme": name, …}` with the alias that was written, the arguments, and the
  /// expressions that they were computed from.
  package var json: JSONValue {
    var members: [JSONValue.Member] = [.init("scheme", .string(name))]
    if let alias { members.append(.init("alias", .string(alias))) }
    for (name, argument) in arguments.sorted(by: { $0.key < $1.key }) {
      members.append(.init(name, argument.json))
    }
    if !expressions.isEmpty {
      let texts = expressions.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, .string($0.value)) }
      members.append(.init("expressions", .object(texts)))
    }
    if !names.isEmpty {
      let numbers = names.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, .number($0.value)) }
      members.append(.init("names", .object(numbers)))
    }
    return .object(members)
  }

  /// Reads what `json` writes.
  ///
  /// - Throws: `SchemeError` if the value is not the record of a scheme.
  package init(json: JSONValue) throws(SchemeError) {
    guard let name = json["scheme"]?.stringValue, let members = json.objectValue else {
      throw .invalidRecord("a recorded scheme has no name")
    }
    var arguments: [String: SchemeArgument] = [:]
    for member in members where !["scheme", "alias", "expressions", "names"].contains(member.key) {
      switch member.value {
      case .number(let number): arguments[member.key] = .number(number)
      case .string(let text): arguments[member.key] = SchemeArgument(text: text)
      default: throw .invalidRecord("the recorded scheme's \(quoted: member.key) is neither a number nor a word")
      }
    }
    let expressions = json["expressions"]?.objectValue ?? []
    var names: [String: Double] = [:]
    for member in json["names"]?.objectValue ?? [] {
      guard let number = member.value.numberValue else {
        throw .invalidRecord("the recorded value of the name \(quoted: member.key) is not a number")
      }
      names[member.key] = number
    }
    try self.init(
      json["alias"]?.stringValue ?? name, arguments,
      expressions: Dictionary(
        expressions.map { ($0.key, $0.value.stringValue ?? "") }, uniquingKeysWith: { first, _ in first }), names: names
    )
    guard self.name == name else {
      throw .invalidRecord("the recorded alias \(quoted: alias ?? name) does not name the scheme \(quoted: name)")
    }
  }
}
