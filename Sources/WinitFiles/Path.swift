// Folders and identity of paths.

import Foundation

/// Returns a path up to and including its last slash, to which the name of another file of the folder can be appended.
/// The result is empty for a path without a slash.
///
/// This works on bytes, because a slash and an accent after it are one `Character`. Foundation's NSString crashes on
/// one-letter paths on Linux, and its URL takes `~` for the home folder.
package func folderPrefix(of path: String) -> String {
  let bytes = path.utf8
  return bytes.lastIndex(of: UInt8(ascii: "/")).map { String(decoding: bytes[...$0], as: UTF8.self) } ?? ""
}

/// Returns true if two paths are the same file, or the same name in the same folder. A link counts both as itself and
/// as the file to which it points.
func isSamePlace(_ a: String, _ b: String) -> Bool {
  func identity(_ path: String, _ look: (String, UnsafeMutablePointer<stat>) -> Int32) -> [UInt64]? {
    var status = stat()
    return look(path, &status) == 0 ? [UInt64(status.st_dev), UInt64(status.st_ino)] : nil
  }
  func folder(_ path: String) -> [UInt64]? {
    let prefix = folderPrefix(of: path)
    return identity(prefix.isEmpty ? "." : prefix, { stat($0, $1) })
  }
  for look in [{ stat($0, $1) }, { lstat($0, $1) }] as [(String, UnsafeMutablePointer<stat>) -> Int32] {
    if let first = identity(a, look), first == identity(b, look) { return true }
  }
  return a.dropFirst(folderPrefix(of: a).count).utf8.elementsEqual(
    b.dropFirst(folderPrefix(of: b).count).utf8)
    && folder(a) != nil && folder(a) == folder(b)
}
