// Errors of file operations.

import Foundation

/// A failed operation on a file, with the path and the system's reason.
package struct FileError: Error, Sendable, CustomStringConvertible {
  /// The path of the file.
  package let path: String
  /// The operation, as in "cannot OPERATION PATH".
  package let operation: String
  /// The system's error number.
  package let code: Int32
  /// The reason, and what to do, in place of the system's text; nil for the system's text.
  package let reason: String?

  /// Creates an error with the code of the last failed system call, or with the given code.
  package init(_ operation: String, _ path: String, code: Int32 = errno, reason: String? = nil) {
    self.path = path
    self.operation = operation
    self.code = code
    self.reason = reason
  }

  /// True if the file or a folder of its path does not exist.
  package var isNotFound: Bool { code == ENOENT || code == ENOTDIR }

  /// The message for a person.
  package var description: String {
    "cannot \(operation) \(path): \(reason ?? permissionText ?? String(cString: strerror(code)))"
  }

  /// The owner of the file or its folder, and the user who lacks the permission.
  private var permissionText: String? {
    guard MissingPermission.isAboutPermission(code) else { return nil }
    let missing = ["open", "read"].contains(operation) ? MissingPermission.ofReader(path) : .ofCreator(path)
    return missing?.description
  }
}
