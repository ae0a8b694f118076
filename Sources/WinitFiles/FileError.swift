// Why a file cannot be read or written.

import Foundation

/// A failed operation on a file: what was tried, where, and the system's reason.
public struct FileError: Error, Sendable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// What was tried, as in "cannot … PATH".
  public let operation: String
  /// The system's error number.
  public let code: Int32

  package init(_ operation: String, _ path: String, code: Int32 = errno) {
    self.path = path
    self.operation = operation
    self.code = code
  }

  /// True where the file, or a folder on the way to it, is not there.
  public var isNotFound: Bool { code == ENOENT || code == ENOTDIR }

  /// What is wrong, for a person.
  public var description: String { "cannot \(operation) \(path): \(String(cString: strerror(code)))" }
}

/// A path up to its last slash, to put the name of a file beside it behind; empty for a bare name. (Foundation's
/// NSString crashes on one-letter paths on Linux, and its URL takes `~` for a home. By bytes, because a slash and an
/// accent after it are one `Character`.)
package func folderPrefix(of path: String) -> String {
  let bytes = path.utf8
  return bytes.lastIndex(of: UInt8(ascii: "/")).map { String(decoding: bytes[...$0], as: UTF8.self) } ?? ""
}
