// The parsers of the files of git, for tests with any bytes.

/// Parsers of bytes that a checkout may hold.
package enum GitParsers {
  /// Reads all entries of an index, whose shared index, if it has one, is the index itself.
  ///
  /// - Returns: the number of entries, and the id of the tree that they form, in hexadecimal digits.
  /// - Throws: `GitProblem` if the index or the tree is malformed.
  package static func tree(ofIndex bytes: [UInt8], idLength: Int) throws -> (count: Int, id: String) {
    var entries = try GitIndexEntries(bytes, idLength: idLength) { _ throws(GitProblem) in bytes }
    var builder = GitTreeBuilder(idLength: idLength)
    var count = 0
    while let entry = try entries.next() {
      try builder.add(entry)
      count += 1
    }
    return (count, builder.finish().description)
  }

  /// Applies a difference of a pack to an object.
  package static func applied(_ delta: [UInt8], to base: [UInt8]) throws -> [UInt8] {
    try GitDelta.apply(delta, to: base)
  }
}
