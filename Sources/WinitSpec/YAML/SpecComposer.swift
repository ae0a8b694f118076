// Composes YAML events into a tree, with limits of its depth and of the expansion of aliases.

import WinitCore
import WinitJSON

/// Composes the tree of one document. The tree of a Swift YAML library cannot replace it: Yams compares keys as Swift
/// strings, under which two tensor names may be equal, and takes unbounded time for keys that are lists of aliases.
struct SpecComposer {
  /// A node that an alias may stand for, with the bounds of its expansion.
  private struct Composed {
    let node: SpecNode
    /// The depth of the tree: 1 for a scalar.
    let height: Int
    /// The number of nodes and bytes, with aliases expanded.
    let size: Int
  }

  private static let maximumDepth = 64
  private static let maximumExpansion = 1_000_000

  private let events: YAMLEvents
  private var anchors: [String: Composed] = [:]
  private var expansion = 0

  init(_ text: String) { events = YAMLEvents(text) }

  /// Returns the only document; nil if the text has none.
  consuming func document() throws(LocatedProblem) -> SpecNode? {
    guard case .documentStart = try events.next().event else { return nil }
    let (event, line) = try events.next()
    let root = try compose(event, line: line, depth: 1)
    _ = try events.next()
    let (after, next) = try events.next()
    guard case .streamEnd = after else {
      throw LocatedProblem(
        line: next, .invalidYAML, "not valid YAML: a second document begins here. A spec is one document")
    }
    return root.node
  }

  private mutating func compose(
    _ event: YAMLEvents.Event, line: Int, depth: Int
  ) throws(LocatedProblem) -> Composed {
    guard depth <= Self.maximumDepth else { throw tooDeep(line) }
    let composed: Composed
    let anchor: String?
    switch event {
    case .alias(let name): return try expand(name, line: line, depth: depth)
    case .scalar(let text, let name):
      composed = Composed(
        node: SpecNode(content: .scalar(text), line: line), height: 1, size: 1 + text.utf8.count)
      anchor = name
    case .sequenceStart(let name):
      composed = try sequence(line: line, depth: depth)
      anchor = name
    case .mappingStart(let name):
      composed = try mapping(line: line, depth: depth)
      anchor = name
    default: throw LocatedProblem(line: line, .invalidYAML, "not valid YAML: unexpected end, a value was expected")
    }
    if let anchor { anchors[anchor] = composed }
    return composed
  }

  private mutating func sequence(line: Int, depth: Int) throws(LocatedProblem) -> Composed {
    var nodes: [SpecNode] = []
    var (height, size) = (1, 1)
    while true {
      let (event, elementLine) = try events.next()
      if case .sequenceEnd = event { break }
      let element = try compose(event, line: elementLine, depth: depth + 1)
      nodes.append(element.node)
      height = max(height, element.height + 1)
      size += element.size
    }
    return Composed(node: SpecNode(content: .sequence(nodes), line: line), height: height, size: size)
  }

  private mutating func mapping(line: Int, depth: Int) throws(LocatedProblem) -> Composed {
    var pairs: [(key: SpecNode, value: SpecNode)] = []
    var lines: [TensorName: Int] = [:]
    var (height, size) = (1, 1)
    while true {
      let (event, keyLine) = try events.next()
      if case .mappingEnd = event { break }
      let key = try compose(event, line: keyLine, depth: depth + 1)
      // Keys are compared by their bytes, as tensor names are.
      if let text = key.node.scalar, let first = lines.updateValue(keyLine, forKey: TensorName(text)) {
        throw LocatedProblem(line: first, .duplicateName, "duplicate name \(quoted: text), again on line \(keyLine)")
      }
      let (next, valueLine) = try events.next()
      let value = try compose(next, line: valueLine, depth: depth + 1)
      pairs.append((key.node, value.node))
      height = max(height, key.height + 1, value.height + 1)
      size += key.size + value.size
    }
    return Composed(node: SpecNode(content: .mapping(pairs), line: line), height: height, size: size)
  }

  /// Returns the node that an alias stands for. The node is shared, not copied, but a reader visits it again, so its
  /// size counts each time.
  private mutating func expand(_ name: String, line: Int, depth: Int) throws(LocatedProblem) -> Composed {
    guard let target = anchors[name] else {
      throw LocatedProblem(
        line: line, .invalidYAML,
        "not valid YAML: no anchor for the alias `*\(name)`. A pattern that begins with * needs quotes")
    }
    guard depth + target.height - 1 <= Self.maximumDepth else { throw tooDeep(line) }
    expansion += target.size
    guard expansion <= Self.maximumExpansion else {
      throw LocatedProblem(
        line: line, .expansionTooLarge, "the aliases expand to more than a million nodes and bytes")
    }
    return target
  }

  private func tooDeep(_ line: Int) -> LocatedProblem {
    LocatedProblem(line: line, .tooDeep, "nested more than \(Self.maximumDepth) deep")
  }
}
