// Output files that appear complete or not at all.

import Foundation

/// A new file, which has no name until it is complete: `commit` makes it durable and gives it its name. A file that is
/// not committed leaves nothing.
package final class OutputFile: ByteSink {
  private let file: Destination
  private let path: String
  /// The size that the file will have; nil if that is not known, and for a file of a folder.
  private let expected: Int?
  private var written = 0
  /// The number of bytes that the disk was told to write.
  private var started = 0

  private enum Destination {
    case place(OutputPlace, TemporaryFile)
    /// A file of a folder that is itself temporary.
    case folder(Int32)

    var descriptor: Int32 {
      switch self {
      case .place(_, let file): file.descriptor
      case .folder(let descriptor): descriptor
      }
    }
  }

  /// Creates the file.
  ///
  /// - Parameters:
  ///   - path, replacing, protected: as for `OutputPlace`.
  ///   - byteCount: the size that the file will have; nil if that is not known. A file that does not fit on the disk is
  ///     refused at once.
  package init(_ path: String, replacing: Bool, protected: String? = nil, byteCount: Int? = nil) throws {
    let place = try OutputPlace(path, replacing: replacing, protected: protected)
    file = .place(place, try TemporaryFile(for: path))
    (self.path, expected) = (path, byteCount)
    guard let byteCount else { return }
    try checkSpace(for: byteCount, file.descriptor, path: path)
    reserveSpace(for: byteCount, file.descriptor)
  }

  /// Creates a file of a new folder, which makes all its files durable when it appears.
  ///
  /// - Parameter byteCount: the size that the file will have; nil if that is not known. Space is reserved for it. What
  ///   does not fit on the disk is refused by the folder, which knows the size of all files.
  package init(_ name: String, in folder: OutputFolder, byteCount: Int? = nil) throws {
    path = folder.path + "/" + name
    let descriptor = open(folder.temporary(name), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError("write", path) }
    (file, expected) = (.folder(descriptor), nil)
    if let byteCount { reserveSpace(for: byteCount, descriptor) }
  }

  deinit { if case .folder(let descriptor) = file { close(descriptor) } }

  package func write(_ bytes: UnsafeRawBufferPointer) throws {
    let count = writeAll(bytes, to: file.descriptor)
    guard count == bytes.count else { throw error(afterWriting: written + count) }
    written += count
    if written - started >= 1 << 24 {
      startFlushing(file.descriptor, from: started, count: written - started)
      started = written
    }
  }

  /// Replaces bytes that were written before, such as the checksum of what followed them.
  package func overwrite(_ bytes: [UInt8], at offset: Int) throws {
    let count = bytes.withUnsafeBytes { writeAll($0, to: file.descriptor, at: offset) }
    guard count == bytes.count else { throw error(afterWriting: written) }
  }

  /// Flushes the file to the disk, and gives it its name.
  package func commit() throws {
    try flushFile()
    if case .place(let place, let file) = file { try place.take(file) }
  }

  /// Flushes two files to the disk and gives them their names, the second one last. If the second one cannot be named,
  /// the first one is removed again. (A file that it replaced is lost.)
  package static func commit(_ first: OutputFile?, then second: OutputFile) throws {
    try second.flushFile()
    try first?.commit()
    do { try second.commit() } catch {
      if let first { unlink(first.path) }
      throw error
    }
  }

  private func flushFile() throws {
    guard flush(file.descriptor) == 0 else { throw error(afterWriting: written) }
  }

  /// The error of the last system call.
  private func error(afterWriting count: Int) -> FileError {
    FileError(writing: path, to: file.descriptor, needed: expected.map { max(0, $0 - count) })
  }
}
