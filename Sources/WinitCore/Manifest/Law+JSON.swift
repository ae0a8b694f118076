// A law as JSON, the form it has in manifests and in the registry.

package import WinitJSON

extension Law {
  /// The law as `{"law": name, …}` with its parameters, each the exact number used.
  ///
  /// An expression has its tree, and its draw if the tree has one. A norm has the name of its tensor and its axes. A
  /// batched law has its axes as `batch`. A layout is a member only in the second layout of a law, so that earlier ids
  /// stay the same. The law `parts` has a list of parts instead. The box of a part is a list of [start, stop], one for
  /// each leading axis, and the stream of a part, if it has one, is a decimal string.
  package var json: JSONValue {
    let numbers = parameters.map { JSONValue.Member($0.name, .number($0.value)) }
    return .object([.init("law", .string(name))] + numbers + otherMembers)
  }

  /// The members that are not numbers.
  private var otherMembers: [JSONValue.Member] {
    switch self {
    case .expression(let draw, let tree):
      (draw.map { [.init("draw", $0.json)] } ?? []) + [.init("tree", tree.json)]
    case .normOf(let name, let axes):
      [.init("name", .string(name.string)), .init("axes", .array(axes.map(JSONValue.integer)))]
    case .batched(let law, let axes): law.otherMembers + [.init("batch", .array(axes.map(JSONValue.integer)))]
    case .dirac(_, .keras), .deltaOrthogonal(_, .torch): [.init("layout", .string(layout.rawValue))]
    case .parts(let parts): [.init("parts", .array(parts.map(\.json)))]
    default: []
    }
  }

  /// The layout of a convolution.
  private var layout: Layout {
    switch self {
    case .dirac(_, let layout), .deltaOrthogonal(_, let layout): layout
    default: .torch
    }
  }

  /// Returns `{"law": "same_as", "name": …}` for a tensor that is tied to another, and `json` for any other tensor.
  package func json(tiedTo target: TensorName?) -> JSONValue {
    target.map { ["law": "same_as", "name": .string($0.string)] } ?? json
  }

  /// Reads a law in the form of `json`. Returns nil for anything else.
  package init?(json: JSONValue) {
    guard let name = json["law"]?.stringValue, let members = json.objectValue else { return nil }
    switch name {
    case "parts":
      let parts = json["parts"]?.arrayValue?.map(LawPart.init) ?? [nil]
      guard members.count == 2, !parts.contains(nil) else { return nil }
      self = .parts(parts.compactMap(\.self))
    case "expression":
      guard let tree = json["tree"].flatMap(ExpressionTree.init(json:)), (try? tree.folded()) == tree,
        members.count == (tree.hasDraw ? 3 : 2)
      else { return nil }
      let draw = json["draw"].flatMap(Law.init(json:))
      guard tree.hasDraw == (draw != nil) else { return nil }
      self = .expression(draw: draw, tree: tree)
    case "norm_of":
      guard members.count == 3, let source = json["name"]?.stringValue, let axes = json["axes"]?.axes else {
        return nil
      }
      self = .normOf(TensorName(source), axes: axes)
    default:
      guard let law = Law(structure: name, members) else { return nil }
      self = law
    }
  }

  /// Reads a law whose parameters are numbers, with a layout and a batch if they are given.
  private init?(structure name: String, _ members: [JSONValue.Member]) {
    var parameters: [String: Double] = [:]
    var (batch, layout) = ([Int]?.none, Layout?.none)
    for member in members where member.key != "law" {
      switch member.key {
      case "batch":
        guard let axes = member.value.axes, !axes.isEmpty else { return nil }
        batch = axes
      case "layout":
        guard let value = member.value.stringValue.flatMap(Layout.init(rawValue:)) else { return nil }
        layout = value
      default:
        guard let value = member.value.numberValue else { return nil }
        parameters[member.key] = value
      }
    }
    guard var law = Law(name: name, parameters: parameters) else { return nil }
    switch (law, layout) {
    case (_, nil): break
    case (.dirac(let groups, _), .keras): law = .dirac(groups: groups, layout: .keras)
    case (.deltaOrthogonal(let gain, _), .torch): law = .deltaOrthogonal(gain: gain, layout: .torch)
    default: return nil
    }
    self = batch.map { .batched(law, axes: $0) } ?? law
  }
}

extension JSONValue {
  /// The axes of a batch or of a norm; nil if this is not a list of axes.
  fileprivate var axes: [Int]? {
    let numbers = arrayValue?.map(\.integerValue) ?? [nil]
    return numbers.contains { $0.map { $0 < 0 } ?? true } ? nil : numbers.compactMap(\.self)
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
      let law = json["law"].flatMap(Law.init(json:)), law.canBePart
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
