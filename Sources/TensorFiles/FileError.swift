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

/// The folder a file is in, as it is written; `.` for a bare name. (`URL(filePath:)` would take `~` for a home.)
package func folderPath(of path: String) -> String {
  let folder = NSString(string: path).deletingLastPathComponent
  return folder.isEmpty ? "." : folder
}
