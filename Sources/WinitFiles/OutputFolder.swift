// Output folders that appear complete or not at all.

import Foundation

/// A new folder, filled under a temporary name in the same parent folder. `commit` renames it. A folder that is not
/// committed is removed.
package final class OutputFolder {
  private let path: String
  private let temporary: String
  private var isCommitted = false

  /// Creates the temporary folder.
  ///
  /// - Throws: `FileError` if something other than an empty folder is at the path. A link is not followed.
  package init(_ path: String) throws {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    var status = stat()
    if lstat(path, &status) == 0 {
      guard (status.st_mode & S_IFMT) == S_IFDIR else {
        throw FileError("write", path, code: EEXIST, reason: "it is a file or a link. Name a new folder")
      }
      let entries = try? FileManager.default.contentsOfDirectory(atPath: path)
      guard entries?.isEmpty == true else {
        throw FileError(
          "write into", path, code: ENOTEMPTY,
          reason: "the folder is not empty, and a folder is never replaced. Name a new folder")
      }
    }
    self.path = path
    let folder = folderPrefix(of: path)
    temporary = "\(folder).\(path.dropFirst(folder.count).prefix(60)).\(UUID().uuidString.prefix(8)).tmp"
    guard mkdir(temporary, 0o777) == 0 else { throw FileError("write", path) }
  }

  deinit { if !isCommitted { try? FileManager.default.removeItem(atPath: temporary) } }

  /// Returns the path at which a file of the folder is created.
  package func path(of name: String) -> String { temporary + "/" + name }

  /// Renames the folder and makes the name durable. The files must have been committed.
  package func commit() throws {
    guard rename(temporary, path) == 0 else { throw FileError("write", path) }
    isCommitted = true
    try syncFolder(of: path)
  }
}
