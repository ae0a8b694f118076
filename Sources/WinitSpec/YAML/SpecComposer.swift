// From YAML's events to a tree, with bounds on what aliases may make of it.

import WinitCore

/// Makes a tree of one document's events. The tree of a Swift YAML library is no alternative: Yams compares keys as Swift
/// strings, under which two tensor names may be equal, and takes unbounded time for keys that are lists of aliases.
struct SpecComposer {
  /// A node that an alias may stand for, and what it comes to with its own aliases written out.
  private struct Composed {
    let node: SpecNode
    /// How deep it nests: 1 for a scalar.
    let height: Int
    /// Its nodes and their bytes.
    let size: Int
  }

  private static let deepest = 64
  private static let largestExpansion = 1_000_000

  private let events: YAMLEvents
  private var anchors: [String: Composed] = [:]
  private var expansion = 0

  init(_ text: String) { events = YAMLEvents(text) }

  /// The only document; nil where there is none.
  consuming func document() throws(YAMLError) -> SpecNode? {
    guard case .documentStart = try events.next().event else { return nil }
    let (event, line) = try events.next()
    let root = try compose(event, line: line, depth: 1)
    _ = try events.next()
    let (after, next) = try events.next()
    guard case .streamEnd = after else {
      throw YAMLError(line: next, problem: "not valid YAML: a second document begins; a spec is one")
    }
    return root.node
  }

  private mutating func compose(
    _ event: YAMLEvents.Event, line: Int, depth: Int
  ) throws(YAMLError) -> Composed {
    guard depth <= Self.deepest else { throw tooDeep(line) }
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
    default: throw YAMLError(line: line, problem: "not valid YAML: it ends where a node is due")
    }
    if let anchor { anchors[anchor] = composed }
    return composed
  }

  private mutating func sequence(line: Int, depth: Int) throws(YAMLError) -> Composed {
    var nodes: [SpecNode] = []
    var (height, size) = (1, 1)
    while true {
      let (event, place) = try events.next()
      if case .sequenceEnd = event { break }
      let element = try compose(event, line: place, depth: depth + 1)
      nodes.append(element.node)
      height = max(height, element.height + 1)
      size += element.size
    }
    return Composed(node: SpecNode(content: .sequence(nodes), line: line), height: height, size: size)
  }

  private mutating func mapping(line: Int, depth: Int) throws(YAMLError) -> Composed {
    var pairs: [(key: SpecNode, value: SpecNode)] = []
    var lines: [TensorName: Int] = [:]
    var (height, size) = (1, 1)
    while true {
      let (event, place) = try events.next()
      if case .mappingEnd = event { break }
      let key = try compose(event, line: place, depth: depth + 1)
      // Keys are compared as tensor names are, by their bytes.
      if let text = key.node.scalar, let first = lines.updateValue(place, forKey: TensorName(text)) {
        throw YAMLError(line: first, problem: "`\(text)` stands twice, again on line \(place)")
      }
      let (next, nextPlace) = try events.next()
      let value = try compose(next, line: nextPlace, depth: depth + 1)
      pairs.append((key.node, value.node))
      height = max(height, key.height + 1, value.height + 1)
      size += key.size + value.size
    }
    return Composed(node: SpecNode(content: .mapping(pairs), line: line), height: height, size: size)
  }

  /// What an alias stands for, which is shared and not copied; but whoever walks the tree meets it again.
  private mutating func expand(_ name: String, line: Int, depth: Int) throws(YAMLError) -> Composed {
    guard let target = anchors[name] else {
      throw YAMLError(
        line: line,
        problem:
          "not valid YAML: `*\(name)` is an alias of nothing (a pattern that begins with * needs quotes)")
    }
    guard depth + target.height - 1 <= Self.deepest else { throw tooDeep(line) }
    expansion += target.size
    guard expansion <= Self.largestExpansion else {
      throw YAMLError(line: line, problem: "its aliases expand to more than a million nodes and bytes")
    }
    return target
  }

  private func tooDeep(_ line: Int) -> YAMLError {
    YAMLError(line: line, problem: "it is nested more than \(Self.deepest) deep")
  }
}
