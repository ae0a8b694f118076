// Output folders that appear complete or not at all.

import Foundation

/// A new folder, filled under a temporary name in the same parent folder. `commit` renames it. A folder that is not
/// committed is removed.
package final class OutputFolder {
  /// The path of the folder, without a slash at the end.
  let path: String
  private let folder: LockedFolder

  /// Creates the temporary folder.
  ///
  /// - Parameters:
  ///   - byteCount: the size of all files; nil if that is not known. Files that do not fit on the disk are refused at
  ///     once.
  ///   - protected: a registry in use. The folder does not take its place, or that of its journal.
  /// - Throws: `FileError` if something other than an empty folder is at the path, or if a folder there cannot be
  ///   replaced. A link is not followed.
  package init(_ path: String, byteCount: Int? = nil, protected: String? = nil) throws {
    var path = path
    while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") { path = String(path.utf8.dropLast()) ?? "" }
    TemporaryName.removeLeftovers(for: path)
    if let protected { try OutputPlace.check(path, protecting: protected) }
    try Self.check(path)
    self.path = path
    folder = try LockedFolder(for: path, isPrivate: false)
    if let byteCount {
      let probe: TemporaryFile
      do { probe = try TemporaryFile(for: folder.path(of: "space")) } catch let error as FileError {
        throw FileError("write", path, code: error.code, reason: error.reason)
      }
      try checkSpace(for: byteCount, probe.descriptor, path: path)
    }
  }

  private static func check(_ path: String) throws {
    let name = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).last
    guard let name, !name.isEmpty, !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) else {
      throw FileError(
        "write", path, code: EBUSY,
        reason:
          "the new folder is renamed into its place, and this folder is in use. Name a new folder, such as \(path == "/" ? "" : path)/NAME/, or a file"
      )
    }
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard (status.st_mode & S_IFMT) == S_IFDIR else {
      throw FileError("write", path, code: EEXIST, reason: "it is a file or a link. Name a new folder")
    }
    let entries = try? FileManager.default.contentsOfDirectory(atPath: path)
    guard entries?.isEmpty == true else {
      throw FileError(
        "write into", path, code: ENOTEMPTY,
        reason: "the folder is not empty, and a folder is never replaced. Name a new folder")
    }
    var parent = stat()
    let prefix = folderPrefix(of: path)
    if stat(prefix.isEmpty ? "." : prefix, &parent) == 0, parent.st_dev != status.st_dev {
      throw FileError(
        "write", path, code: EBUSY,
        reason:
          "the new folder is renamed into its place, and this folder is a mount point. Name a new folder, such as \(path)/NAME/"
      )
    }
  }

  /// Returns the path at which a file of the folder is created.
  func temporary(_ name: String) -> String { folder.path(of: name) }

  /// Renames the folder and makes the name durable. The files must have been committed.
  package func commit() throws {
    do { try folder.flushNames() } catch let error as FileError { throw FileError("write", path, code: error.code) }
    guard folder.rename(to: path) == 0 else { throw FileError("write", path) }
    try syncFolder(of: path)
  }
}
