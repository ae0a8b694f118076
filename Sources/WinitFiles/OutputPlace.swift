// The place of a file that is to appear whole or not at all.

import Foundation

/// A path that something new is to take, made under a temporary name beside it.
package struct OutputPlace: Sendable {
  package let path: String
  /// Where it is made.
  package let temporary: String
  private let replaces: Bool

  /// - Parameters:
  ///   - replacing: whether a file at the path may be replaced; otherwise one there is an error, now and when it is
  ///     taken. A folder, a device or a pipe is never replaced, and a link is, rather than what it points to.
  ///   - protected: a registry in use, which is not replaced whatever is asked, nor what SQLite keeps beside it.
  ///   - isDatabase: whether it is to be an SQLite file: then none of another's journals may lie beside it, which SQLite
  ///     would take for its own.
  package init(_ path: String, replacing: Bool, protected: String? = nil, isDatabase: Bool = false) throws {
    guard !path.isEmpty, !path.hasSuffix("/") else { throw FileError("write", "`\(path)`", code: EISDIR) }
    let folder = folderPrefix(of: path)
    guard access(folder.isEmpty ? "." : folder, F_OK) == 0 else { throw FileError("write", path) }
    if isDatabase {
      for ending in OutputPlace.companions {
        var status = stat()
        if lstat(path + ending, &status) == 0, status.st_size > 0 || status.st_mode & S_IFMT != S_IFREG {
          throw FormatError(
            path + ending,
            "lies where the new file's own journal would, and may be what brings a crashed registry back; open that registry once, or move the journal away"
          )
        }
      }
    }
    for file in protected.map({ registry in ([""] + OutputPlace.companions).map { registry + $0 } }) ?? [] {
      guard !OutputPlace.isSame(path, file) else {
        throw FileError("replace the registry itself,", path, code: EPERM)
      }
    }
    var status = stat()
    if lstat(path, &status) == 0 {
      let kind = status.st_mode & S_IFMT
      if kind == S_IFDIR { throw FileError("write", path, code: EISDIR) }
      if !replacing { throw FileError("write", path, code: EEXIST) }
      guard kind == S_IFREG || kind == S_IFLNK else { throw FileError("replace", path, code: EINVAL) }
    }
    self.path = path
    replaces = replacing
    let name = path.dropFirst(folder.count).prefix(60)
    temporary = "\(folder).\(name).\(UUID().uuidString.prefix(8)).tmp"
  }

  /// What SQLite keeps beside a file.
  private static let companions = ["-journal", "-wal", "-shm"]

  /// Whether two paths are one file, or one name in one folder; a link is a name, and what it points to.
  private static func isSame(_ a: String, _ b: String) -> Bool {
    func identity(_ path: String, _ look: (String, UnsafeMutablePointer<stat>) -> Int32) -> [UInt64]? {
      var status = stat()
      return look(path, &status) == 0 ? [UInt64(status.st_dev), UInt64(status.st_ino)] : nil
    }
    func folder(_ path: String) -> [UInt64]? {
      let prefix = folderPrefix(of: path)
      return identity(prefix.isEmpty ? "." : prefix, { stat($0, $1) })
    }
    for look in [{ stat($0, $1) }, { lstat($0, $1) }] as [(String, UnsafeMutablePointer<stat>) -> Int32] {
      if let facts = identity(a, look), facts == identity(b, look) { return true }
    }
    return a.dropFirst(folderPrefix(of: a).count).utf8.elementsEqual(
      b.dropFirst(folderPrefix(of: b).count).utf8)
      && folder(a) != nil && folder(a) == folder(b)
  }

  /// Gives what was made, and is on the disk, its name, durably.
  package func take() throws {
    // Without permission to replace, a link fails where a file has appeared meanwhile; a rename would not.
    if replaces {
      guard rename(temporary, path) == 0 else { throw FileError("write", path) }
    } else if link(temporary, path) == 0 {
      unlink(temporary)
    } else {
      // Some file systems have no links, and folders have none.
      guard [EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS, EMLINK].contains(errno) else {
        throw FileError("write", path)
      }
      guard access(path, F_OK) != 0 else { throw FileError("write", path, code: EEXIST) }
      guard rename(temporary, path) == 0 else { throw FileError("write", path) }
    }
    do { try syncFolder(of: path) } catch {
      // It failed, so it is not there; what it replaced is gone, though.
      if !replaces { unlink(path) }
      throw error
    }
  }

  /// Flushes a file made by others, as SQLite does its own, to the disk.
  package func flushFile() throws {
    let descriptor = open(temporary, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError("write", path) }
    defer { close(descriptor) }
    guard flush(descriptor) == 0 else { throw FileError("write", path) }
  }
}

/// Onto the disk itself: macOS's fsync alone leaves bytes in the drive's cache.
func flush(_ descriptor: Int32) -> Int32 {
  #if canImport(Darwin)
    if fcntl(descriptor, F_FULLFSYNC) == 0 { return 0 }
  #endif
  return fsync(descriptor)
}

/// Makes a new name in a folder durable. Some file systems cannot sync a folder; then there is nothing to do.
func syncFolder(of path: String) throws {
  let folder = folderPrefix(of: path)
  let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return }
  defer { close(descriptor) }
  guard fsync(descriptor) != 0, ![EINVAL, ENOTSUP, EOPNOTSUPP, EBADF, EROFS].contains(errno) else { return }
  throw FileError("make durable", path)
}
