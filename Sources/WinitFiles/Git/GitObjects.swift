// The commits of a repository of git: loose objects, packs, and the folders of objects of other repositories.

import WinitCore

/// An object of git: its type (`commit`, `tree`, …) and its bytes.
struct GitObject {
  let type: String
  let bytes: [UInt8]

  /// The id that git gives the object.
  func id(length: Int) -> GitObjectID {
    let message = Array("\(type) \(bytes.count)\0".utf8) + bytes
    return GitObjectID(length == 20 ? sha1Digest(of: message) : SHA256Digest(of: message).bytes.map(\.self))
  }
}

/// Reads objects. Nothing is fetched that is missing.
struct GitObjects {
  let files: GitFiles
  /// The folders of objects, each of which ends with a slash.
  private let folders: [[UInt8]]

  /// The maximum size of an object that is read: a commit has a few hundred bytes.
  static let sizeLimit = 16 << 20
  /// The maximum length of a chain of repositories that borrow objects, as in git.
  private static let alternatesDepth = 5

  init(_ folder: [UInt8], _ files: GitFiles) throws(GitProblem) {
    self.files = files
    var folders = [folder]
    var level = [folder]
    for _ in 0..<Self.alternatesDepth {
      var next: [[UInt8]] = []
      for folder in level {
        let text = try files.read(folder + "info/alternates".utf8, limit: 1 << 20) ?? []
        for line in text.split(separator: UInt8(ascii: "\n")) where line.first != UInt8(ascii: "#") {
          let other = GitCheckout.joined(folder, Array(line)) + "/".utf8
          if !folders.contains(other), folders.count < 64 {
            next.append(other)
            folders.append(other)
          }
        }
      }
      level = next
    }
    self.folders = folders
  }

  /// Returns the id of the tree of a commit, whose bytes have the commit's id.
  func tree(of commit: GitObjectID) throws(GitProblem) -> GitObjectID {
    guard let object = try object(commit, depth: 0) else { throw GitProblem("the commit is not in the repository") }
    guard object.type == "commit", object.id(length: commit.bytes.count) == commit,
      object.bytes.starts(with: "tree ".utf8), let tree = GitObjectID(hex: object.bytes.dropFirst(5))
    else { throw GitProblem("the commit is damaged") }
    return tree
  }

  /// Returns an object, whose digest is not checked; nil if the repository does not have it.
  ///
  /// - Parameter depth: the number of deltas that need this object.
  func object(_ id: GitObjectID, depth: Int) throws(GitProblem) -> GitObject? {
    for folder in folders {
      if let object = try loose(id, folder) { return object }
      for name in try files.names(in: folder + "pack".utf8, suffix: ".idx") {
        let base = folder + "pack/".utf8 + name.dropLast(4)
        if let pack = try GitPack(base, id.bytes.count, files), let offset = try pack.offset(of: id) {
          return try pack.object(at: offset, in: self, depth: depth)
        }
      }
    }
    return nil
  }

  private func loose(_ id: GitObjectID, _ folder: [UInt8]) throws(GitProblem) -> GitObject? {
    let hex = id.description.utf8
    let path = folder + hex.prefix(2) + "/".utf8 + hex.dropFirst(2)
    guard let packed = try files.read(path, limit: Self.sizeLimit) else { return nil }
    let bytes = try Self.inflated(packed[...], limit: Self.sizeLimit)
    guard let zero = bytes.prefix(64).firstIndex(of: 0) else { throw Self.damaged }
    let type = bytes[..<zero].prefix { $0 != UInt8(ascii: " ") }
    return GitObject(type: String(decoding: type, as: UTF8.self), bytes: Array(bytes[(zero + 1)...]))
  }

  static let damaged = GitProblem("an object of the repository is damaged")

  static func inflated(_ bytes: ArraySlice<UInt8>, limit: Int) throws(GitProblem) -> [UInt8] {
    do { return try WinitFiles.inflated(bytes, limit: limit) } catch { throw damaged }
  }
}
