// A law as JSON, in manifests and records.

public import CanonicalJSON
public import InitLaw

extension Law {
  /// `{"law": name, …}` with exactly the law's parameters, each the exact number used.
  public var json: JSONValue {
    .object([.init("law", .string(name))] + parameters.map { .init($0.name, .number($0.value)) })
  }

  /// Reads what `json` writes; nil for anything else.
  public init?(json: JSONValue) {
    guard let name = json["law"]?.stringValue, let members = json.objectValue else { return nil }
    var parameters: [String: Double] = [:]
    for member in members where member.key != "law" {
      guard let value = member.value.numberValue else { return nil }
      parameters[member.key] = value
    }
    self.init(name: name, parameters: parameters)
  }
}
