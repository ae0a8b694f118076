// An expression as JSON, the form it has in manifests and in the registry.

package import WinitJSON

extension ExpressionTree {
  /// The tree as a number, `"draw"`, `["index", axis]` or `[operation, operand, …]`.
  package var json: JSONValue {
    switch self {
    case .number(let value): .number(value)
    case .draw: "draw"
    case .index(let axis): ["index", .integer(axis)]
    case .unary(let operation, let operand): [.string(operation.rawValue), operand.json]
    case .binary(let operation, let left, let right): [.string(operation.rawValue), left.json, right.json]
    }
  }

  /// Reads a tree in the form of `json`. Returns nil for anything else, and for a tree above the limits.
  package init?(json: JSONValue) {
    var nodes = 0
    guard let tree = ExpressionTree(json, depth: 1, nodes: &nodes) else { return nil }
    self = tree
  }

  private init?(_ json: JSONValue, depth: Int, nodes: inout Int) {
    nodes += 1
    guard depth <= Self.depthLimit, nodes <= Self.nodeLimit else { return nil }
    if let value = json.numberValue {
      guard value.isFinite else { return nil }
      self = .number(value)
      return
    }
    if json.stringValue == "draw" {
      self = .draw
      return
    }
    guard let items = json.arrayValue, let name = items.first?.stringValue else { return nil }
    if name == "index" {
      guard items.count == 2, let axis = items[1].integerValue, axis >= 0 else { return nil }
      self = .index(axis)
    } else if let operation = UnaryOperation(rawValue: name) {
      guard items.count == 2, let operand = ExpressionTree(items[1], depth: depth + 1, nodes: &nodes) else {
        return nil
      }
      self = .unary(operation, operand)
    } else if let operation = BinaryOperation(rawValue: name) {
      guard items.count == 3, let left = ExpressionTree(items[1], depth: depth + 1, nodes: &nodes),
        let right = ExpressionTree(items[2], depth: depth + 1, nodes: &nodes)
      else { return nil }
      self = .binary(operation, left, right)
    } else {
      return nil
    }
  }
}
