// The parsers of the files of a git checkout.

import WinitFiles

extension FuzzTarget {
  /// The first byte chooses the parser: of an index, of a compressed object, or of a difference between two objects.
  /// What is read is bounded by the size of the input, and is the same the second time.
  static let git = FuzzTarget("git") { bytes in
    let rest = Array(bytes.dropFirst())
    do {
      switch bytes.first.map({ $0 % 3 }) {
      case 0?:
        let tree = try GitParsers.tree(ofIndex: rest, idLength: 20)
        // An entry has at least 62 bytes, and each entry is read from an index or from its shared index.
        try expect(tree.count * 62 <= 2 * rest.count, "\(tree.count) entries in \(rest.count) bytes")
        try expect(try GitParsers.tree(ofIndex: rest, idLength: 20) == tree, "another tree")
      case 1?:
        let limit = 100_000
        let output = try inflated(rest[...], limit: limit)
        try expect(output.count <= limit, "\(output.count) bytes, the limit is \(limit)")
        try expect(try inflated(rest[...], limit: output.count) == output, "other bytes")
      case 2?:
        let base = Array("tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n".utf8)
        let output = try GitParsers.applied(rest, to: base)
        try expect(output.count <= 127 * rest.count + base.count * rest.count, "\(output.count) bytes")
      default: return .refused("no input")
      }
    } catch let error as BrokenProperty {
      throw error
    } catch {
      return .refused("\(error)")
    }
    return .accepted
  }
}
