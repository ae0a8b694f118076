// Output files that SQLite writes.

import Foundation

/// A new SQLite file, written in a temporary folder beside its path, because SQLite keeps a journal beside it.
/// `commit` makes the file durable and gives it its name. A file that is not committed is removed.
package final class OutputDatabase {
  /// The path at which the database is written.
  package let temporary: String
  private let place: OutputPlace
  private let folder: LockedFolder

  /// Creates the temporary folder. The parameters are those of `OutputPlace`.
  package init(_ path: String, replacing: Bool, protected: String? = nil) throws {
    place = try OutputPlace(path, replacing: replacing, protected: protected, isDatabase: true)
    folder = try LockedFolder(for: path)
    temporary = folder.path(of: "database")
  }

  /// Flushes the file to the disk, and gives it its name. No connection may be open.
  ///
  /// - Returns: the size of the file in bytes.
  package func commit() throws -> Int {
    let descriptor = open(temporary, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError("write", place.path) }
    defer { close(descriptor) }
    var status = stat()
    guard flush(descriptor) == 0, fstat(descriptor, &status) == 0 else { throw FileError("write", place.path) }
    try place.take(temporary)
    return Int(status.st_size)
  }
}
