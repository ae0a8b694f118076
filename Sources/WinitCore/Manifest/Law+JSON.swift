// A law as JSON, the form it has in manifests and in the registry.

package import WinitJSON

extension Law {
  /// The law as `{"law": name, …}` with its parameters, each the exact number used.
  ///
  /// The law `parts` has a list of parts instead. The box of a part is a list of [start, stop], one for each leading
  /// axis, and the stream of a part, if it has one, is a decimal string.
  package var json: JSONValue {
    guard case .parts(let parts) = self else {
      return .object([.init("law", .string(name))] + parameters.map { .init($0.name, .number($0.value)) })
    }
    return ["law": .string(name), "parts": .array(parts.map(\.json))]
  }

  /// Returns `{"law": "same_as", "name": …}` for a tensor that is tied to another, and `json` for any other tensor.
  package func json(tiedTo target: TensorName?) -> JSONValue {
    target.map { ["law": "same_as", "name": .string($0.string)] } ?? json
  }

  /// Reads a law in the form of `json`. Returns nil for anything else.
  package init?(json: JSONValue) {
    guard let name = json["law"]?.stringValue, let members = json.objectValue else { return nil }
    if name == "parts" {
      let parts = json["parts"]?.arrayValue?.map(LawPart.init) ?? [nil]
      guard members.count == 2, !parts.contains(nil) else { return nil }
      self = .parts(parts.compactMap(\.self))
      return
    }
    var parameters: [String: Double] = [:]
    for member in members where member.key != "law" {
      guard let value = member.value.numberValue else { return nil }
      parameters[member.key] = value
    }
    self.init(name: name, parameters: parameters)
  }
}

extension LawPart {
  fileprivate var json: JSONValue {
    let ranges = box.map { JSONValue.array([.integer($0.lowerBound), .integer($0.upperBound)]) }
    let members: [JSONValue.Member] = [.init("box", .array(ranges)), .init("law", law.json)]
    return .object(members + (stream.map { [.init("stream", .string(String($0)))] } ?? []))
  }

  fileprivate init?(json: JSONValue) {
    guard let members = json.objectValue, let ranges = json["box"]?.arrayValue,
      let law = json["law"].flatMap(Law.init(json:)), law.isElementwise
    else { return nil }
    var box: [Range<Int>] = []
    for range in ranges {
      let bounds = (range.arrayValue ?? []).compactMap(\.integerValue)
      guard bounds.count == 2, bounds[0] <= bounds[1] else { return nil }
      box.append(bounds[0]..<bounds[1])
    }
    let stream = json["stream"]?.stringValue.flatMap { UInt64($0) }
    guard members.count == (stream == nil ? 2 : 3) else { return nil }
    self.init(box: box, law: law, stream: stream)
  }
}
