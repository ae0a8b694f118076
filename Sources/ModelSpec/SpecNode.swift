// YAML as a tree of texts with their lines; what a text means is decided where it is used.

import Foundation
import Yams

/// A node of a YAML document. Scalars stay text: YAML's own reading makes 010 eight and 1:30 ninety.
struct SpecNode {
  indirect enum Content {
    case scalar(String)
    case sequence([SpecNode])
    case mapping([(key: SpecNode, value: SpecNode)])
  }

  let content: Content
  let line: Int

  var scalar: String? { if case .scalar(let text) = content { text } else { nil } }
  var sequence: [SpecNode]? { if case .sequence(let nodes) = content { nodes } else { nil } }
  var mapping: [(key: SpecNode, value: SpecNode)]? {
    if case .mapping(let pairs) = content { pairs } else { nil }
  }

  /// What the node is, for errors.
  var kind: String {
    switch content {
    case .scalar(let text): text.isEmpty ? "nothing" : "`\(text)`"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}

extension SpecNode {
  /// Parses one document; nil where it is empty.
  ///
  /// - Throws: `SpecDiagnostic` with the file and line.
  static func parse(_ text: String, file: String) throws(SpecDiagnostic) -> SpecNode? {
    func fail(_ line: Int?, _ message: String) -> SpecDiagnostic {
      SpecDiagnostic(file: file, line: line, tensor: nil, message: message)
    }
    if let line = Spelling.firstUnsafeLine(text) {
      throw fail(line, "it holds a character of the private use plane, which no tensor name here may")
    }
    do {
      guard let root = try Yams.Parser(yaml: Spelling.encode(text)).singleRoot() else { return nil }
      var budget = 1_000_000
      guard let node = SpecNode(root, budget: &budget) else {
        throw fail(nil, "its aliases expand to more than a million nodes")
      }
      return node
    } catch let error as YamlError {
      switch error {
      case .duplicatedKeysInMapping(let keys, let context):
        let key = Spelling.decode(keys[0])
        let again = SpecNode.linesOf(key: key, in: text).first { $0 > context.mark.line }
        throw fail(context.mark.line, "`\(key)` stands twice" + (again.map { ", again on line \($0)" } ?? ""))
      case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
        .composer(_, let problem, let mark, _):
        throw fail(mark.line, "not valid YAML: \(problem)")
      case .reader(let problem, _, _, _): throw fail(nil, "not valid YAML: \(problem)")
      default: throw fail(nil, "not valid YAML: \(error)")
      }
    } catch let error as SpecDiagnostic {
      throw error
    } catch {
      throw fail(nil, "not valid YAML: \(error)")
    }
  }

  /// Nil where aliases make it too large.
  private init?(_ node: Node, budget: inout Int) {
    budget -= 1
    guard budget > 0 else { return nil }
    line = node.mark?.line ?? 1
    switch node {
    case .scalar(let scalar): content = .scalar(Spelling.decode(scalar.string))
    case .sequence(let sequence):
      var nodes: [SpecNode] = []
      for element in sequence {
        guard let child = SpecNode(element, budget: &budget) else { return nil }
        nodes.append(child)
      }
      content = .sequence(nodes)
    case .mapping(let mapping):
      var pairs: [(SpecNode, SpecNode)] = []
      for (key, value) in mapping {
        guard let key = SpecNode(key, budget: &budget), let value = SpecNode(value, budget: &budget) else {
          return nil
        }
        pairs.append((key, value))
      }
      content = .mapping(pairs)
    case .alias: return nil
    }
  }

  /// The lines that seem to begin with a key, to point at the second of a pair.
  private static func linesOf(key: String, in text: String) -> [Int] {
    text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { number, line in
      let start = line.drop { " \t{-,\"'".contains($0) }
      guard start.hasPrefix(key) else { return nil }
      return start.dropFirst(key.count).drop { " \t\"'".contains($0) }.first == ":" ? number + 1 : nil
    }
  }
}
