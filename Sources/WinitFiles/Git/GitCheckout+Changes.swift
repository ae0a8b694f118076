// Whether the tracked files of a checkout differ from its commit, as far as the index can tell.

import Foundation

extension GitCheckout {
  /// The maximum size of an index: 2 million files have about 200 MB.
  private static let indexLimit = 512 << 20
  /// The maximum depth of submodules.
  private static let submoduleDepth = 8

  /// Returns whether tracked files have changes that are not committed: true if the index differs from the commit, or if
  /// the type or the size of a file proves a change; false if the index is that of the commit and the file system says
  /// that no file changed since; nil if the bytes of a file would decide it, or if the index or the commit cannot be
  /// read. File contents are never read, because the settings of the repository say how git reads them.
  package func isDirty(_ commit: GitObjectID) -> Bool? { isDirty(commit, depth: 0) }

  private func isDirty(_ commit: GitObjectID, depth: Int) -> Bool? {
    do {
      let tree = try GitObjects(commonFolder + "objects/".utf8, files).tree(of: commit)
      return try changes(from: tree, idLength: commit.bytes.count, depth: depth)
    } catch {
      return nil
    }
  }

  private func changes(from tree: GitObjectID, idLength: Int, depth: Int) throws(GitProblem) -> Bool? {
    let (bytes, modified) = try index(gitFolder + "index".utf8, idLength)
    var written = modified
    var entries = try GitIndexEntries(bytes, idLength: idLength) { id throws(GitProblem) in
      let (bytes, modified) = try index(gitFolder + "sharedindex.\(id)".utf8, idLength)
      written = min(written, modified)
      return bytes
    }
    var builder = GitTreeBuilder(idLength: idLength)
    var folders = CheckedFolders()
    var isCertain = true
    while let entry = try entries.next() {
      try files.checkStopped()
      if entry.stage > 0 || entry.isIntendedToAdd { return true }
      try builder.add(entry)
      switch try isChanged(entry, &folders, written, depth) {
      case true?: return true
      case false?: break
      case nil: isCertain = false
      }
    }
    guard builder.finish() == tree else { return true }
    return isCertain ? false : nil
  }

  /// Returns an index and the time at which it was written. A checkout without an index tracks no files.
  private func index(_ path: [UInt8], _ idLength: Int) throws(GitProblem) -> (bytes: [UInt8], modified: GitTime) {
    guard let file = try files.open(path) else {
      return ("DIRC".utf8 + [0, 0, 0, 2, 0, 0, 0, 0] + [UInt8](repeating: 0, count: idLength), GitTime())
    }
    guard file.size <= Self.indexLimit else { throw GitProblem("the index is too large") }
    return (try file.read(at: 0, upTo: file.size), file.modified)
  }

  /// Returns whether a file has changed since the index was written; nil if its bytes decide it.
  private func isChanged(
    _ entry: GitIndexEntry, _ folders: inout CheckedFolders, _ written: GitTime, _ depth: Int
  ) throws(GitProblem) -> Bool? {
    if entry.isAssumedValid { return false }
    let path = workTree + entry.path
    // git checks a file of a sparse checkout that is there in spite of it, and expands a folder that is there.
    if entry.isSkipped { return files.status(path, followingLinks: false) == nil ? false : nil }
    guard folders.exists(above: entry.path, { files.status(workTree + $0, followingLinks: false) }),
      let found = files.status(path, followingLinks: false)
    else { return true }
    let kind = UInt32(found.st_mode & S_IFMT)
    if entry.kind == 0o160000 {
      return kind == UInt32(S_IFDIR) ? try isChanged(submodule: entry, depth) : true
    }
    // A file system without symbolic links has files in place of them.
    if entry.kind == UInt32(S_IFLNK), kind == UInt32(S_IFREG) { return nil }
    guard kind == entry.kind else { return true }
    let size = UInt32(truncatingIfNeeded: found.st_size)
    if size != entry.size {
      // The size 0 is also that of an entry whose file must be read.
      return entry.size != 0 || entry.id.isEmptyBlob ? true : nil
    }
    if size == 0, !entry.id.isEmptyBlob { return nil }
    // core.fileMode decides whether the permission to execute counts.
    if kind == UInt32(S_IFREG), (entry.mode ^ UInt32(found.st_mode)) & 0o100 != 0 {
      return try trustsFileMode() ? true : nil
    }
    let isSame =
      entry.modified == found.modified && entry.changed == found.changed
      && entry.inode == UInt32(truncatingIfNeeded: found.st_ino) && entry.user == UInt32(found.st_uid)
      && entry.group == UInt32(found.st_gid)
    // A file that was written in the same instant as the index may have changed since, unnoticed.
    return isSame && entry.modified < written ? false : nil
  }

  private func isChanged(submodule entry: GitIndexEntry, _ depth: Int) throws(GitProblem) -> Bool? {
    guard let submodule = try GitCheckout(submodule: entry.path, of: self) else { return false }
    // git takes a submodule without a commit as unchanged.
    guard let commit = try? submodule.commit() else { return nil }
    guard commit == entry.id else { return true }
    return depth < Self.submoduleDepth ? submodule.isDirty(commit, depth: depth + 1) : nil
  }

  /// Returns whether the configuration of the repository says that permissions to execute are recorded, as `git init`
  /// writes it. Any setting that could say otherwise counts as no.
  private func trustsFileMode() throws(GitProblem) -> Bool {
    var lines: [String] = []
    for path in [commonFolder + "config".utf8, gitFolder + "config.worktree".utf8] {
      let text = String(decoding: try files.read(path, limit: 1 << 20) ?? [], as: UTF8.self).lowercased()
      if text.contains("include") { return false }
      lines += text.split(separator: "\n").map { $0.filter { !$0.isWhitespace } }
    }
    let settings = lines.filter { $0.contains("filemode") }
    return !settings.isEmpty && settings.allSatisfy { $0 == "filemode=true" }
  }
}

/// The folders of tracked files that were found to be folders, not links to others.
private struct CheckedFolders {
  private var last: [UInt8] = []
  private var isFolder = true

  /// Returns whether all folders of a path, which are relative to the working tree, are folders.
  mutating func exists(above path: [UInt8], _ status: ([UInt8]) -> stat?) -> Bool {
    guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return true }
    let folder = Array(path[..<slash])
    if folder == last { return isFolder }
    last = folder
    isFolder = true
    for end in folder.indices where folder[end] == UInt8(ascii: "/") {
      isFolder = isFolder && status(Array(folder[..<end])).map { $0.st_mode & S_IFMT == S_IFDIR } == true
    }
    isFolder = isFolder && status(folder).map { $0.st_mode & S_IFMT == S_IFDIR } == true
    return isFolder
  }
}

extension GitObjectID {
  /// Whether this is the id of the empty file.
  fileprivate var isEmptyBlob: Bool { self == GitObject(type: "blob", bytes: []).id(length: bytes.count) }
}
