// YAML as a tree of texts with their lines; what a text means is decided where it is used.

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
    let composer = SpecComposer(text)
    do { return try composer.document() } catch {
      throw SpecDiagnostic(file: file, line: error.line, tensor: nil, message: error.problem)
    }
  }
}
