// Small files and pipes, read whole.

import Foundation

/// Returns all bytes of a file or a pipe.
///
/// - Throws: `FileError`, or `FormatError` if there are more than `limit` bytes.
package func readWhole(_ path: String, limit: Int) throws -> [UInt8] {
  guard !path.utf8.contains(0) else { throw FileError("open", path, code: ENOENT) }
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw FileError("open", path) }
  defer { close(descriptor) }
  return try readAll(descriptor, path, limit: limit)
}

/// The name of standard input in messages.
package let standardInputName = "standard input"

/// Returns all bytes of standard input.
///
/// - Throws: `FileError`, also if standard input is a terminal, or `FormatError` if there are more than `limit` bytes.
package func readStandardInput(limit: Int) throws -> [UInt8] {
  guard isatty(STDIN_FILENO) == 0 else {
    throw FileError(
      "read", standardInputName, code: EINVAL, reason: "it is a terminal. Redirect a file or a pipe, or name a file")
  }
  return try readAll(STDIN_FILENO, standardInputName, limit: limit)
}

private func readAll(_ descriptor: Int32, _ path: String, limit: Int) throws -> [UInt8] {
  var bytes: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = read(descriptor, &piece, piece.count)
    if count < 0 {
      if errno == EINTR { continue }
      throw FileError("read", path)
    }
    if count == 0 { return bytes }
    bytes += piece[..<count]
    guard bytes.count <= limit else { throw FormatError(path, .tooLarge(limit: limit)) }
  }
}
