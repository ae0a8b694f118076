// YAML as a tree of texts with their lines.

import WinitJSON

/// A node of a YAML document. Scalars stay text, because YAML itself reads 010 as eight and 1:30 as ninety; the reader
/// of each value decides what its text means.
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

  /// The node in an error: its text, or `a list` or `a mapping`.
  var summary: String {
    switch content {
    case .scalar(let text): text.isEmpty ? "empty" : "\(quoted: text)"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}

extension SpecNode {
  /// Parses one document. Returns nil if it is empty.
  ///
  /// - Throws: `SpecDiagnostic` with the file and the line.
  static func parse(_ text: String, file: String) throws(SpecDiagnostic) -> SpecNode? {
    let composer = SpecComposer(text)
    do { return try composer.document() } catch {
      throw SpecDiagnostic(file: file, line: error.line, tensor: nil, problem: error.problem)
    }
  }
}
