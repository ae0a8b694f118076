// The id of the tree that a commit of the index would have.

/// Computes the id of the tree of files that arrive in the order of their paths.
struct GitTreeBuilder {
  private let idLength: Int
  /// The folders of the last path, from the root, each with the tree so far.
  private var open: [(name: [UInt8], tree: [UInt8])] = [([], [])]
  private var last: [UInt8] = []
  private var folder: [UInt8] = []
  private var size = 0

  /// The maximum size of all open trees: a tree has about 40 bytes for each file of its folder.
  private static let sizeLimit = 256 << 20

  init(idLength: Int) { self.idLength = idLength }

  /// Adds a file, or a folder of a sparse index, whose path ends with a slash.
  ///
  /// - Throws: `GitProblem` if the path is not behind the last one, or is not one that git records.
  mutating func add(_ entry: GitIndexEntry) throws(GitProblem) {
    guard last.lexicographicallyPrecedes(entry.path) else {
      throw GitProblem("the paths of the index are not in order")
    }
    last = entry.path
    let isFolder = entry.kind == 0o040000
    let path = isFolder && entry.path.last == UInt8(ascii: "/") ? entry.path.dropLast() : entry.path[...]
    let slash = path.lastIndex(of: UInt8(ascii: "/"))
    guard slash != path.startIndex else { throw Self.outside }
    try enter(path[..<(slash ?? 0)])
    let name = slash.map { path[($0 + 1)...] } ?? path
    guard Self.isName(name) else { throw Self.outside }
    try append(mode: isFolder ? "40000" : String(entry.mode, radix: 8), name, entry.id)
  }

  private static let outside = GitProblem("a path of the index leads outside the checkout")

  /// Opens the folders of a path, and closes the others.
  private mutating func enter(_ path: ArraySlice<UInt8>) throws(GitProblem) {
    // Most files are in the folder of the file before them.
    if path == folder[...] { return }
    folder = Array(path)
    let parts = folder.isEmpty ? [] : folder.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard parts.allSatisfy(Self.isName) else { throw Self.outside }
    var shared = 0
    while shared + 1 < open.count, shared < parts.count, open[shared + 1].name[...] == parts[shared] { shared += 1 }
    closeFolders(below: shared)
    for part in parts[shared...] { open.append((Array(part), [])) }
  }

  /// Returns the id of the tree.
  mutating func finish() -> GitObjectID {
    closeFolders(below: 0)
    return GitObject(type: "tree", bytes: open[0].tree).id(length: idLength)
  }

  private mutating func closeFolders(below depth: Int) {
    while open.count > depth + 1 {
      let folder = open.removeLast()
      size -= folder.tree.count
      let id = GitObject(type: "tree", bytes: folder.tree).id(length: idLength)
      open[open.count - 1].tree += "40000 ".utf8 + folder.name + [0] + id.bytes
    }
  }

  private mutating func append(mode: String, _ name: ArraySlice<UInt8>, _ id: GitObjectID) throws(GitProblem) {
    let line = Array(mode.utf8) + [UInt8(ascii: " ")] + name + [0] + id.bytes
    size += line.count
    guard size <= Self.sizeLimit else { throw GitProblem("the index is too large") }
    open[open.count - 1].tree += line
  }

  /// Returns whether a name can be that of a tracked file. `.git` is that of the repository itself.
  private static func isName(_ name: ArraySlice<UInt8>) -> Bool {
    guard !name.isEmpty, name.count <= 255 else { return false }
    guard name.first == UInt8(ascii: ".") else { return true }
    let isDotGit = name.count == 4 && name.dropFirst().map { $0 | 0x20 } == Array("git".utf8)
    return name.count > 1 && !name.elementsEqual("..".utf8) && !isDotGit
  }
}
