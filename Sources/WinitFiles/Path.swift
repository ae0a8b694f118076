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

/// Returns the absolute path of a file, without links; nil if there is no such file.
func resolved(_ path: String) -> String? {
  guard let resolved = realpath(path, nil) else { return nil }
  defer { free(resolved) }
  return String(cString: resolved)
}

/// Returns a path as a word of a shell's command line, for the remedies of errors.
package func shellWord(_ path: String) -> String {
  let path = path.hasPrefix("-") ? "./" + path : path
  let isPlain =
    !path.isEmpty
    && path.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: "._/-+@%,:=".utf8.contains(byte) || byte >= 0x80
      }
    }
  return isPlain ? path : "'" + path.replacing("'", with: #"'\''"#) + "'"
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
