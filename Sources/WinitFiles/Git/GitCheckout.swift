// Finds the git checkout that contains the current folder, and its commit, without git.

import Foundation

/// A git checkout. No program is run, and no setting of the repository is obeyed: its files are only read.
package struct GitCheckout: Sendable {
  let files: GitFiles
  /// The paths of the working tree, of the folder with HEAD and the index, and of the folder with objects and refs,
  /// relative to the current folder. Each ends with a slash.
  let workTree: [UInt8]
  let gitFolder: [UInt8]
  let commonFolder: [UInt8]

  /// Finds the checkout that contains the current folder. Returns nil if there is none.
  ///
  /// - Throws: `GitProblem` if the checkout belongs to another user, or if its `.git` file is malformed. A `.git` above
  ///   the current folder may be the work of any user who can write there.
  package init?(containing files: GitFiles) throws(GitProblem) {
    var root = Array("./".utf8)
    // No system has longer paths.
    while root.count < 4096 {
      if let found = try Self.gitFolders(of: root, files) {
        let owners = [geteuid(), 0, files.status(Array(".".utf8))?.st_uid ?? 0]
        guard owners.contains(found.owner) else {
          throw GitProblem("the checkout belongs to another user (uid \(found.owner)) than the current folder")
        }
        (self.files, workTree, gitFolder, commonFolder) = (files, root, found.own, found.common)
        return
      }
      guard let here = files.status(root), let above = files.status(root + "..".utf8),
        (here.st_dev, here.st_ino) != (above.st_dev, above.st_ino)
      else { return nil }
      root += "../".utf8
    }
    return nil
  }

  /// Returns the checkout of a submodule; nil if the submodule is not checked out.
  init?(submodule path: [UInt8], of parent: GitCheckout) throws(GitProblem) {
    let root = parent.workTree + path + "/".utf8
    guard let found = try Self.gitFolders(of: root, parent.files) else { return nil }
    (files, workTree, gitFolder, commonFolder) = (parent.files, root, found.own, found.common)
  }

  /// Returns the folders of a checkout and the owner of its `.git`; nil if the folder has no `.git`. As in git, a
  /// folder `.git` without HEAD and objects is no repository.
  private static func gitFolders(
    of root: [UInt8], _ files: GitFiles
  ) throws(GitProblem) -> (own: [UInt8], common: [UInt8], owner: uid_t)? {
    let place = root + ".git".utf8
    guard let link = files.status(place, followingLinks: false), let target = files.status(place) else { return nil }
    var own = place + "/".utf8
    let isFile = target.st_mode & S_IFMT == S_IFREG
    if isFile {
      let text = trimmed(try files.read(place, limit: 1 << 16) ?? [])
      guard text.starts(with: "gitdir: ".utf8), text.count > 8 else {
        throw GitProblem("the file `.git` does not name a repository")
      }
      own = joined(root, Array(text.dropFirst(8))) + "/".utf8
    } else if target.st_mode & S_IFMT != S_IFDIR {
      return nil
    }
    var common = own
    if let text = try files.read(own + "commondir".utf8, limit: 1 << 16) {
      common = joined(own, trimmed(text)) + "/".utf8
    }
    guard files.status(own + "HEAD".utf8, followingLinks: false) != nil,
      files.status(common + "objects".utf8).map({ $0.st_mode & S_IFMT == S_IFDIR }) == true
    else {
      if isFile { throw GitProblem("the file `.git` names a folder that is not a repository") }
      return nil
    }
    return (own, common, link.st_uid)
  }

  /// Returns a path of a file of git: absolute, or relative to a folder.
  static func joined(_ folder: [UInt8], _ path: [UInt8]) -> [UInt8] {
    path.first == UInt8(ascii: "/") ? path : folder + path
  }

  /// Returns a line without the line breaks and spaces at its end.
  static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
    Array(bytes.prefix((bytes.lastIndex { !" \t\r\n".utf8.contains($0) } ?? -1) + 1))
  }
}
