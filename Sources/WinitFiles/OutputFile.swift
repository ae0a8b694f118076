// Output files that appear complete or not at all.

import Foundation

/// A new file, written under a temporary name in the same folder. `commit` makes the file durable and renames it. A
/// file that is not committed is removed.
package final class OutputFile: ByteSink {
  private let place: OutputPlace
  private var descriptor: Int32
  private var written = 0
  /// The number of bytes that the disk was told to write.
  private var started = 0

  /// Creates the temporary file. The parameters are those of `OutputPlace`.
  package init(_ path: String, replacing: Bool, protected: String? = nil) throws {
    place = try OutputPlace(path, replacing: replacing, protected: protected)
    descriptor = open(place.temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError("write", path) }
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(place.temporary)
  }

  package func write(_ bytes: UnsafeRawBufferPointer) throws {
    try writeAll(bytes, to: descriptor, path: place.path)
    written += bytes.count
    if written - started >= 1 << 24 {
      startFlushing(descriptor, from: started, count: written - started)
      started = written
    }
  }

  /// Replaces bytes that were written before, such as the checksum of what followed them.
  package func overwrite(_ bytes: [UInt8], at offset: Int) throws {
    let count = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
    guard count == bytes.count else { throw FileError("write", place.path) }
  }

  /// Flushes the file to the disk and renames it.
  package func commit() throws {
    guard flush(descriptor) == 0 else { throw FileError("write", place.path) }
    try place.take()
    close(descriptor)
    descriptor = -1
  }

  /// Flushes two files to the disk and renames them, the second one last. If the second one cannot be renamed, the
  /// first one is removed again. (A file that it replaced is lost.)
  package static func commit(_ first: OutputFile?, then second: OutputFile) throws {
    guard flush(second.descriptor) == 0 else { throw FileError("write", second.place.path) }
    try first?.commit()
    do { try second.commit() } catch {
      if let first { unlink(first.place.path) }
      throw error
    }
  }
}
