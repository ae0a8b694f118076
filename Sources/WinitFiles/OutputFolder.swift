// A folder that is there whole or not at all.

import Foundation

/// A new folder under a temporary name beside its place. `commit` gives it its name; dropped without one, it is removed.
package final class OutputFolder {
  private let path: String
  private let temporary: String
  private var isCommitted = false

  /// - Throws: `FileError` where something is there already, but for an empty folder. A link is not followed.
  package init(_ path: String) throws {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    var status = stat()
    if lstat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFDIR else { throw FileError("write", path, code: EEXIST) }
      let entries = try? FileManager.default.contentsOfDirectory(atPath: path)
      guard entries?.isEmpty == true else { throw FileError("write into", path, code: ENOTEMPTY) }
    }
    self.path = path
    let folder = folderPrefix(of: path)
    temporary = "\(folder).\(path.dropFirst(folder.count).prefix(60)).\(UUID().uuidString.prefix(8)).tmp"
    guard mkdir(temporary, 0o777) == 0 else { throw FileError("write", path) }
  }

  deinit { if !isCommitted { try? FileManager.default.removeItem(atPath: temporary) } }

  /// Where a file of it is to be made.
  package func path(of name: String) -> String { temporary + "/" + name }

  /// Gives the folder its name, durably; its files are on the disk already.
  package func commit() throws {
    guard rename(temporary, path) == 0 else { throw FileError("write", path) }
    isCommitted = true
    try syncFolder(of: path)
  }
}
